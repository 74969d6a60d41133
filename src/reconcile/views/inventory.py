"""An inventory made visible: a line of counts, a table with what is decided on each address, an object for programs."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping

from rich.cells import cell_len
from rich.text import Text

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.inventory.inventory import Inventory, Kind, LegacyAddress
from reconcile.config.rules.inventory import decided, undecided
from reconcile.state.inventory import encode
from reconcile.views.wording import ALARM, QUIET, count, moment, plain

_NOUNS: Mapping[Kind, tuple[str, str]] = {
    "mailbox": ("mailbox", "mailboxes"),
    "alias": ("alias", "aliases"),
    "forward": ("forward", "forwards"),
    "list": ("list", "lists"),
    "catch_all": ("catch-all", "catch-alls"),
}


def tally(inventory: Inventory, federation: Federation) -> Iterator[Text]:
    """What was read, in a line; then what was not."""
    kinds = Counter(one.kind for one in inventory.addresses.values())
    counted = [count(kinds[kind], *nouns) for kind, nouns in _NOUNS.items() if kinds[kind]]
    line = Text(f"{inventory.federation}  ", "bold").append(", ".join(counted) or "nothing", "default")
    if sizes := [one.size for one in inventory.addresses.values() if one.size is not None]:
        line.append(f"; {volume(sum(sizes))}", "default")
    line.append(f" ({', '.join(inventory.sources)})", QUIET)
    if silent := undecided(federation, inventory):
        line.append(f"; {len(silent)} not decided", "yellow")
    yield line
    yield from _unknown(inventory)


def table(
    inventory: Inventory, federation: Federation, zone: dt.tzinfo, *, only_undecided: bool = False
) -> Iterator[Text]:
    """One line an address, what is not decided first; then what is not known."""
    silent = {one.address for one in undecided(federation, inventory)}
    shown = [one for one in inventory.addresses.values() if not only_undecided or one.address in silent]
    shown.sort(key=lambda one: (one.address not in silent, one.address))
    read = f"read {moment(inventory.taken, zone)} from {', '.join(inventory.sources)} of {plain(inventory.host)}"
    yield Text(inventory.federation, "bold").append(f" · {federation.file.name} · {read}", "default")
    decisions = _decisions(federation, inventory)
    rows = [_row(one, decisions[one.address]) for one in shown]
    titles = ("address", "kind", "login", "size", "messages", "last used", "decided", "goes to, does")
    widths = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)] if rows else []
    if rows:
        yield Text("  " + _aligned(titles, widths), QUIET)
    for one, row in zip(shown, rows, strict=True):
        yield Text("  " + _aligned(row, widths), ALARM if one.address in silent else "default")
    if only_undecided and not rows:
        yield Text("  Every address is decided on.")
    yield from _unknown(inventory)


def as_object(inventory: Inventory, federation: Federation) -> str:
    """The inventory as it is kept, on one line, and under ``decisions`` what the file makes of each address."""
    document = json.loads(encode(inventory))
    document["decisions"] = _decisions(federation, inventory)
    return json.dumps(document, ensure_ascii=False, sort_keys=True)


def volume(size: int) -> str:
    """``820 B``, ``3.4 MB``, ``12.0 GB``: decimal, as quotas and disks are sold."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _decisions(federation: Federation, inventory: Inventory) -> dict[str, str]:
    """What the file makes of each address; "" for a catch-all, which is no address to decide on."""
    routes = decided(federation)
    silent = {one.address for one in undecided(federation, inventory)}
    return {
        address: "undecided" if address in silent else _decision(routes[address]) if address in routes else ""
        for address in inventory.addresses
    }


def _decision(route: Route) -> str:
    if route[0] == "not_migrated":
        return "given up"
    return "kept" if len(route) == 2 else "renamed" if route[2] == "was" else f"alias of {route[1]}"


def _row(one: LegacyAddress, decision: str) -> tuple[str, ...]:
    does = [f"→ {', '.join(one.targets)}"] if one.targets else []
    does += [f"filters {', '.join(one.filters)}"] if one.filters else []
    does += ["automatic reply"] if one.vacation else []
    mailbox = one.kind == "mailbox"
    return (
        plain(one.address),
        _NOUNS[one.kind][0],
        plain(one.login or "?") if mailbox else "",
        (volume(one.size) if one.size is not None else "?") if mailbox else "",
        (f"{one.messages:,}" if one.messages is not None else "?") if mailbox else "",
        (str(one.last_used) if one.last_used else "?") if mailbox else "",
        decision,
        plain("; ".join(does)),
    )


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _unknown(inventory: Inventory) -> Iterator[Text]:
    for aspect, why in sorted(inventory.unknown.items()):
        yield Text(f"  not known: {aspect.replace('_', ' ')} ({plain(why)})", "yellow")
