"""Sign-in: OpenID metadata, signing keys, and access tokens for an application with a secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import time
import urllib.parse
import uuid
from collections.abc import Iterable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconcile.sandbox.tenant.permissions import EXCHANGE_ROLE, OF_EXCHANGE
from reconcile.sandbox.tenant.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.web import Answer, Request

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "https://outlook.office365.com"
#: The directory role's template, the same in every tenant.
_EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
LIFETIME = dt.timedelta(seconds=3600)


class TokenRefusedError(Exception):
    """The request has no token that opens this service."""


class Issuer:
    """The tenant's authority for one application.

    A token's ``exp`` and ``nbf`` hold on the wall clock, for the IMAP host reads them there; its life on the
    virtual clock is a claim of its own.
    """

    def __init__(
        self,
        site: str,
        tenant_id: str,
        initial_domain: str,
        principal: str,
        granted: Iterable[str],
        clock: VirtualClock,
        seed: random.Random,
    ) -> None:
        self.tenant_id = tenant_id
        self.client_id = str(uuid.UUID(int=seed.getrandbits(128), version=4))
        self.client_secret = f"sbx~{seed.getrandbits(200):050x}"
        self.issuer = f"{site}/{tenant_id}/v2.0"
        self._site = site
        self._names = {tenant_id, initial_domain}
        self._principal = principal
        self._granted = frozenset(granted)
        self._clock = clock
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_key_pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.signing_key_id = hashlib.sha256(self.public_key_pem).hexdigest()[:27]

    def page(self, request: Request) -> Answer | None:
        """The answer to a sign-in request; None when the address is not one of sign-in."""
        tenant, *rest = request.segments
        match (request.method, "/".join(rest)):
            case ("GET", "v2.0/.well-known/openid-configuration" | ".well-known/openid-configuration"):
                return (
                    self._metadata() if tenant in self._names else self._refused(400, 90002, "invalid_tenant", tenant)
                )
            case ("GET", "discovery/v2.0/keys"):
                return Answer(200, {"keys": [self._public_key()]})
            case ("POST", "oauth2/v2.0/token"):
                return self._token(request) if tenant in self._names else self._refused(400, 90002, "invalid_request")
            case _:
                return None

    def roles(self, request: Request, audience: str) -> frozenset[str]:
        """What the request's token grants. Raises TokenRefusedError unless it is ours, for that audience and alive."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise TokenRefusedError("Access token is empty.")
        try:
            claims = jwt.decode(
                token, self._key.public_key(), ["RS256"], audience=audience, issuer=self.issuer,
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )  # fmt: skip
        except jwt.InvalidAudienceError:
            raise TokenRefusedError("Access token validation failure. Invalid audience.") from None
        except jwt.InvalidTokenError:
            raise TokenRefusedError("Access token validation failure.") from None
        if claims["sandbox_until"] <= self._clock.now().timestamp():
            raise TokenRefusedError("Lifetime validation failed, the token is expired.")
        return frozenset(claims["roles"]) | ({EXCHANGE_ROLE} if _EXCHANGE_ADMINISTRATOR in claims["wids"] else set())

    def _metadata(self) -> Answer:
        base = f"{self._site}/{self.tenant_id}"
        return Answer(
            200,
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "tenant_region_scope": "EU",
            },
        )

    def _public_key(self) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**key, "use": "sig", "kid": self.signing_key_id, "issuer": self.issuer}

    def _token(self, request: Request) -> Answer:
        form = dict(urllib.parse.parse_qsl(request.body.decode()))
        if form.get("grant_type") != "client_credentials":
            return self._refused(400, 70003, "unsupported_grant_type")
        if form.get("client_id") != self.client_id:
            return self._refused(400, 700016, "unauthorized_client", form.get("client_id", ""))
        if form.get("client_secret") != self.client_secret:
            return self._refused(401, 7000215, "invalid_client", self.client_id)
        resource = form.get("scope", "").removesuffix("/.default")
        if resource not in (GRAPH, EXCHANGE) or not form["scope"].endswith("/.default"):
            return self._refused(400, 1002012, "invalid_scope", form.get("scope", ""))
        seconds = int(LIFETIME.total_seconds())
        token = self._signed(resource)
        return Answer(
            200, {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
        )

    def _signed(self, audience: str) -> str:
        wall = int(time.time())
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": wall - 300,
            "nbf": wall - 300,
            "exp": wall + int(LIFETIME.total_seconds()),
            "sandbox_until": (self._clock.now() + LIFETIME).timestamp(),
            "appid": self.client_id,
            "azp": self.client_id,
            "idtyp": "app",
            "oid": self._principal,
            "sub": self._principal,
            "tid": self.tenant_id,
            "roles": self._roles(audience),
            "wids": [_EXCHANGE_ADMINISTRATOR] if EXCHANGE_ROLE in self._granted else [],
            "ver": "1.0",
        }
        return jwt.encode(claims, self._key, "RS256", headers={"kid": self.signing_key_id})

    def _roles(self, audience: str) -> list[str]:
        return sorted(
            name for name in self._granted if name != EXCHANGE_ROLE and (name in OF_EXCHANGE) == (audience == EXCHANGE)
        )

    def _refused(self, status: int, number: int, error: str, subject: str = "") -> Answer:
        trace = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number}{subject}{self._clock.now()}"))
        stamp = f"{self._clock.now():%Y-%m-%d %H:%M:%SZ}"
        text = _REFUSALS[number].format(subject)
        return Answer(
            status,
            {
                "error": error,
                "error_description": f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {trace} "
                f"Timestamp: {stamp}",
                "error_codes": [number],
                "timestamp": stamp,
                "trace_id": trace,
                "correlation_id": trace,
                "error_uri": f"{self._site}/error?code={number}",
            },
        )


_REFUSALS = {
    70003: "The app requested an unsupported grant type.",
    90002: "Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
    "cloud.",
    700016: "Application with identifier '{}' was not found in the directory.",
    1002012: "The provided value for scope {} is not valid. Client credential flows must have a scope value with "
    "/.default suffixed to the resource identifier (application ID URI).",
    7000215: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
    "not the client secret ID, for a secret added to app '{}'.",
}
