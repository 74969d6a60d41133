"""What the tenant's application signs in with: a secret, a certificate, the identity a pipeline lends its job, or the
person at the keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from reconcile.providers.microsoft.wire.auth import Certificate, Credential, Registration

#: What Entra expects as the audience of an assertion (Microsoft, "Workload identity federation").
AUDIENCE = "api://AzureADTokenExchange"


def credential(session: Session) -> Credential:
    """The application's credential, as ``tenant.sign_in`` chooses. Raises AUTH01 when what it needs is missing.

    The sandbox's application has a secret of its own.
    """
    tenant = session.outside.tenant
    chosen = "secret" if session.sandbox else tenant.sign_in
    if chosen == "certificate":
        return _certificate(tenant.certificate_file)
    if chosen == "device":
        from reconcile.providers.microsoft.wire.auth import Device

        return Device(session.warn)
    if chosen == "github":
        return lambda: _github(session)
    if chosen == "gitlab":
        return lambda: _gitlab(session)
    return session.secret(
        "RECONCILE_CLIENT_SECRET", tenant.client_secret_file, Phrase("client secret of the tenant's app")
    )


def registration(session: Session) -> Registration:
    """The app registration this call signs in as. Raises AUTH01 as ``credential`` does.

    In a job that only plans it is the reader's (RECONCILE_CLIENT_ID), else that of reconcile.toml; the sandbox has one.
    """
    from reconcile.providers.microsoft.wire.auth import Registration

    client_id = "" if session.sandbox else session.environment.get("RECONCILE_CLIENT_ID", "").strip()
    return Registration(credential(session), client_id)


def _certificate(file: Path | None) -> Certificate:
    from reconcile.providers.microsoft.wire.auth import Certificate

    if file is None:
        raise Problem("AUTH01", "No certificate of the tenant's app.", "name its file: certificate_file in [tenant]")
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise Problem(
            "AUTH01", Phrase("Cannot read the certificate in {file}.", file=file), "it must be a readable PEM file"
        ) from None
    key, certificate = _block(text, "PRIVATE KEY"), _block(text, "CERTIFICATE")
    if not (key and certificate):
        raise Problem(
            "AUTH01",
            Phrase("{file} does not hold both a private key and a certificate.", file=file),
            "put both into it, in PEM",
        )
    return Certificate(key, certificate)


def _block(text: str, kind: str) -> str:
    """The first PEM block whose label ends so; "" when there is none."""
    found = re.search(rf"-----BEGIN ([A-Z ]*{kind})-----.*?-----END \1-----", text, re.DOTALL)
    return f"{found[0]}\n" if found else ""


def _github(session: Session) -> str:
    """A fresh token of the job (GitHub, "About security hardening with OpenID Connect")."""
    import requests

    from reconcile.bounded_http import BoundedSession

    url = session.environment.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    bearer = session.environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    if not (url and bearer):
        raise Problem("AUTH01", "GitHub lends this job no identity.", "give the job the permission: id-token: write")
    try:
        answer = BoundedSession().get(
            url, params={"audience": AUDIENCE}, headers={"Authorization": f"Bearer {bearer}"}, timeout=30
        )
        return str(answer.json()["value"])
    except (requests.RequestException, ValueError, KeyError):
        raise Problem("AUTH01", "GitHub did not give this job its identity.", "run the job again") from None


def _gitlab(session: Session) -> str:
    """The job's token (GitLab, "ID tokens"): made when the job starts, so that a job may not outlive it by long."""
    token = session.environment.get("RECONCILE_ID_TOKEN", "")
    if not token:
        raise Problem(
            "AUTH01",
            "GitLab lends this job no identity.",
            Phrase("declare it in the job: id_tokens: RECONCILE_ID_TOKEN: aud: {audience}", audience=AUDIENCE),
        )
    return token
