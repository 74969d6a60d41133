"""Signing in to the tenant as an application: one token for Graph, one for Exchange (and its IMAP)."""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msal
import requests

from reconcile.bounded_http import BoundedSession
from reconcile.config.settings.tables.tenant.tenant import Tenant
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: Connect and read, in seconds.
TIMEOUT = (10.0, 30.0)
#: Sign-in hosts Microsoft's own instance discovery knows; any other authority vouches for itself.
_MICROSOFT = frozenset({"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"})
#: Resources tokens are asked for: names, whatever address the service is reached at.
_GRAPH = "https://graph.microsoft.com/.default"
_EXCHANGE = "https://outlook.office365.com/.default"
#: AADSTS numbers, from Microsoft's "Microsoft Entra authentication and authorization error codes".
_BAD_SECRET = frozenset({7000215, 7000222, 7000218})
_NO_FEDERATION = frozenset({70021, 700211, 700212, 700213})
_UNKNOWN_PLACE = frozenset({90002, 700016, 900023})


@dataclasses.dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of the application, both parts in PEM."""

    private_key: str = dataclasses.field(repr=False)
    public_certificate: str


@dataclasses.dataclass(frozen=True, slots=True)
class Device:
    """A person signs in on a page of Microsoft's, with a code that ``tell`` shows them. For a workstation.

    Who signed in is remembered here, in memory alone, for every connection made with it.
    """

    tell: Callable[[str], object]
    cache: Any = dataclasses.field(default_factory=msal.TokenCache, repr=False)


#: What the application signs in with: its secret, its certificate, a callable that answers a fresh assertion from
#: whoever vouches for it (the token a GitHub or GitLab pipeline is given: "workload identity federation"), or a person.
Credential = str | Certificate | Device | Callable[[], str]


@dataclasses.dataclass(frozen=True, slots=True)
class Registration:
    """The app registration that signs in, with what it proves itself by. ``client_id``: "" for that of the settings."""

    credential: Credential = dataclasses.field(repr=False)
    client_id: str = ""


class Tokens:
    """Bearer tokens by resource, cached until shortly before they end. Thread-safe.

    Every method raises ``Problem`` AUTH02 (credential refused), AUTH03 (tenant or application unknown), AUTH04 (sign-in
    server out of reach) or AUTH05 (refused for another reason).
    """

    def __init__(self, tenant: Tenant, credential: Credential) -> None:
        self._tenant = tenant
        self._credential = credential
        self._lock = threading.Lock()
        self._client: _Application | _Person | None = None

    def graph(self) -> str:
        return self._token(_GRAPH)

    def exchange(self) -> str:
        """Serves InvokeCommand and, as XOAUTH2, IMAP: both are the resource outlook.office365.com."""
        return self._token(_EXCHANGE)

    def person(self) -> str:
        """The sign-in name of the person who uses the application; "" when it acts for itself."""
        if not isinstance(self._credential, Device):
            return ""
        self._token(_EXCHANGE)
        return self._client.name() if isinstance(self._client, _Person) else ""

    def renew(self) -> None:
        """Forget what is cached; the next token is a new one."""
        with self._lock:
            if self._client is not None:
                self._client.forget()

    def _token(self, scope: str) -> str:
        with self._lock:
            try:
                self._client = self._client or self._sign_in()
                answer = self._client.token(scope)
            except OSError:  # requests' errors are, and so is its word for a ca_file that is not there
                raise self._unreachable() from None
            except ValueError:
                # msal's word for an authority that describes no such tenant.
                raise self._unknown() from None
        token = answer.get("access_token")
        if isinstance(token, str):
            return token
        raise self._refused(answer)

    def _sign_in(self) -> _Application | _Person:
        authority = f"{self._tenant.authority.rstrip('/')}/{self._tenant.id}"
        common: dict[str, Any] = {
            "client_id": self._tenant.client_id,
            "authority": authority,
            "instance_discovery": urlsplit(authority).hostname in _MICROSOFT,
            "http_client": self._client_session(),
        }
        if isinstance(self._credential, Device):
            public = msal.PublicClientApplication(**common, token_cache=self._credential.cache)
            return _Person(public, self._credential.tell)
        return _Application(msal.ConfidentialClientApplication(**common, client_credential=_for_msal(self._credential)))

    def _client_session(self) -> requests.Session:
        """As the transport's: environment variables (REQUESTS_CA_BUNDLE would beat ca_file) are not consulted."""
        session = BoundedSession()
        session.verify = str(self._tenant.ca_file) if self._tenant.ca_file else True
        session.request = functools.partial(session.request, timeout=TIMEOUT)  # type: ignore[method-assign]
        return session

    def _unreachable(self) -> Problem:
        host = urlsplit(self._tenant.authority).netloc
        return Problem(
            "AUTH04",
            Phrase("The sign-in server {host} cannot be reached.", host=host),
            "check the network, tenant.authority and tenant.ca_file in reconcile.toml",
        )

    def _unknown(self) -> Problem:
        return Problem(
            "AUTH03",
            Phrase(
                "The sign-in server knows no tenant {id}, or no application {client_id} in it.",
                id=self._tenant.id,
                client_id=self._tenant.client_id,
            ),
            "check tenant.id, tenant.client_id and tenant.authority in reconcile.toml",
        )

    def _refused(self, answer: dict[str, Any]) -> Problem:
        numbers = frozenset(answer.get("error_codes") or ())
        if numbers & _UNKNOWN_PLACE:
            return self._unknown()
        if numbers & _NO_FEDERATION:
            return Problem(
                "AUTH02",
                Phrase(
                    "Application {client_id} does not trust the identity of this job.", client_id=self._tenant.client_id
                ),
                "compare the issuer and the subject of its federated credential with those of the pipeline",
            )
        if numbers & _BAD_SECRET or answer.get("error") == "invalid_client":
            return Problem(
                "AUTH02",
                Phrase(
                    "The tenant refused the credential of application {client_id}: it is wrong or expired.",
                    client_id=self._tenant.client_id,
                ),
                "give the application a new secret and set RECONCILE_CLIENT_SECRET, or renew its certificate",
            )
        if answer.get("error") in ("authorization_declined", "expired_token"):
            return Problem(
                "AUTH06",
                "Nobody signed in with the code: it was declined, or entered too late.",
                "run the command again and enter the new code within fifteen minutes",
            )
        told = ", ".join(f"AADSTS{number}" for number in sorted(numbers)) or str(answer.get("error", "no reason given"))
        return Problem(
            "AUTH05",
            Phrase(
                "The tenant refused to sign application {client_id} in: {told}.",
                client_id=self._tenant.client_id,
                told=told,
            ),
            "look the number up in Microsoft's list of sign-in errors",
        )


