"""Rules 107 and 6xx: each domain and address is declared once, by its own federation, and is not protected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence

from reconcile.config.federation.federation import Federation, Route, nearest
from reconcile.config.federation.scalars import shown
from reconcile.config.rules.catalogue import Finding
from reconcile.language.phrase import Phrase

Declaration = tuple[Federation, Route]


def check_network(
    federations: Sequence[Federation], protected: Collection[str], servers: Collection[str] | None
) -> Iterator[tuple[Federation, Finding]]:
    """Rules on what all files declare together."""
    guarded = frozenset(name.strip().lower().removeprefix("@") for name in protected)
    for federation in federations:
        for finding in _one_file(federation, guarded):
            yield federation, finding
        for finding in _old_host(federation):
            yield federation, finding
        legacy = federation.file.legacy
        if legacy is not None and servers is not None and legacy.server not in servers:
            message = Phrase("the old host {server} is not in reconcile.toml", server=shown(legacy.server))
            hint = Phrase("the known ones: {servers}", servers=", ".join(sorted(servers)))
            yield federation, Finding("SPF105", ("legacy", "server"), message, hint)
    twice: set[str] = set()
    for domain, declarations in _gathered(federations, _domains).items():
        if len(declarations) > 1:
            twice.add(domain)
            yield from _again("SPF601", Phrase("the domain {domain}", domain=domain), declarations)
    for address, declarations in _gathered(federations, _addresses).items():
        # A file copied under another name would otherwise make a remark on each of its addresses.
        if len(declarations) > 1 and address.rpartition("@")[2] not in twice:
            yield from _again("SPF602", address, declarations)


def _one_file(federation: Federation, guarded: frozenset[str]) -> Iterator[Finding]:
    file, stem = federation.file, federation.path.stem
    if stem != federation.slug:
        message = Phrase("the file is named {name} and its code is {code}", name=federation.path.name, code=file.code)
        yield Finding(
            "SPF604", ("code",), message, Phrase("name it {slug}.yaml, or correct the code", slug=federation.slug)
        )
    for position, subdomain in enumerate(file.subdomains):
        if not subdomain.endswith("." + file.domain):
            hint = Phrase("a subdomain ends in .{domain}", domain=file.domain)
            yield Finding(
                "SPF107",
                ("subdomains", position),
                Phrase("{subdomain} is not under {domain}", subdomain=subdomain, domain=file.domain),
                hint,
            )
    for domain, route in _domains(federation):
        if domain.endswith(".onmicrosoft.com") or any(f".{domain}".endswith(f".{name}") for name in guarded):
            yield Finding("SPF603", route, Phrase("the domain {domain} is protected", domain=domain), _UNPROTECT)
    for address, route in _addresses(federation):
        if address in guarded:
            yield Finding(
                "SPF603", route, Phrase("the address {address} is protected", address=address), _UNPROTECT, on_key=True
            )
        elif "aliases" not in route and address.rpartition("@")[2] not in federation.domains:
            message = Phrase("{address} is outside {domains}", address=address, domains=", ".join(federation.domains))
            yield Finding("SPF107", route, message, "correct the address, or declare its domain under subdomains", True)


def _old_host(federation: Federation) -> Iterator[Finding]:
    """A federation that migrates takes its mail along: without an old host nothing would be copied."""
    file = federation.file
    day, closed = file.migration.date, file.migration.closed
    if closed is not None and (day is None or closed < day):
        message = (
            Phrase("the migration is closed on {closed}, before its date, {day}", closed=closed, day=day)
            if day
            else Phrase("the migration is closed on {closed}, and has no date", closed=closed)
        )
        yield Finding("SPF520", ("migration", "closed"), message, "take the line out until the migration is over")
    old = [address for address, mailbox in file.mailboxes.items() if not mailbox.new]
    if file.legacy is not None or file.migration.date is None or file.migration.closed is not None or not old:
        return
    some: str = ", ".join(old[:3])
    if len(old) > 3:
        some = Phrase("{some} and {number} more", some=some, number=len(old) - 3)
    message = Phrase("no old host is named: no old message of {some} would be copied", some=some)
    hint = Phrase(
        "write legacy: {{server: …}}; or new: true for an address that never existed; or, once all is over, closed:"
    )
    yield Finding("SPF517", ("migration", "date"), message, hint)


_UNPROTECT = Phrase("take it out of this file: 'protected' in reconcile.toml names what is never touched")


def _domains(federation: Federation) -> Iterator[tuple[str, Route]]:
    yield federation.file.domain, ("domain",)
    for position, subdomain in enumerate(federation.file.subdomains):
        yield subdomain, ("subdomains", position)


def _addresses(federation: Federation) -> Iterator[tuple[str, Route]]:
    """Every address with its route. An alias that is also a mailbox, or listed twice, is for the rules on aliases."""
    mailboxes, seen = federation.file.mailboxes, set[str]()
    for address, mailbox in mailboxes.items():
        yield address, ("mailboxes", address)
        for position, alias in enumerate(mailbox.aliases):
            if alias.address not in mailboxes and alias.address not in seen:
                seen.add(alias.address)
                yield alias.address, ("mailboxes", address, "aliases", position, "address")
    for position, given_up in enumerate(federation.file.not_migrated):
        yield given_up.address, ("not_migrated", position, "address")


def _gathered(
    federations: Sequence[Federation], declare: Callable[[Federation], Iterator[tuple[str, Route]]]
) -> dict[str, list[Declaration]]:
    gathered: defaultdict[str, list[Declaration]] = defaultdict(list)
    for federation in federations:
        for name, route in declare(federation):
            gathered[name].append((federation, route))
    return gathered


def _again(code: str, name: str, declarations: Sequence[Declaration]) -> Iterator[tuple[Federation, Finding]]:
    """A remark on each declaration after the first; on the first too when it is in another file."""
    first, first_route = declarations[0]
    for federation, route in declarations[1:]:
        yield federation, _repeated(code, name, route, first, first_route)
    for federation, route in declarations[1:]:
        if federation is not first:
            yield first, _repeated(code, name, first_route, federation, route)
            return


def _repeated(code: str, name: str, route: Route, other: Federation, other_route: Route) -> Finding:
    place = f"{other.path}:{nearest(other.marks, other_route).key_line}"
    return Finding(
        code,
        route,
        Phrase("{name} is declared twice", name=name),
        Phrase("the other declaration: {place}", place=place),
        on_key=True,
    )
