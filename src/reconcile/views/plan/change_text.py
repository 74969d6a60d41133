"""One change of a plan, in as few lines as say everything that matters."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Action, Cause, Change, FieldChange, items_changed
from reconcile.resources.kinds import KINDS, FieldType
from reconcile.resources.resource import Reference, Value
from reconcile.views.actions import STYLES, verb
from reconcile.views.wording import ALARM, DRIFT, QUIET, plain, value


class Detail(enum.Enum):
    """How much of a new resource is shown. What changes or goes is always shown whole."""

    #: The fields a reviewer reads; the others are counted.
    REVIEW = "review"
    EVERYTHING = "everything"


#: What a reviewer reads of a new resource, on its own line; of other kinds, everything.
_HEADLINES = {
    "mailbox": ("licence", "display_name", "hidden", "aliases"),
}

_INDENT = " " * 15
_DRIFTED = {Cause.DRIFT: Phrase("drift"), Cause.BOTH: Phrase("drift, and YAML changed too")}


def change_text(change: Change, width: int, detail: Detail, moment: str = "", words: Catalogue = ENGLISH) -> list[Text]:
    """The change's lines. ``width`` is that of the longest key beside it; ``moment``: when it may be done, if said."""
    head = Text("    ").append_text(verb(change.action, words)).append(f"  {plain(change.address.key):<{width}}")
    if change.action in (Action.CREATE, Action.DELETE):
        below = list(_whole(change, head, detail, words))
    else:
        fields = list(_visible(change))
        longest = max((len(field.name) for field in fields), default=0)
        below = [line for field in fields for line in _difference(change, field, max(longest, 13), words)]
        below += _context(change, words)
    _append_remarks(head, change, moment, words)
    head.rstrip()
    return [head, *below]


def _whole(change: Change, head: Text, detail: Detail, words: Catalogue) -> Iterator[Text]:
    """A resource that appears or disappears: one-line facts beside its name, its items below."""
    declared = KINDS[change.address.kind].fields
    going = change.action is Action.DELETE
    shown = dict(change.before.fields if change.before and going else change.wanted)
    shown = {name: known for name, known in shown.items() if name in declared and not declared[name].sensitive}
    present = {name: known for name, known in shown.items() if known not in (None, "", ())}
    headlines = _HEADLINES.get(change.address.kind)
    if headlines and detail is Detail.REVIEW:
        folded = [name for name in present if name not in headlines]
        present = {name: present[name] for name in headlines if name in present}
    else:
        folded = []
    # A fact that only repeats the resource's own name (a copy into the box of that name) says nothing.
    facts = [
        _fact(name, known, words)
        for name, known in present.items()
        if not isinstance(known, tuple) and known != change.address.key
    ]
    if folded:
        facts.append(words.say(Phrase.counted("+{number} more", "+{number} more", len(folded))))
    if facts:
        head.append("  " + " · ".join(facts))
    style = STYLES[change.action]
    for names, items in _same_items(present):
        yield Text(f"{_INDENT}{names}  ").append("  ".join(f"{change.action.value} {item}" for item in items), style)


def _fact(name: str, known: Value | Reference, words: Catalogue) -> str:
    if known is True:
        return name
    return f"{name} {value(known, words)}"


def _same_items(fields: Mapping[str, Value | Reference]) -> list[tuple[str, tuple[str, ...]]]:
    """Set-like fields, those that hold the same items said once: ``full_access, send_as``."""
    names: dict[tuple[str, ...], list[str]] = {}
    for name, items in fields.items():
        if isinstance(items, tuple):
            names.setdefault(tuple(plain(item) for item in items), []).append(name)
    return [(", ".join(together), items) for items, together in names.items()]


def _visible(change: Change) -> Iterable[FieldChange]:
    declared = KINDS[change.address.kind].fields
    return (field for field in change.fields if not declared[field.name].sensitive)


def _difference(change: Change, field: FieldChange, width: int, words: Catalogue) -> Iterator[Text]:
    """One field: old → new, or the items that appear and disappear. ``width``: of the longest name beside it."""
    label = f"{_INDENT}{field.name:<{width}} "
    drift = words.say(_DRIFTED.get(field.cause, ""))
    items = items_changed(change.address.kind, field)
    field_type = KINDS[change.address.kind].fields[field.name].type
    if items is None and field_type is FieldType.SHARED_SET:
        yield _marked(Text(label).append(f"+ {value(field.after, words)}", STYLES[Action.CREATE]), drift)
        return
    if items is None:
        yield _marked(Text(f"{label}{value(field.before, words)} → {value(field.after, words)}"), drift)
        return
    added, removed = items
    signed = [("+", item, STYLES[Action.CREATE]) for item in added] + [
        ("-", item, STYLES[Action.DELETE]) for item in removed
    ]
    for sign, item, style in signed:
        yield _marked(Text(label).append(f"{sign} {plain(item)}", style), drift)
        label = " " * len(label)


def _context(change: Change, words: Catalogue) -> list[Text]:
    """What stands there now and the change touches only a part of, such as a whole SPF record."""
    if change.before is None:
        return []
    told = [field.before for field in change.fields]
    said = [f"{name} {value(known, words)}" for name, known in change.before.context.items() if known not in told]
    return [Text(f"{_INDENT}{words.say(Phrase('now:'))} {' · '.join(said)}", QUIET)] if said else []


def _marked(line: Text, drift: str) -> Text:
    return line.append(f"   ({drift})", DRIFT) if drift else line


def _append_remarks(head: Text, change: Change, moment: str, words: Catalogue) -> None:
    if change.action is Action.DELETE and KINDS[change.address.kind].guarded:
        head.append(f"  {words.say(Phrase('needs --allow-delete'))}", ALARM)
    if change.cause is Cause.DRIFT and change.action is Action.CREATE:
        head.append(f"  ({words.say(_DRIFTED[Cause.DRIFT])})", DRIFT)
    if change.note:
        head.append(f"  ({words.say(change.note, plain)})", QUIET)
    if moment:
        head.append(f"  {moment}", QUIET)
