"""The DNS records that Graph names for a domain."""

from __future__ import annotations

import hashlib
from typing import Any

from reconcile.sandbox.tenant.world.objects import Domain


def service_records_of(domain: Domain, tenant_id: str) -> list[dict[str, Any]]:
    """What the domain's zone needs. The MX host has a partition letter and cannot be derived from the domain's name."""
    name = domain.name
    letter = "abcdefghijklmnopqrstuvwxyz"[hashlib.sha256(f"{tenant_id}{name}".encode()).digest()[0] % 26]
    records = []
    if "Email" in domain.services:
        email = {"isOptional": False, "supportedService": "Email", "ttl": 3600}
        exchange = f"{name.replace('.', '-')}.{letter}-v1.mx.microsoft"
        records += [
            dns_record(name, "Mx", {**email, "label": name}, mailExchange=exchange, preference=0),
            dns_record(name, "Txt", {**email, "label": name}, text="v=spf1 include:spf.protection.outlook.com -all"),
            dns_record(
                name, "CName", {**email, "label": f"autodiscover.{name}"}, canonicalName="autodiscover.outlook.com"
            ),
        ]
    if "OfficeCommunicationsOnline" in domain.services:
        teams = {"isOptional": True, "supportedService": "OfficeCommunicationsOnline", "ttl": 3600}
        records += [
            dns_record(name, "CName", {**teams, "label": f"sip.{name}"}, canonicalName="sipdir.online.lync.com"),
            dns_record(
                name, "Srv", {**teams, "label": f"_sipfederationtls._tcp.{name}"}, nameTarget="sipfed.online.lync.com",
                port=5061, priority=100, protocol="_tcp", service="_sipfederationtls", weight=1,
            ),
        ]  # fmt: skip
    intune = {"isOptional": True, "supportedService": "Intune", "ttl": 3600}
    records.append(
        dns_record(name, "CName", {**intune, "label": f"enterpriseregistration.{name}"},
                canonicalName="enterpriseregistration.windows.net")
    )  # fmt: skip
    return records


def dns_record(name: str, kind: str, common: dict[str, Any], **own: Any) -> dict[str, Any]:
    identity = hashlib.md5(f"{name}{kind}{own}".encode(), usedforsecurity=False).hexdigest()
    identity = "-".join((identity[:8], identity[8:12], identity[12:16], identity[16:20], identity[20:]))
    return {
        "@odata.type": f"#microsoft.graph.domainDns{kind.replace('CName', 'Cname')}Record",
        "id": identity,
        "recordType": kind,
        **common,
        **own,
    }
