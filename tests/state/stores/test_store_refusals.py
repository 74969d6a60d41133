"""What a store that is missing, silent or closed to us says: never "there is no state", and never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.state.records import a_record
from tests.state.store_places import s3_bucket

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.state.snapshot.snapshot import encode
from reconcile.state.stores.cloud import CloudBucket
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.http import HttpStore, Login
from reconcile.state.stores.locations import open_store
from reconcile.state.stores.objects import ObjectStore
from reconcile.state.stores.postgres import PostgresStore
from reconcile.state.stores.store import Store

SILENT = "127.0.0.1:9"  # the discard port: nobody listens


def opened(location: str) -> Store:
    return open_store(location, SystemClock(), ["spf55"], None, lambda: None)


def refusal_of_reading(store: Store) -> Problem:
    with pytest.raises(Problem) as refusal:
        store.read("spf55")
    return refusal.value


def test_a_bucket_that_does_not_exist_is_not_an_empty_one(s3_address: str) -> None:
    store = ObjectStore(s3_bucket(s3_address, "s3://mistyped/state"), SystemClock(), lambda: None)
    problem = refusal_of_reading(store)
    assert problem.code == "STA08"
    assert "s3://mistyped/state does not exist" in problem.message


def test_a_silent_cloud_is_named() -> None:
    bucket = s3_bucket(f"http://{SILENT}", "s3://spf/state", timeout="1s", retries=0)
    problem = refusal_of_reading(ObjectStore(bucket, SystemClock(), lambda: None))
    assert problem.code == "STA08"
    assert "s3://spf/state does not answer" in problem.message
    assert "s3cr3t" not in str(problem)


def test_a_silent_database_is_named_without_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cr3t")
    problem = refusal_of_reading(PostgresStore(f"postgresql://postmaster@{SILENT}/spf"))
    assert problem.code == "STA08"
    assert "postgresql://127.0.0.1/spf" in problem.message
    assert "s3cr3t" not in str(problem)


def test_a_silent_gitlab_is_named() -> None:
    problem = refusal_of_reading(HttpStore(f"http://{SILENT}/state", Login("gitlab-ci-token", "s3cr3t"), ["spf55"]))
    assert problem.code == "STA08"
    assert "s3cr3t" not in str(problem)
    assert "s3cr3t" not in repr(Login("gitlab-ci-token", "s3cr3t"))


def test_a_gitlab_that_refuses_us_is_not_an_empty_one(gitlab_address: str) -> None:
    problem = refusal_of_reading(HttpStore(gitlab_address, Login("gitlab-ci-token", "wrong"), ["spf55"]))
    assert problem.code == "STA08"
    assert "RECONCILE_STATE_PASSWORD" in problem.hint


def test_a_mistyped_project_is_not_an_empty_state(gitlab_address: str) -> None:
    store = HttpStore(gitlab_address.replace("/42/", "/43/"), Login("gitlab-ci-token", "job"), ["spf55"])
    assert refusal_of_reading(store).code == "STA08"


def test_gitlab_lists_no_locks_and_says_where_to_look(gitlab_address: str) -> None:
    with pytest.raises(Problem) as refusal:
        HttpStore(gitlab_address, Login("gitlab-ci-token", "job"), []).locks()
    assert refusal.value.code == "STA09"


def test_a_lock_left_on_gitlab_can_be_broken_by_naming_its_run(gitlab_address: str) -> None:
    from .test_stores import MARIE, PAUL

    def store() -> HttpStore:
        return HttpStore(gitlab_address, Login("gitlab-ci-token", "job"), ["spf55"])

    dead = store().lock("spf55", PAUL)
    dead.__enter__()  # and is never heard of again
    with pytest.raises(Problem):
        store().break_lock("spf55", "run-7")
    store().break_lock("spf55", "run-1")
    with store().lock("spf55", MARIE):
        pass


def test_a_truncated_state_in_a_bucket_is_refused() -> None:
    from obstore.store import MemoryStore

    from reconcile.state.snapshot.snapshot import Snapshot

    bucket = CloudBucket(MemoryStore(), "memory")
    bucket.put("federations/spf55.json", encode(Snapshot("spf55", "lineage").put(a_record()))[:-40], None)
    assert refusal_of_reading(ObjectStore(bucket, SystemClock(), lambda: None)).code == "STA02"


@pytest.mark.parametrize(
    "location",
    ["postgresql://postmaster:s3cr3t@localhost/spf", "https://user:s3cr3t@gitlab.example.org/state"],
)
def test_a_password_in_the_configuration_is_refused_and_not_repeated(location: str) -> None:
    with pytest.raises(Problem) as refusal:
        opened(location)
    assert refusal.value.code == "STA11"
    assert "s3cr3t" not in f"{refusal.value} {refusal.value.hint}"


@pytest.mark.parametrize("location", ["ftp://example.org/state", "redis://localhost"])
def test_a_place_nobody_keeps_state_in_is_refused(location: str) -> None:
    with pytest.raises(Problem) as refusal:
        opened(location)
    assert refusal.value.code == "STA11"


def test_a_location_chooses_its_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "spf")
    assert isinstance(opened(str(tmp_path)), FolderStore)
    assert isinstance(opened("s3://spf/state"), ObjectStore)
    assert isinstance(opened("az://container/state"), ObjectStore)
    assert isinstance(opened("postgresql://localhost/spf"), PostgresStore)
    assert isinstance(opened("https://gitlab.example.org/api/v4/projects/42/terraform/state"), HttpStore)
