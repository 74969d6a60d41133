"""Both mail hosts, started once; a token issuer of the tests' own."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconcile.sandbox.imap.new import AUDIENCE, NewHost, TokenIssuer
from reconcile.sandbox.imap.old import OldHost

ISSUER = "https://127.0.0.1:8443/a-tenant/v2.0"
APPLICATION = "00000000-0000-4000-8000-00000000a001"
PRINCIPAL = "00000000-0000-4000-8000-00000000b002"

Token = Callable[..., str]


@pytest.fixture(scope="session")
def runtime() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def token(signing_key: rsa.RSAPrivateKey) -> Token:
    def issue(key: rsa.RSAPrivateKey = signing_key, **claims: object) -> str:
        now = int(time.time())
        usual = {
            "aud": AUDIENCE,
            "iss": ISSUER,
            "iat": now - 300,
            "nbf": now - 300,
            "exp": now + 3600,
            "appid": APPLICATION,
            "azp": APPLICATION,
            "idtyp": "app",
            "oid": PRINCIPAL,
            "sub": PRINCIPAL,
            "roles": ["Exchange.ManageAsApp", "IMAP.AccessAsApp"],
            "sandbox_imap": PRINCIPAL,
        }
        return jwt.encode(usual | claims, key, "RS256", headers={"kid": "signing-1"})

    return issue


@pytest.fixture(scope="session")
def old(runtime: Path, old_dovecot: Path | None) -> Iterator[OldHost]:
    host = OldHost(runtime / "old", ["k0412", "contact@spf55.example", "o'neill@spf88.example"], old_dovecot)
    host.start()
    yield host
    host.stop()


@pytest.fixture(scope="session")
def new(runtime: Path, signing_key: rsa.RSAPrivateKey, new_dovecot: Path | None) -> Iterator[NewHost]:
    public = signing_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    host = NewHost(runtime / "new", new_dovecot)
    host.start(TokenIssuer(ISSUER, "signing-1", public, APPLICATION, PRINCIPAL))
    yield host
    host.stop()
