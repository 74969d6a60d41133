"""Every way to sign in, by real msal, on a tenant that checks what it is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.providers.microsoft.identities import Forge, certificate
from tests.providers.microsoft.world import Build, World

from reconcile.problem import Problem
from reconcile.providers.base import Absent, Unknown
from reconcile.providers.microsoft.wire.auth import Credential, Device
from reconcile.resources.resource import Live

GITHUB = Forge("https://token.actions.githubusercontent.com")
GITLAB = Forge("https://gitlab.example")
#: A JWT, or one of the sandbox's refresh tokens.
TOKEN = re.compile(r"eyJ[\w-]+\.eyJ|[0-9a-f]{100}")
JOBS = {
    "github": (GITHUB, "repo:spf/mailboxes:environment:production"),
    "gitlab": (GITLAB, "project_path:spf/mailboxes:ref_type:branch:ref:main"),
}


def works(world: World, credential: Credential) -> None:
    """Graph and Exchange both answer, and take a write."""
    world.provider = world.connect(credential)
    world.add_domain()
    assert isinstance(world.live("domain_verification", "spf55.org"), Live)


def refused(world: World, credential: Credential) -> str:
    """What keeps the domain unknown."""
    world.provider = world.connect(credential)
    shown = world.see("domain", "spf55.org")
    assert isinstance(shown, Unknown), shown
    return shown.reason


def test_a_registered_certificate_signs_in(tenant: World) -> None:
    held = certificate()
    tenant.control("credential", {"certificate": held.public_certificate})
    works(tenant, held)
    assert held.private_key not in repr(held)


def test_a_certificate_nobody_registered_is_refused(tenant: World) -> None:
    assert refused(tenant, certificate()).startswith("AUTH02 The tenant refused the credential")


def test_a_wrong_secret_is_refused_without_being_shown(tenant: World) -> None:
    told = refused(tenant, "s3cret-of-another-app")
    assert told.startswith("AUTH02")
    assert "s3cret" not in told


@pytest.mark.parametrize("pipeline", JOBS)
def test_a_pipelines_identity_signs_in(tenant: World, pipeline: str) -> None:
    forge, subject = JOBS[pipeline]
    tenant.control("credential", {"issuer": forge.issuer, "subject": subject, "keys": forge.keys()})
    works(tenant, lambda: forge.token(subject))


@pytest.mark.parametrize(
    ("subject", "audience", "life"),
    [
        ("repo:spf/mailboxes:ref:refs/heads/somebodys-branch", "api://AzureADTokenExchange", 300),
        (JOBS["github"][1], "https://github.com/spf", 300),
        (JOBS["github"][1], "api://AzureADTokenExchange", -10),
    ],
    ids=["another branch", "another audience", "too old"],
)
def test_an_identity_of_another_job_is_refused(tenant: World, subject: str, audience: str, life: float) -> None:
    trusted = {"issuer": GITHUB.issuer, "subject": JOBS["github"][1], "keys": GITHUB.keys()}
    tenant.control("credential", trusted)
    assert refused(tenant, lambda: GITHUB.token(subject, audience, life)).startswith("AUTH02")


def test_a_token_of_an_impostor_is_refused(tenant: World) -> None:
    subject = JOBS["github"][1]
    tenant.control("credential", {"issuer": GITHUB.issuer, "subject": subject, "keys": GITHUB.keys()})
    assert refused(tenant, lambda: Forge(GITHUB.issuer).token(subject)).startswith("AUTH02")


def enters(world: World, person: str) -> Device:
    """Somebody reads the code and enters it on the page."""
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        assert len(told) == 1, "one sign-in serves Graph and Exchange"
        code = sentence.partition("enter the code ")[2].split()[0]
        world.control("device", {"user_code": code, "as": person})

    return Device(tell)


def test_a_person_signs_in_once_with_a_code_for_graph_and_exchange(tenant: World) -> None:
    works(tenant, enters(tenant, tenant.administrator))


def test_a_person_is_not_asked_again_when_a_token_has_expired(tenant: World) -> None:
    works(tenant, enters(tenant, tenant.administrator))
    tenant.clock.sleep(4000)
    assert isinstance(tenant.live("mail_flow", "spf55.org"), Live)
    assert isinstance(tenant.live("domain", "spf55.org"), Live)


def test_a_person_who_declines_is_informed(tenant: World) -> None:
    assert refused(tenant, enters(tenant, "")).startswith("AUTH06 Nobody signed in")


def test_a_person_without_the_role_may_look_and_not_touch(tenant: World) -> None:
    tenant.provider = tenant.connect(enters(tenant, "theo.ricard@national.example"))
    assert isinstance(tenant.see("mailbox", "nobody@spf55.org"), Unknown | Absent)
    with pytest.raises(Problem) as told:
        tenant.provider.writer.create(tenant.order("domain", "spf55.org", {"root": "spf55.org"}))
    assert told.value.code == "M365-03"


@pytest.mark.parametrize("who", ["certificate", "person", "pipeline"])
def test_no_token_reaches_a_log_or_a_disk(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world = build()
    held = certificate()
    forge, subject = JOBS["github"]
    world.control("credential", {"certificate": held.public_certificate})
    world.control("credential", {"issuer": forge.issuer, "subject": subject, "keys": forge.keys()})
    credential: Credential = {
        "certificate": held,
        "person": enters(world, world.administrator),
        "pipeline": lambda: forge.token(subject),
    }[who]
    with caplog.at_level("DEBUG"):
        works(world, credential)
    assert caplog.text
    assert held.private_key not in caplog.text
    assert not TOKEN.search(caplog.text)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if TOKEN.search(path.read_text(encoding="latin-1"))]
