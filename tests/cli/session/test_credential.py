"""What the tenant's application signs in with, as the settings and the pipeline give it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import responses
from responses.matchers import header_matcher, query_param_matcher

from reconcile.cli.session.credential import AUDIENCE, credential
from reconcile.cli.session.session import Session
from reconcile.problem import Problem
from reconcile.providers.microsoft.wire.auth import Certificate

PEM = """\
-----BEGIN PRIVATE KEY-----
a2V5
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
Y2VydA==
-----END CERTIFICATE-----
"""
SETTINGS = """
[tenant]
id = "6f2d1c3a-0000-4000-8000-000000000055"
initial_domain = "entraide.onmicrosoft.com"
client_id = "c0ffee00-0000-4000-8000-000000000001"
copier_principal = "c0ffee00-0000-4000-8000-000000000002"
sign_in = "{sign_in}"
{more}

[dns]
host = "ns.example"
key_name = "reconcile"

[legacy]
"""


def chosen(folder: Path, sign_in: str, more: str = "", **environment: str) -> Any:
    (folder / "reconcile.toml").write_text(SETTINGS.format(sign_in=sign_in, more=more), encoding="utf-8")
    return credential(Session(environment=environment, sandbox=False, color="never"))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_secret_comes_from_the_environment(project: Path) -> None:
    assert chosen(project, "secret", RECONCILE_CLIENT_SECRET="s3cret") == "s3cret"


def test_a_certificate_and_its_key_share_one_file(project: Path) -> None:
    (project / "app.pem").write_text(PEM, encoding="ascii")
    held = chosen(project, "certificate", 'certificate_file = "app.pem"')
    assert isinstance(held, Certificate)
    assert "a2V5" in held.private_key
    assert "Y2VydA==" in held.public_certificate
    assert "a2V5" not in held.public_certificate


@pytest.mark.parametrize("content", ["", PEM.partition("-----BEGIN CERTIFICATE")[0], "é"])
def test_a_file_without_both_is_refused(project: Path, content: str) -> None:
    (project / "app.pem").write_text(content, encoding="utf-8")
    with pytest.raises(Problem, match=r"app\.pem") as told:
        chosen(project, "certificate", 'certificate_file = "app.pem"')
    assert told.value.code == "AUTH01"


@responses.activate
def test_a_github_job_asks_for_its_identity_each_time(project: Path) -> None:
    responses.get(
        "https://github.example/token",
        json={"value": "a.job.token"},
        match=[query_param_matcher({"audience": AUDIENCE}), header_matcher({"Authorization": "Bearer job"})],
    )
    lent = chosen(
        project,
        "github",
        ACTIONS_ID_TOKEN_REQUEST_URL="https://github.example/token",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN="job",
    )
    assert (lent(), lent()) == ("a.job.token", "a.job.token")
    assert len(responses.calls) == 2


def test_a_gitlab_job_has_its_identity_from_the_start(project: Path) -> None:
    assert chosen(project, "gitlab", RECONCILE_ID_TOKEN="a.job.token")() == "a.job.token"


@pytest.mark.parametrize(("pipeline", "hint"), [("github", "id-token: write"), ("gitlab", "id_tokens")])
def test_a_job_without_identity_is_told_how_to_get_one(project: Path, pipeline: str, hint: str) -> None:
    with pytest.raises(Problem, match="no identity") as told:
        chosen(project, pipeline)()
    assert told.value.code == "AUTH01"
    assert hint in told.value.hint
