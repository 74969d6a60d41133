"""msal, as the board signs people in with it. Nothing is contacted before somebody asks to sign in."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import msal
import requests

from reconcile.bounded_http import BoundedSession
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.web.signing_in import RETURN


class MsalEntra:
    """The tenant's sign-in for one app registration. ``authority``: of the tenant itself, so that nobody of another one
    signs in. ``verify``: whom to trust, True for the usual ones."""

    def __init__(self, authority: str, client_id: str, secret: str, address: str, verify: str | bool = True) -> None:
        self._authority, self._client_id, self._secret = authority, client_id, secret
        self._return, self._verify = f"{address}{RETURN}", verify

    def begin(self) -> dict[str, Any]:
        try:
            # msal adds openid, profile and offline_access by itself, nonce and PKCE too.
            flow: dict[str, Any] = self._client.initiate_auth_code_flow([], redirect_uri=self._return)
        except (requests.RequestException, ValueError) as error:
            raise self._unreachable(error) from None
        if "auth_uri" not in flow:
            raise Problem("BRD06", "The tenant's sign-in gives no page to go to.", "check tenant.authority")
        return flow

    def finish(self, flow: Mapping[str, Any], answer: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            told = self._client.acquire_token_by_auth_code_flow(dict(flow), dict(answer))
        except (requests.RequestException, RuntimeError) as error:
            raise self._unreachable(error) from None
        except ValueError:
            # msal's word for an answer to another request than the one that was made.
            raise Problem("BRD07", "An answer of the sign-in was not to our request.", "sign in again") from None
        claims = told.get("id_token_claims")
        if not isinstance(claims, dict):
            said = str(told.get("error_description") or told.get("error") or "no reason").split("\n")[0][:200]
            raise Problem("BRD07", Phrase("Nobody was signed in: {said}", said=said), "sign in again") from None
        return claims

    @functools.cached_property
    def _client(self) -> Any:
        session = BoundedSession()
        session.verify = self._verify
        return msal.ConfidentialClientApplication(
            self._client_id,
            client_credential=self._secret,
            authority=self._authority,
            http_client=session,
            instance_discovery=False,
            # What is needed is who somebody is; the tokens are kept for nobody.
            token_cache=_Forgetful(),
        )

    def _unreachable(self, error: Exception) -> Problem:
        return Problem(
            "BRD06",
            Phrase("The tenant's sign-in cannot be reached ({kind}).", kind=type(error).__name__),
            "check the network, tenant.authority and tenant.ca_file",
        )


class _Forgetful(msal.TokenCache):  # type: ignore[misc]
    def add(self, event: Any, now: Any = None) -> None:
        return
