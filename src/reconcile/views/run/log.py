"""Runs that are over, listed or one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.text import Text

from reconcile.applying.outcome import Result
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import duration, moment
from reconcile.language.phrase import Phrase
from reconcile.state.journal.runs import Operation, RunRecord
from reconcile.views.actions import VERBS
from reconcile.views.run.results import counted
from reconcile.views.wording import ALARM, QUIET, plain

_SETTLED, _UNKNOWN = "settled", "unknown"
#: How an operation ended, as the journal has it.
_RESULTS = {
    "done": Phrase("done"),
    "failed": Phrase("failed"),
    _SETTLED: Phrase("settled"),
    _UNKNOWN: Phrase("unknown"),
}
_ACTIONS = {action.name.lower(): verb for action, verb in VERBS.items()}
#: What the journal tells of a run, each by its name there.
_HEADER = {
    "who": Phrase("who"),
    "host": Phrase("host"),
    "operation": Phrase("operation"),
    "commit": Phrase("commit"),
    "pipeline": Phrase("pipeline"),
    "plan": Phrase("plan"),
    "tool": Phrase("tool"),
}


def run_list(records: Sequence[RunRecord], zone: dt.tzinfo, words: Catalogue = ENGLISH) -> list[Text]:
    """One line a run, the latest first."""
    if not records:
        return [Text(words.say(Phrase("Nothing was applied yet.")))]
    return [
        Text(one.run, "bold").append(f"  {_when(one, zone, words)}  {plain(one.header.get('who', '?'))}  ", "not bold")
        + _end(one, words)
        for one in records
    ]


def one_run(record: RunRecord, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> list[Text]:
    """Everything the journal says of a run."""
    began, ended = words.say(Phrase("began")), words.say(Phrase("ended"))
    names = {name: words.say(_HEADER[name]) for name in record.header}
    width = max(9, *map(len, (began, ended, *names.values())))
    lines = [Text(record.run, "bold"), Text(f"  {began:<{width}} {_when(record, zone, words)}")]
    lines += [Text(f"  {names[name]:<{width}} {plain(told)}") for name, told in record.header.items()]
    lines += [Text(f"  {ended:<{width}} ") + _end(record, words), Text()]
    return lines + [_operation(one, words) for one in record.operations]


def _operation(one: Operation, words: Catalogue) -> Text:
    result = one.result or (_SETTLED if one.settled else _UNKNOWN)
    calm = result in ("done", _SETTLED)
    shown = words.say(_RESULTS[result]) if result in _RESULTS else plain(result)
    action = words.say(_ACTIONS[one.action]) if one.action in _ACTIONS else plain(one.action)
    results, actions = (max(len(words.say(name)) for name in names.values()) for names in (_RESULTS, _ACTIONS))
    line = Text(f"  {shown:<{max(8, results)}} {action:<{max(7, actions)}} {plain(one.address)}", "" if calm else ALARM)
    if one.settled:
        line.append(f"  {words.say(Phrase('by {run}', run=one.settled), plain)}", QUIET)
    if one.seconds:
        line.append(f"  {words.say(duration(one.seconds))}", QUIET)
    if one.request_id:
        line.append(f"  {words.say(Phrase('request {id}', id=one.request_id), plain)}", QUIET)
    if one.error:
        line.append(f"\n           {words.say(one.error, plain)}")
    return line


def _end(record: RunRecord, words: Catalogue) -> Text:
    if record.tally is None:
        return _killed(record, words)
    told = ", ".join(words.say(_counted(word, number), plain) for word, number in record.tally.items() if number)
    return Text(told or words.say(Phrase("nothing done")), ALARM if record.tally.get("failed") else "")


def _killed(record: RunRecord, words: Catalogue) -> Text:
    """A run that nobody heard the end of."""
    done = sum(one.result == "done" for one in record.operations)
    settled = sum(bool(one.settled) for one in record.operations)
    doubts = sum(not (one.result or one.settled) for one in record.operations)
    said = Phrase("killed: {done}", done=counted(Result.DONE, done))
    if settled:
        since = Phrase.counted("{number} settled since", "{number} settled since", settled)
        said = Phrase("{said}, {more}", said=said, more=since)
    if not doubts:
        return Text(words.say(said))
    told = Phrase.counted(
        "{said}, {number} in doubt; the next apply settles it",
        "{said}, {number} in doubt; the next apply settles them",
        doubts,
        said=said,
    )
    return Text(words.say(told), ALARM)


def _counted(word: str, number: int) -> Phrase:
    """A result by the word the journal has for it, which may be another version's."""
    known = {result.value: result for result in Result}
    return counted(known[word], number) if word in known else Phrase("{number} {word}", number=number, word=word)


def _when(record: RunRecord, zone: dt.tzinfo, words: Catalogue) -> str:
    return words.say(moment(dt.datetime.fromisoformat(record.began), zone)) if record.began else "?"