class _Application:
    """The application acts for itself."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def token(self, scope: str) -> dict[str, Any]:
        """msal's answer: a token, or why there is none."""
        return dict(self._client.acquire_token_for_client([scope]))

    def forget(self) -> None:
        self._client.remove_tokens_for_client()


class _Person:
    """Somebody uses the application, who signs in once for every service."""

    def __init__(self, client: Any, tell: Callable[[str], object]) -> None:
        self._client = client
        self._tell = tell
        #: Scopes whose next token must be a new one.
        self._stale: set[str] = set()
        #: Why nobody signed in; they are not asked twice.
        self._failure: dict[str, Any] | None = None

    def token(self, scope: str) -> dict[str, Any]:
        """msal's answer. Waits for the person to sign in, the first time."""
        for account in self._client.get_accounts():
            answer = self._client.acquire_token_silent([scope], account, force_refresh=scope in self._stale)
            if answer:
                self._stale.discard(scope)
                return dict(answer)
        if self._failure is None:
            answer = self._ask(scope)
            if "access_token" in answer:
                return answer
            self._failure = answer
        return self._failure

    def _ask(self, scope: str) -> dict[str, Any]:
        flow = self._client.initiate_device_flow([scope])
        if "message" not in flow:
            return dict(flow)
        self._tell(flow["message"])
        return dict(self._client.acquire_token_by_device_flow(flow))

    def name(self) -> str:
        return next((str(account.get("username")) for account in self._client.get_accounts()), "")

    def forget(self) -> None:
        self._stale = {_GRAPH, _EXCHANGE}


def _for_msal(credential: str | Certificate | Callable[[], str]) -> str | dict[str, object]:
    if isinstance(credential, str):
        return credential
    if isinstance(credential, Certificate):
        return {"private_key": credential.private_key, "public_certificate": credential.public_certificate}
    return {"client_assertion": credential}
