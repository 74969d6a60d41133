"""What goes wrong on a Sunday at six: a clear sentence, the right exit code, and a next run that completes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.scenarios.stage import Stage


def test_a_wrong_client_secret_blocks_and_says_so(stage: Stage) -> None:
    stage.with_secret("client-secret", "wrong-secret-of-the-test")
    ended = stage.run("plan", expect=1)
    assert "AUTH" in ended.said
    assert "to create" not in ended.out.splitlines()[-1]
    assert "wrong-secret-of-the-test" not in ended.said


def test_an_unreachable_tenant_is_unknown_never_a_creation_or_a_deletion(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    settings = stage.folder / ".sandbox" / "settings.toml"
    text = settings.read_text(encoding="utf-8")
    lines = [
        line
        if not line.startswith(("authority", "graph", "exchange"))
        else f'{line.split(" ")[0]} = "https://127.0.0.1:1"'
        for line in text.splitlines()
    ]
    settings.write_text("\n".join(lines), encoding="utf-8")
    ended = stage.run("plan", "--json", expect=1)
    summary = json.loads(ended.out)["summary"]
    assert summary["create"] == summary["delete"] == 0
    assert summary["blocked"] > 0
    settings.write_text(text, encoding="utf-8")
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_refused_dns_key_fails_its_records_and_what_hangs_on_them(stage: Stage) -> None:
    right, key = stage.secret("dns-key"), "d3Jvbmcga2V5IG9mIHRoZSB0ZXN0ISE="
    stage.with_secret("dns-key", key)
    ended = stage.run("apply", "--yes")
    assert ended.code in (1, 6)
    assert "DNS" in ended.said
    assert key not in ended.said
    stage.with_secret("dns-key", right)
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_wrong_master_password_leaves_the_copies_to_do(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.with_secret("master-password", "not-the-password")
    ended = stage.run("copy", "work")
    assert ended.code != 0
    assert "not-the-password" not in ended.said


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("malformed YAML", "mailboxes: [unclosed", "SPF101"),
        ("an unknown key", None, "SPF103"),
        ("an alias in another domain", None, "SPF303"),
        ("a shared box without delegate", None, "SPF201"),
    ],
)
def test_bad_yaml_is_refused_with_its_place(refusing_stage: Stage, name: str, text: str | None, code: str) -> None:
    stage = refusing_stage
    if name == "an unknown key":
        stage.edit("spf55", "    legacy_login:", "    legacy_logn:")
    elif name == "an alias in another domain":
        stage.edit("spf55", "[lp@spf55.org]", "[lp@gmail.com]")
    elif name == "a shared box without delegate":
        stage.edit("spf55", "    delegates:\n      - camille.dupont@spf55.org\n      - lou.petit@spf55.org\n", "")
    else:
        stage.write("spf55", text or "")
    ended = stage.run("validate", expect=3)
    assert code in ended.said
    assert "federations/spf55.yaml:" in ended.said
    stage.run("plan", expect=3)
    stage.run("apply", "--yes", expect=3)


def test_kill_9_in_the_middle_of_an_apply_and_the_next_one_completes(three_federations: Stage) -> None:
    stage = three_federations
    for outcomes in (5, 40):
        run = stage.start("apply", "--yes")
        wait_until(lambda enough=outcomes: journalled(stage, '"event":"outcome"') >= enough, run)
        run.kill()
        run.wait()
    # The directory may not show yet what Exchange made when the run died.
    wait_for(lambda: stage.run("apply", "--yes").code == 0)
    stage.run("plan", "--detailed-exitcode", expect=0)
    assert tenant_users(stage) == 45


def test_an_apply_stopped_once_finishes_what_it_began_and_says_what_is_left(three_federations: Stage) -> None:
    stage = three_federations
    run = stage.start("apply", "--yes")
    wait_until(lambda: journalled(stage, '"event":"outcome"') >= 10, run)
    run.send_signal(signal.SIGTERM)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 130, said
    assert "not started" in said
    last = json.loads(stage.journals()[-1].read_text(encoding="utf-8").splitlines()[-1])
    assert last["event"] == "end"
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_an_apply_goes_on_to_its_end_when_whoever_watched_it_has_left(stage: Stage) -> None:
    run = stage.start("apply", "--yes")
    assert run.stdout is not None
    while not run.stdout.readline().startswith("["):
        assert run.poll() is None
    run.stdout.close()
    run.wait(timeout=120)
    assert "killed" not in stage.run("log").out
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_second_apply_meets_the_first_and_leaves(three_federations: Stage) -> None:
    stage = three_federations
    first = stage.start("apply", "--yes")
    wait_until(lambda: journalled(stage, '"event":"intent"') >= 1, first)
    second = stage.run("apply", "--yes", expect=4)
    assert "locked" in second.err
    first.communicate(timeout=120)
    assert first.returncode == 0


def test_a_full_disk_keeps_the_old_state_and_stops_the_run(stage: Stage, small_disk: Callable[[Path], None]) -> None:
    state = stage.folder / "spfstate"
    state.mkdir()
    small_disk(state)
    filler = state / "filler"
    stage.run("apply", "--yes", "--target", "spf55/domain/*", expect=0)
    before = (state / "federations" / "spf55.json").read_bytes()
    fill(filler)
    ended = stage.run("apply", "--yes")
    assert ended.code in (1, 6, 130)
    assert "STA01" in ended.said
    assert (state / "federations" / "spf55.json").read_bytes() == before
    filler.unlink()
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_no_secret_is_left_anywhere(stage: Stage) -> None:
    said = stage.run("plan", "--out", "plans/p.json", expect=0).said
    said += stage.run("apply", "plans/p.json", expect=0).said
    said += stage.run("copy", "work", expect=0).said
    secrets = [path.read_text(encoding="utf-8").strip() for path in (stage.folder / ".sandbox/secrets").iterdir()]
    assert len(secrets) >= 3
    kept = [path for path in stage.folder.rglob("*") if path.is_file() and "secrets" not in path.parts]
    for path in kept:
        data = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in data, path
        assert b"eyJ0eXAi" not in data, f"a token in {path}"
        assert b"eyJhbGci" not in data, f"a token in {path}"
    assert not any(secret in said for secret in secrets)


@pytest.fixture
def small_disk() -> object:
    """Mounts a file system of a few hundred kilobytes; only root can."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted: list[Path] = []

    def mount(folder: Path) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=True)
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2


