"""Microsoft's public pages that tell who holds a domain: OpenID metadata by domain, and the realm of a sign-in."""

from __future__ import annotations

from typing import Any

from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.world import World


class Realms:
    """Needs no token. ``site`` is the server's address."""

    def __init__(self, site: str, world: World) -> None:
        self._site = site
        self._world = world

    def page(self, request: Request) -> Answer | None:
        """The answer; None for what is no page of these, or a domain nobody holds."""
        if request.method != "GET":
            return None
        with self._world.lock:
            match request.segments:
                case ("getuserrealm.srf",):
                    return Answer(200, self._realm(request.query.get("login", "")))
                case (domain, "v2.0", ".well-known", "openid-configuration") if tenant := self._holder(domain.lower()):
                    base = f"{self._site}/{tenant}"
                    return Answer(
                        200,
                        {
                            "issuer": f"{base}/v2.0",
                            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                            "token_endpoint": f"{base}/oauth2/v2.0/token",
                            "jwks_uri": f"{base}/discovery/v2.0/keys",
                            "tenant_region_scope": "EU",
                        },
                    )
                case _:
                    return None

    def _holder(self, domain: str) -> str:
        """The id of the tenant in which the domain is verified, "" when there is none. Our initial domain is answered
        with the sign-in pages."""
        if (known := self._world.domains.get(domain)) and known.verified and not known.initial:
            return self._world.tenant_id
        held = self._world.elsewhere.get(domain)
        return held.tenant_id if held else ""

    def _realm(self, login: str) -> dict[str, Any]:
        domain = addresses.domain_of(login)
        held = self._world.elsewhere.get(domain)
        known = self._holder(domain) or domain == self._world.initial_domain
        realm = {
            "State": 4,
            "UserState": 1,
            "Login": login,
            "NameSpaceType": "Managed" if known else "Unknown",
            "DomainName": domain,
            "CloudInstanceName": "microsoftonline.com",
        }
        return {**realm, "IsViral": "True"} if held and held.viral else realm
