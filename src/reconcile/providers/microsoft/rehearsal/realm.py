"""Who holds a domain, asked of Microsoft's public sign-in pages: no credential is needed, and nothing is changed."""

from __future__ import annotations

import dataclasses
import re

import requests

from reconcile.bounded_http import BoundedSession
from reconcile.config.settings.tables.tenant.tenant import Tenant
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

TIMEOUT = (10.0, 30.0)
_TENANT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Realm:
    """The tenant a domain is verified in, "" when none. ``viral``: nobody administers it; somebody of the domain once
    signed up to a free service, and a proof of the domain is enough to take it over."""

    tenant_id: str
    viral: bool


def realm(tenant: Tenant, domain: str) -> Realm:
    """Where the domain is verified at this moment. Raises ``Problem`` AUTH04 when the sign-in server does not say."""
    authority = tenant.authority.rstrip("/")
    with BoundedSession() as session:
        session.verify = str(tenant.ca_file) if tenant.ca_file else True
        try:
            page = session.get(f"{authority}/{domain}/v2.0/.well-known/openid-configuration", timeout=TIMEOUT)
            if page.status_code in (400, 404):
                return Realm("", viral=False)
            found = _TENANT_ID.search(str(page.json().get("issuer", "")))
            login = {"login": f"postmaster@{domain}", "json": "1"}
            answer = session.get(f"{authority}/getuserrealm.srf", params=login, timeout=TIMEOUT)
            viral = answer.ok and str(answer.json().get("IsViral", "")).lower() == "true"
        except (requests.RequestException, ValueError, AttributeError):
            found = None
        if found is None:
            raise Problem(
                "AUTH04",
                Phrase("The sign-in server does not say who holds {domain}.", domain=domain),
                "check the network; try again later",
            )
        return Realm(found[0].lower(), viral)
