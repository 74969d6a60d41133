"""What the application may sign in with, as the sign-in server receives it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconcile.config.settings import Tenant
from reconcile.problem import Problem
from reconcile.providers.microsoft import Certificate, Credential, Tokens

AUTHORITY = "https://login.example/6f2d1c3a-0000-4000-8000-000000000055"
TENANT = Tenant(
    id="6f2d1c3a-0000-4000-8000-000000000055",
    initial_domain="entraide.onmicrosoft.com",
    client_id="c0ffee00-0000-4000-8000-000000000001",
    authority="https://login.example",
    copier_principal="c0ffee00-0000-4000-8000-000000000002",
)


@pytest.fixture(autouse=True)
def sign_in_server() -> Iterator[None]:
    with responses.mock:
        responses.get(
            f"{AUTHORITY}/v2.0/.well-known/openid-configuration",
            json={
                "issuer": f"{AUTHORITY}/v2.0",
                "token_endpoint": f"{AUTHORITY}/oauth2/v2.0/token",
                "authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/authorize",
            },
        )
        yield


def sent(credential: Credential) -> dict[str, str]:
    """What the sign-in server is sent for that credential."""
    responses.post(
        f"{AUTHORITY}/oauth2/v2.0/token", json={"token_type": "Bearer", "expires_in": 3600, "access_token": "granted"}
    )
    assert Tokens(TENANT, credential).graph() == "granted"
    form = parse_qs(str(responses.calls[-1].request.body))
    return {name: value for name, (value,) in form.items()}


def certificate() -> Certificate:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reconcile")])
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + dt.timedelta(days=365))
    signed = made.sign(key, hashes.SHA256())
    pem, pkcs8, plain = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Certificate(key.private_bytes(pem, pkcs8, plain).decode(), signed.public_bytes(pem).decode())


def test_a_secret_is_sent_as_it_is() -> None:
    assert sent("s3cret")["client_secret"] == "s3cret"


def test_a_certificate_signs_and_its_key_stays_here() -> None:
    held = certificate()
    form = sent(held)
    assert form["client_assertion"].count(".") == 2
    assert "client_secret" not in form
    assert held.private_key not in repr(held)


def test_a_pipelines_identity_is_asked_for_when_it_is_needed() -> None:
    asked: list[str] = []

    def assertion() -> str:
        asked.append("once")
        return "a.pipeline.token"

    assert sent(assertion)["client_assertion"] == "a.pipeline.token"
    assert asked


def test_a_refused_credential_is_told_without_showing_it() -> None:
    responses.post(
        f"{AUTHORITY}/oauth2/v2.0/token",
        status=401,
        json={"error": "invalid_client", "error_codes": [700027], "error_description": "AADSTS700027: s3cret"},
    )
    with pytest.raises(Problem) as told:
        Tokens(TENANT, "s3cret").graph()
    assert told.value.code == "AUTH02"
    assert "s3cret" not in f"{told.value} {told.value.hint}"
