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
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.figures import grouped
from reconcile.language.figures import size as volume
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.state.inventory import encode
from reconcile.views.wording import ALARM, QUIET, plain, semicolon

#: What an old address is.
KINDS: Mapping[Kind, Phrase] = {
    "mailbox": Phrase("mailbox"),
    "alias": Phrase("alias"),
    "forward": Phrase("forward"),
    "list": Phrase("list"),
    "catch_all": Phrase("catch-all"),
}

_TITLES = (
    *(Phrase("address"), Phrase("kind"), Phrase("login"), Phrase("size")),
    *(Phrase("messages"), Phrase("last used"), Phrase("decided"), Phrase("goes to, does")),
)


def tally(inventory: Inventory, federation: Federation, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """What was read, in a line; then what was not."""
    kinds = Counter(one.kind for one in inventory.addresses.values())
    counted = ", ".join(words.say(_counted(kind, kinds[kind])) for kind in KINDS if kinds[kind])
    line = Text(f"{inventory.federation}  ", "bold").append(counted or words.say(Phrase("nothing")), "default")
    if sizes := [one.size for one in inventory.addresses.values() if one.size is not None]:
        line.append(f"{semicolon(words)}{words.say(volume(sum(sizes)))}", "default")
    line.append(f" ({', '.join(inventory.sources)})", QUIET)
    if silent := undecided(federation, inventory):
        told = Phrase.counted("{number} not decided", "{number} not decided", len(silent))
        line.append(f"{semicolon(words)}{words.say(told)}", "yellow")
    yield line
    yield from _unknown(inventory, words)


def table(
    inventory: Inventory,
    federation: Federation,
    zone: dt.tzinfo,
    words: Catalogue = ENGLISH,
    *,
    only_undecided: bool = False,
) -> Iterator[Text]:
    """One line an address, what is not decided first; then what is not known."""
    silent = {one.address for one in undecided(federation, inventory)}
    shown = [one for one in inventory.addresses.values() if not only_undecided or one.address in silent]
    shown.sort(key=lambda one: (one.address not in silent, one.address))
    read = Phrase(
        "read {moment} from {sources} of {host}",
        moment=moment(inventory.taken, zone),
        sources=", ".join(inventory.sources),
        host=inventory.host,
    )
    opening = f" · {federation.file.name} · {words.say(read, plain)}"
    yield Text(inventory.federation, "bold").append(opening, "default")
    decisions = _decisions(federation, inventory)
    rows = [_row(one, decisions[one.address], words) for one in shown]
    titles = tuple(map(words.say, _TITLES))
    widths = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)] if rows else []
    if rows:
        yield Text("  " + _aligned(titles, widths), QUIET)
    for one, row in zip(shown, rows, strict=True):
        yield Text("  " + _aligned(row, widths), ALARM if one.address in silent else "default")
    if only_undecided and not rows:
        yield Text(f"  {words.say(Phrase('Every address is decided on.'))}")
    yield from _unknown(inventory, words)


def as_object(inventory: Inventory, federation: Federation) -> str:
    """The inventory as it is kept, on one line, and under ``decisions`` what the file makes of each address."""
    document = json.loads(encode(inventory))
    document["decisions"] = _decisions(federation, inventory)
    return json.dumps(document, ensure_ascii=False, sort_keys=True)


def _decisions(federation: Federation, inventory: Inventory) -> dict[str, str]:
    """What the file makes of each address; "" for a catch-all, which is no address to decide on."""
    routes = decided(federation)
    silent = {one.address for one in undecided(federation, inventory)}
    return {
        address: Phrase("undecided") if address in silent else _decision(routes[address]) if address in routes else ""
        for address in inventory.addresses
    }


def _decision(route: Route) -> str:
    if route[0] == "not_migrated":
        return Phrase("given up")
    if len(route) == 2:
        return Phrase("kept")
    return Phrase("renamed") if route[2] == "was" else Phrase("alias of {mailbox}", mailbox=route[1])


def _counted(kind: Kind, number: int) -> Phrase:
    match kind:
        case "mailbox":
            return Phrase.counted("{number} mailbox", "{number} mailboxes", number)
        case "alias":
            return Phrase.counted("{number} alias", "{number} aliases", number)
        case "forward":
            return Phrase.counted("{number} forward", "{number} forwards", number)
        case "list":
            return Phrase.counted("{number} list", "{number} lists", number)
        case "catch_all":
            return Phrase.counted("{number} catch-all", "{number} catch-alls", number)


def _row(one: LegacyAddress, decision: str, words: Catalogue) -> tuple[str, ...]:
    does = [f"→ {plain(', '.join(one.targets))}"] if one.targets else []
    does += [words.say(Phrase("filters {filters}", filters=", ".join(one.filters)), plain)] if one.filters else []
    does += [words.say(Phrase("automatic reply"))] if one.vacation else []
    mailbox = one.kind == "mailbox"
    return (
        plain(one.address),
        words.say(KINDS[one.kind]),
        plain(one.login or "?") if mailbox else "",
        (words.say(volume(one.size)) if one.size is not None else "?") if mailbox else "",
        (words.say(grouped(one.messages)) if one.messages is not None else "?") if mailbox else "",
        (str(one.last_used) if one.last_used else "?") if mailbox else "",
        words.say(decision, plain),
        semicolon(words).join(does),
    )


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _unknown(inventory: Inventory, words: Catalogue) -> Iterator[Text]:
    for aspect, why in sorted(inventory.unknown.items()):
        told = Phrase("not known: {aspect} ({why})", aspect=aspect.replace("_", " "), why=why)
        yield Text(f"  {words.say(told, plain)}", "yellow")
