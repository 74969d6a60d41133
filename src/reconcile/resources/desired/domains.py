"""Domains as they are desired: verified, with their records, and relayed until they are authoritative. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.resources.address import Address
from reconcile.resources.desired.context import Context
from reconcile.resources.mail_records import MailDomain, Switch, before_the_switch, mail_records
from reconcile.resources.resource import Desired, Place, Reference, Value


def domains(context: Context) -> Iterator[Desired]:
    """Every domain of the federation with its records, and the way to the old host."""
    switch = _switch(context)
    for domain in context.domains:
        yield from _domain(context, domain, switch)
    yield from _connector(context)


def _switch(context: Context) -> Switch:
    """What all its domains wait for, so that they are switched together."""
    ready = [needed for domain in context.domains for needed in before_the_switch(domain)]
    if context.relays:
        ready += [context.address("mail_flow", domain.name) for domain in context.domains]
        ready += [one.address for one in _connector(context)]
    ready += context.locked
    old_include = context.old_server.spf_include if context.old_server else ""
    boxes = context.boxes
    rights = [
        context.address("access", address) for address, box in context.file.mailboxes.items() if box.licence == "shared"
    ]
    return Switch(
        context.moments,
        context.now,
        old_include,
        context.settings.dns.tls_reports,
        tuple(ready),
        (*boxes, *rights),
        len(boxes) // 2,
    )


def _domain(context: Context, domain: MailDomain, switch: Switch) -> Iterator[Desired]:
    root, name, place = context.file.domain, domain.name, domain.place
    added = context.address("domain", name)
    token = context.address("dns", f"{name}/TXT/verification")
    # A subdomain becomes verified with its root and needs no token of its own (Graph: domain).
    parents = () if domain.is_root else (context.address("domain_verification", root),)
    yield Desired(added, {"root": root}, parents, place=place)
    if domain.is_root:
        yield Desired(token, {"contains": Reference(added, "verification_txt")}, (added,), place=place)
    proof = (added, token) if domain.is_root else (added, *parents)
    fields: dict[str, Value] = {"verified": True, "services": ("Email",), "accepted": True}
    yield Desired(domain.verified, fields, proof, place=place)
    yield from mail_records(domain, switch)
    yield _mail_flow(context, name, domain.verified, place)


def _mail_flow(context: Context, domain: str, verified: Address, place: Place | None) -> Desired:
    """An internal relay from its verification on, so that colleagues' mail to whoever is not in the tenant yet goes
    on to the old host; authoritative some days after the switch, if no mailbox is missing, and at once where the
    migration is closed. A domain with neither a date nor an old host lives in the tenant already."""
    address = context.address("mail_flow", domain)
    if context.file.migration.closed is not None:
        return Desired(address, {"type": "Authoritative"}, (verified,), place=place)
    if context.relays:
        return Desired(address, {"type": "InternalRelay"}, (verified,), place=place)
    switched = tuple(context.address("dns", f"{one.name}/MX") for one in context.domains)
    needs = (*switched, *context.boxes)
    return Desired(address, {"type": "Authoritative"}, needs, context.moments.authoritative, place)


def _connector(context: Context) -> Iterator[Desired]:
    """The way to the old host for mail to addresses that the tenant does not know: from the preparation on, so that
    it is proved before the day, until every domain is authoritative."""
    legacy, server = context.file.legacy, context.old_server
    if legacy is None or server is None or server.relay is None or context.file.migration.closed is not None:
        return
    address, place = context.address("connector", context.file.domain), context.domains[0].place
    flows = tuple(context.address("mail_flow", domain.name) for domain in context.domains)
    if not context.relays:
        yield Desired(address, {"domains": ()}, flows, context.moments.authoritative, place)
        return
    relay = server.relay
    fields: dict[str, Value] = {
        "server": legacy.server,
        "host": relay.host,
        "tls": f"{relay.tls} {relay.name}".strip().lower(),
        "enabled": True,
        "domains": tuple(sorted(domain.name for domain in context.domains)),
        "proved_by": context.probed,
    }
    yield Desired(address, fields, flows, context.moments.preparation, place)
