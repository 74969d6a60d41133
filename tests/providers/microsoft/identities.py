"""Identities the tests invent: a certificate with its key, and an issuer of pipeline tokens."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconcile.providers.microsoft.wire.auth import Certificate

AUDIENCE = "api://AzureADTokenExchange"


def certificate() -> Certificate:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reconcile")])
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + dt.timedelta(days=365))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificate(private.decode(), made.sign(key, hashes.SHA256()).public_bytes(pem).decode())


class Forge:
    """What lends a job its identity: GitHub's or GitLab's token service."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._key = rsa.generate_private_key(65537, 2048)

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "forge", "use": "sig", "alg": "RS256"}]}

    def token(self, subject: str, audience: str = AUDIENCE, life: float = 300) -> str:
        now = time.time()
        claims = {"iss": self.issuer, "sub": subject, "aud": audience, "iat": now - 400, "exp": now + life}
        return jwt.encode(claims, self._key, "RS256", headers={"kid": "forge"})
