"""Sign-in: OpenID metadata, signing keys, and access tokens for the application or for a person who uses it."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import random
import time
import urllib.parse
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.sign_in.authorization_codes import AuthorizationCodes
from reconcile.sandbox.tenant.sign_in.client_credentials import AppProofs, ProofRefusedError
from reconcile.sandbox.tenant.sign_in.device_codes import DeviceCodes, Person
from reconcile.sandbox.tenant.sign_in.permissions import EXCHANGE_ROLE, OF_EXCHANGE
from reconcile.sandbox.tenant.sign_in.refusals import ERRORS, refusal

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
        self.proofs = AppProofs(self.client_id, self.client_secret)
        self.devices = DeviceCodes(clock, random.Random(seed.getrandbits(64)))  # noqa: S311 - repeatable, and of no use elsewhere
        self.codes = AuthorizationCodes(clock, random.Random(seed.getrandbits(64)))  # noqa: S311 - as above
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
            case ("GET", "oauth2/v2.0/authorize"):
                return self._authorize(request.query)
            case ("POST", "oauth2/v2.0/token" | "oauth2/v2.0/devicecode" as page):
                if tenant not in self._names:
                    return self._refused(400, 90002, "invalid_request")
                form = dict(urllib.parse.parse_qsl(request.body.decode()))
                if form.get("client_id") != self.client_id:
                    return self._refused(400, 700016, "unauthorized_client", form.get("client_id", ""))
                return self._token(form) if page.endswith("token") else self._device_code(form)
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
        granted = claims.get("roles") or [_OF_PERSONS.get(scope, scope) for scope in claims.get("scp", "").split()]
        return frozenset(granted) | ({EXCHANGE_ROLE} if _EXCHANGE_ADMINISTRATOR in claims["wids"] else set())

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
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
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

    def _device_code(self, form: Mapping[str, str]) -> Answer:
        resource = _resource(form)
        if not resource:
            return self._refused(400, 1002012, "invalid_scope", form.get("scope", ""))
        return Answer(200, self.devices.begin(self._site, resource))

    def _token(self, form: Mapping[str, str]) -> Answer:
        grant, resource = form.get("grant_type"), _resource(form)
        if grant in ("client_credentials", "refresh_token") and not resource:
            return self._refused(400, 1002012, "invalid_scope", form.get("scope", ""))
        try:
            match grant:
                case "client_credentials":
                    self.proofs.check(form, f"{self._site}/{self.tenant_id}/oauth2/v2.0/token")
                    return Answer(200, self._signed(resource, self._of_application(resource)))
                case "urn:ietf:params:oauth:grant-type:device_code":
                    return self._for_person(*self.devices.redeem(form.get("device_code", "")))
                case "authorization_code":
                    self.proofs.check(form, f"{self._site}/{self.tenant_id}/oauth2/v2.0/token")
                    code = self.codes.redeem(form)
                    return self._for_person(GRAPH, code.person, {"nonce": code.nonce, "roles": list(code.roles)})
                case "refresh_token":
                    return self._for_person(resource, self.devices.resume(form.get("refresh_token", "")))
                case _:
                    return self._refused(400, 70003, "unsupported_grant_type")
        except ProofRefusedError as refused:
            return self._denied(refused)

    def _authorize(self, query: Mapping[str, str]) -> Answer:
        try:
            return Answer(302, None, {"Location": self.codes.begin(self.client_id, query)})
        except ProofRefusedError as refused:
            return self._denied(refused)

    def _denied(self, refused: ProofRefusedError) -> Answer:
        error, status = ERRORS.get(refused.number, ("invalid_client", 401))
        return self._refused(status, refused.number, error, refused.subject)

    def _for_person(self, resource: str, person: Person, more: Mapping[str, object] | None = None) -> Answer:
        """What a person may do through the application: what both may. ``more``: claims of their identity."""
        scopes = ["Exchange.Manage"] if resource == EXCHANGE else self._roles(resource)
        claims = {
            "idtyp": "user",
            "oid": person.id,
            "sub": person.id,
            "upn": person.upn,
            "scp": " ".join(scopes if person.administrator or resource == EXCHANGE else ["User.Read.All"]),
            "wids": [_EXCHANGE_ADMINISTRATOR] if person.administrator else [],
        }
        wall = int(time.time())
        identity = {
            "aud": self.client_id, "iss": self.issuer, "iat": wall, "nbf": wall - 300, "exp": wall + 3600,
            "name": person.name, "oid": person.id, "preferred_username": person.upn, "sub": person.id,
            "tid": self.tenant_id, "ver": "2.0", **(more or {}),
        }  # fmt: skip
        whose = json.dumps({"uid": person.id, "utid": self.tenant_id}).encode()
        return Answer(
            200,
            {
                **self._signed(resource, claims),
                "scope": " ".join([*(f"{resource}/{scope}" for scope in scopes), f"{resource}/.default"]),
                "refresh_token": self.devices.session(person),
                "id_token": jwt.encode(identity, self._key, "RS256", headers={"kid": self.signing_key_id}),
                "client_info": base64.urlsafe_b64encode(whose).decode().rstrip("="),
            },
        )

    def _of_application(self, audience: str) -> dict[str, object]:
        return {
            "idtyp": "app",
            "oid": self._principal,
            "sub": self._principal,
            "roles": self._roles(audience),
            # What the IMAP host looks at, which cannot read lists.
            "sandbox_imap": self._principal if "IMAP.AccessAsApp" in self._roles(audience) else "",
            "wids": [_EXCHANGE_ADMINISTRATOR] if EXCHANGE_ROLE in self._granted else [],
        }

    def _signed(self, audience: str, of_whom: Mapping[str, object]) -> dict[str, object]:
        wall, seconds = int(time.time()), int(LIFETIME.total_seconds())
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": wall - 300,
            "nbf": wall - 300,
            "exp": wall + seconds,
            "sandbox_until": (self._clock.now() + LIFETIME).timestamp(),
            "appid": self.client_id,
            "azp": self.client_id,
            "tid": self.tenant_id,
            "ver": "1.0",
            **of_whom,
        }
        token = jwt.encode(claims, self._key, "RS256", headers={"kid": self.signing_key_id})
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}

    def _roles(self, audience: str) -> list[str]:
        return sorted(
            name for name in self._granted if name != EXCHANGE_ROLE and (name in OF_EXCHANGE) == (audience == EXCHANGE)
        )

    def _refused(self, status: int, number: int, error: str, subject: str = "") -> Answer:
        return refusal(self._site, self._clock.now(), status, number, error, subject)


def _resource(form: Mapping[str, str]) -> str:
    """The service whose ``.default`` scope is asked for, "" when there is none we know."""
    asked = (scope.removesuffix("/.default") for scope in form.get("scope", "").split() if scope.endswith("/.default"))
    return next((resource for resource in asked if resource in (GRAPH, EXCHANGE)), "")


#: The delegated permission that stands for an application's.
_OF_PERSONS = {"Exchange.Manage": "Exchange.ManageAsApp"}
