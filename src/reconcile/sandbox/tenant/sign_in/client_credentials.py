"""What the tenant's application may prove itself with: its secret, a certificate, or the token of a trusted issuer."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

#: What a federated token must be made for (Microsoft, "Workload identity federation").
EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ProofRefusedError(Exception):
    """``number`` is the AADSTS number; ``subject`` is what its sentence names."""

    def __init__(self, number: int, subject: str = "") -> None:
        super().__init__(number)
        self.number = number
        self.subject = subject


@dataclasses.dataclass(frozen=True, slots=True)
class Federation:
    """A federated credential of the application: whose tokens, and for whom, are as good as a secret.

    ``keys``: the issuer's JSON Web Key Set. Entra fetches it from the issuer, the sandbox is given it.
    """

    issuer: str
    subject: str
    keys: Mapping[str, Any]


class AppProofs:
    """The credentials registered for one application."""

    def __init__(self, client_id: str, secret: str) -> None:
        self._client_id = client_id
        self._secret = secret
        self._certificates: dict[str, x509.Certificate] = {}
        self._federations: list[Federation] = []

    def trust_certificate(self, pem: str) -> None:
        """Register a certificate; whoever holds its key signs in."""
        certificate = x509.load_pem_x509_certificate(pem.encode())
        for digest in (hashes.SHA1(), hashes.SHA256()):  # noqa: S303 - x5t is SHA-1 by RFC 7515
            self._certificates[_thumbprint(certificate.fingerprint(digest))] = certificate

    def trust_issuer(self, federation: Federation) -> None:
        self._federations.append(federation)

    def check(self, form: Mapping[str, str], token_endpoint: str) -> None:
        """Raise ProofRefusedError unless the form of a token request proves the application."""
        if "client_secret" in form:
            if form["client_secret"] != self._secret:
                raise ProofRefusedError(7000215, self._client_id)
            return
        if form.get("client_assertion_type") != _ASSERTION or "client_assertion" not in form:
            raise ProofRefusedError(7000218)
        assertion = form["client_assertion"]
        try:
            header, claims = jwt.get_unverified_header(assertion), jwt.decode(assertion, options=_UNVERIFIED)
        except jwt.InvalidTokenError:
            raise ProofRefusedError(50027) from None
        if claims.get("iss") == self._client_id:
            self._check_certificate(assertion, header, token_endpoint)
        else:
            self._check_federation(assertion, header, claims)

    def _check_certificate(self, assertion: str, header: Mapping[str, Any], token_endpoint: str) -> None:
        mark = str(header.get("x5t#S256") or header.get("x5t") or "").rstrip("=")
        certificate = self._certificates.get(mark)
        if certificate is None:
            raise ProofRefusedError(700027, mark)
        key = certificate.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = _verified(assertion, key, token_endpoint, invalid=ProofRefusedError(700027, mark))
        if claims.get("sub") != self._client_id or not claims.get("jti"):
            raise ProofRefusedError(700021)

    def _check_federation(self, assertion: str, header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
        issuer, subject = str(claims.get("iss")), str(claims.get("sub"))
        of_issuer = [one for one in self._federations if one.issuer == issuer]
        if not of_issuer:
            raise ProofRefusedError(700211, issuer)
        trusted = next((one for one in of_issuer if one.subject == subject), None)
        if trusted is None:
            raise ProofRefusedError(700213, subject)
        audience = claims.get("aud")
        if EXCHANGE_AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
            raise ProofRefusedError(700212, str(audience))
        keys = {str(key.get("kid")): key for key in trusted.keys["keys"]}
        if header.get("kid") not in keys:
            raise ProofRefusedError(50027)
        key = jwt.PyJWK(keys[header["kid"]], "RS256").key
        _verified(assertion, key, EXCHANGE_AUDIENCE, invalid=ProofRefusedError(50027))


_UNVERIFIED: Any = {"verify_signature": False}


def _verified(assertion: str, key: Any, audience: str, invalid: ProofRefusedError) -> dict[str, Any]:
    """The claims, once signature, audience and life are in order."""
    try:
        return dict(jwt.decode(assertion, key, ["RS256", "PS256"], audience=audience, options={"require": ["exp"]}))
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError, jwt.MissingRequiredClaimError):
        raise ProofRefusedError(700024) from None
    except jwt.InvalidAudienceError:
        raise ProofRefusedError(50012) from None
    except jwt.InvalidTokenError:
        raise invalid from None


def _thumbprint(digest: bytes) -> str:
    """As a JWT header says it: base64url without padding (RFC 7515, 4.1.7)."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