def journalled(stage: Stage, mark: str) -> int:
    """How often the journals of every run so far say this."""
    return sum(path.read_text(encoding="utf-8").count(mark) for path in stage.journals())


def wait_until(happened: Callable[[], bool], run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert run.poll() is None, run.stdout.read() if run.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.002)


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline


def tenant_users(stage: Stage) -> int:
    """How many accounts the tenant has in the federations' domains, by what the journals recorded of them."""
    identities = set()
    for path in (stage.folder / "spfstate" / "federations").glob("*.json"):
        for address, record in json.loads(path.read_text(encoding="utf-8"))["records"].items():
            if address.split("/")[1] == "mailbox":
                identities.add(record["identity"])
    unmanaged = json.loads(stage.run("plan", "--json").out)["summary"]["unmanaged"]
    return len(identities) + int(unmanaged)


def test_a_live_secret_in_the_environment_never_reaches_the_sandbox(stage: Stage) -> None:
    live = {"RECONCILE_CLIENT_SECRET": "live", "RECONCILE_DNS_KEY": "live", "RECONCILE_LEGACY_PASSWORD": "live"}
    stage.run("apply", "--yes", environment=live, expect=0)


def test_after_its_deadline_an_apply_starts_nothing_more_and_says_what_is_left(three_federations: Stage) -> None:
    stage = three_federations
    ended = stage.run("apply", "--yes", "--deadline", "0.5s", expect=6)
    assert "not started" in ended.out
    stage.run("apply", "--yes", expect=0)
    stage.run("plan", "--detailed-exitcode", expect=0)
    assert stage.run("apply", "--deadline", "soon").code == 64


def test_the_log_names_who_applied_what_and_the_services_own_request_ids(stage: Stage) -> None:
    stage.run("apply", "--yes", environment={"RECONCILE_WHO": "Camille"}, expect=0)
    listed = stage.run("log", expect=0).out
    assert "Camille" in listed
    run = listed.split()[0]
    told = [json.loads(line) for line in stage.run("log", run, "--json", expect=0).out.splitlines()]
    box = next(one for one in told[0]["operations"] if one["address"] == "spf55/mailbox/lou.petit@spf55.org")
    assert box["result"] == "done"
    assert len(box["request_id"].split()) >= 2  # the account, then its licence


def test_a_mailbox_that_never_comes_is_diagnosed_and_completed_once_it_may(stage: Stage) -> None:
    shown = stage.run("sandbox", "tenant", "--lag", "mailbox=never", "--switch", "quotas=on", expect=0).out
    assert re.search(r"lag +mailbox +never", shown)
    assert re.search(r"switch +quotas +True", shown)
    ended = stage.run("apply", "--yes", expect=6)
    assert "M365-14 lou.petit@spf55.org: licensed and still without a mailbox" in ended.said
    stage.run("sandbox", "tenant", "--lag", "mailbox=soon", expect=64)
    assert "SBX22" in stage.run("sandbox", "tenant", "--switch", "mood=bad", expect=1).said
