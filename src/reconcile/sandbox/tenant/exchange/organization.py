"""What belongs to the whole organization: accepted domains, applications, DKIM."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError, unknown_object
from reconcile.sandbox.tenant.exchange import rows as exchange_rows
from reconcile.sandbox.tenant.exchange.recipients import Outcome, Parameters
from reconcile.sandbox.tenant.world.objects import Domain, Principal
from reconcile.sandbox.tenant.world.world import World


class Organization:
    """The AcceptedDomain, ServicePrincipal, OrganizationConfig and DkimSigningConfig cmdlets."""

    def __init__(self, world: World, resolve: Callable[[str, str], Sequence[str]]) -> None:
        self._world = world
        self._resolve = resolve
        self._refused: set[str] = set()
        #: The domains that were authoritative before.
        self._edges: set[str] = set()
        self._signing: dict[str, dict[str, Any]] = {}

    def get_accepted_domains(self, given: Parameters) -> Outcome:
        domains = [domain for domain in self._world.domains.values() if domain.accepted_as]
        if given.get("identity"):
            domains = [self._accepted(given["identity"])]
        return [_domain_row(domain) for domain in domains], []

    def set_accepted_domain(self, given: Parameters) -> Outcome:
        domain = self._accepted(given["identity"])
        if self._world.profile.relay_refused_once and domain.name not in self._refused:
            self._refused.add(domain.name)
            raise CmdletError("InvalidOperationException", f"The operation on '{domain.name}' couldn't be completed.")
        kind = {"internalrelay": "InternalRelay", "authoritative": "Authoritative"}.get(
            given.get("domaintype", "").lower(), domain.accepted_as
        )
        below = given.get("matchsubdomains", domain.match_subdomains)
        if below and kind != "InternalRelay":
            raise CmdletError("RecipientTaskException", "MatchSubDomains can be set on an internal relay domain only.")
        if kind == "Authoritative" != domain.accepted_as and self._world.profile.edge_stuck:
            first = domain.name not in self._edges
            self._edges.add(domain.name)
            domain.edge_made = self._before_the_youngest(domain.name) if first else None
        domain.accepted_as, domain.match_subdomains = kind, below
        return [], []

    def _before_the_youngest(self, domain: str) -> dt.datetime | None:
        moments = [since for name, since in self._world.known_since.items() if name.endswith(f"@{domain}")]
        return max(moments) - dt.timedelta(microseconds=1) if moments else None

    def get_principals(self, given: Parameters) -> Outcome:
        rows = [self._principal(key) for key in self._world.principals]
        if given.get("identity"):
            key = given["identity"].lower()
            rows = [row for row in rows if key in (row["ObjectId"], row["AppId"], row["DisplayName"].lower())]
            if not rows:
                raise unknown_object(given["identity"])
        return rows, []

    def new_principal(self, given: Parameters) -> Outcome:
        if given["objectid"] in self._world.principals:
            raise CmdletError(
                "ADObjectAlreadyExistsException", f"The service principal {given['objectid']} already exists."
            )
        name = given.get("displayname") or given["appid"]
        self._world.principals[given["objectid"]] = Principal(given["appid"], name)
        return [self._principal(given["objectid"])], []

    def remove_principal(self, given: Parameters) -> Outcome:
        [row], _ = self.get_principals(given)
        del self._world.principals[row["ObjectId"]]
        return [], []

    def get_configuration(self, _given: Parameters) -> Outcome:
        return [
            {
                "Name": self._world.initial_domain,
                "DisplayName": "Entraide nationale",
                "Guid": self._world.tenant_id,
                "Identity": self._world.initial_domain,
                "Id": self._world.initial_domain,
                "IsDehydrated": False,
                "DelayedDelicensingEnabled": False,
                "SendFromAliasEnabled": False,
                "RejectDirectSend": self._world.reject_direct_send,
            }
        ], []

    def get_signing(self, given: Parameters) -> Outcome:
        return [self._config(given["identity"])] if given.get("identity") else list(self._signing.values()), []

    def new_signing(self, given: Parameters) -> Outcome:
        name = self._accepted(given["domainname"]).name
        if name in self._signing:
            raise CmdletError("ADObjectAlreadyExistsException", f"The DKIM signing config for '{name}' already exists.")
        size = given.get("keysize", 1024)
        letter = "nwrey"[hashlib.sha256(name.encode()).digest()[1] % 5]
        tenant = self._world.initial_domain.partition(".")[0]
        tail = f"{name.replace('.', '-')}._domainkey.{tenant}.{letter}-v1.dkim.mail.microsoft"
        config = {
            "Domain": name, "Name": name, "Id": name, "Identity": name, "Enabled": False, "Status": "CnameMissing",
            "Selector1CNAME": f"selector1-{tail}", "Selector2CNAME": f"selector2-{tail}",
            "Selector1KeySize": size, "Selector2KeySize": size,
            "HeaderCanonicalization": "Relaxed", "BodyCanonicalization": "Relaxed",
        }  # fmt: skip
        if given["enabled"]:
            self._check_published(config)
            config |= {"Enabled": True, "Status": "Valid"}
        self._signing[name] = config
        return [config], []

    def set_signing(self, given: Parameters) -> Outcome:
        config = self._config(given["identity"])
        if given.get("enabled"):
            self._check_published(config)
            config["Status"] = "Valid"
        config["Enabled"] = given.get("enabled", config["Enabled"])
        return [], []

    def _config(self, identity: str) -> dict[str, Any]:
        found = self._signing.get(identity.lower())
        if found is None:
            raise unknown_object(identity)
        return found

    def _check_published(self, config: dict[str, Any]) -> None:
        for number in (1, 2):
            wanted = config[f"Selector{number}CNAME"]
            seen = self._resolve(f"selector{number}._domainkey.{config['Domain']}", "CNAME")
            if wanted.lower() not in {target.rstrip(".").lower() for target in seen}:
                raise CmdletError(
                    "RecipientTaskException",
                    "CNAME record does not exist for this config. "
                    f"Please publish the following two CNAME records first. {config['Selector1CNAME']} "
                    f"{config['Selector2CNAME']}",
                )

    def _accepted(self, identity: str) -> Domain:
        domain = self._world.domains.get(identity.lower())
        if domain is None or domain.accepted_as is None:
            raise unknown_object(identity)
        return domain

    def _principal(self, object_id: str) -> dict[str, Any]:
        principal = self._world.principals[object_id]
        return {
            "DisplayName": principal.name,
            "AppId": principal.app_id,
            "ObjectId": object_id,
            "Sid": exchange_rows.sid(object_id),
            "Identity": object_id,
            "Id": object_id,
        }


def _domain_row(domain: Domain) -> dict[str, Any]:
    return {
        "DomainName": domain.name,
        "CatchAllRecipientID": "",
        "DomainType": domain.accepted_as,
        "MatchSubDomains": domain.match_subdomains,
        "AddressBookEnabled": True,
        "Default": domain.default,
        "InitialDomain": domain.initial,
        "AuthenticationType": "Managed",
        "OutboundOnly": False,
        "SendingFromDomainDisabled": False,
        "Name": domain.name,
        "Id": domain.name,
        "Identity": domain.name,
        "Guid": str(uuid.uuid5(uuid.NAMESPACE_DNS, domain.name)),
    }
