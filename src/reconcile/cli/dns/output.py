"""A survey of domains as lines and as JSON. Pure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import dns.rdatatype

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.phrase import Phrase
from reconcile.providers.dns.checks.propagation import Report, State, last_clean
from reconcile.providers.dns.checks.survey import Survey
from reconcile.providers.dns.primary.answers import Question
from reconcile.views.wording import WEIGHTS

#: What a server says of a record.
_STATES = {
    State.CURRENT: Phrase("current"),
    State.OLD: Phrase("old"),
    State.MISSING: Phrase("missing"),
    State.LAME: Phrase("lame"),
    State.UNREACHABLE: Phrase("unreachable"),
}


def survey_lines(
    survey: Survey, domains: Sequence[str], now: dt.datetime, zone: ZoneInfo, words: Catalogue = ENGLISH
) -> Iterator[str]:
    """The checks of each domain, then where each record stands, then when the last cache asked is clean."""
    longest = max(7, *(len(words.say(weight)) for weight in WEIGHTS.values()))
    for domain in domains:
        yield domain
        for one in survey.findings:
            if one.domain == domain:
                weight = words.say(WEIGHTS[one.weight.value])
                yield f"  {weight:<{longest}} {one.check:<10} {words.say(one.sentence)}"
    yield ""
    by_record = sorted(survey.reports, key=lambda one: one.question)
    for question, reports in itertools.groupby(by_record, key=lambda one: one.question):
        yield from _propagation(question, list(reports), words)
    if seconds := last_clean(survey.reports):
        clean = (now + dt.timedelta(seconds=seconds)).astimezone(zone)
        told = Phrase(
            "The last cache asked is clean in {seconds} s, at {clock:%H:%M:%S} {zone}.",
            seconds=seconds,
            clock=clean,
            zone=f"{clean:%Z}",
        )
        yield words.say(told)


def survey_document(survey: Survey) -> dict[str, Any]:
    """The same as data."""
    return {
        "findings": [
            {"domain": one.domain, "check": one.check, "weight": one.weight.value, "sentence": one.sentence}
            for one in survey.findings
        ],
        "servers": [
            {
                "record": _named(one.question),
                "server": one.nameserver.name,
                "state": one.state.value,
                "seconds": one.seconds,
                "ttl": one.ttl,
            }
            for one in survey.reports
        ],
        "clean_in_seconds": last_clean(survey.reports),
    }


def _propagation(question: Question, reports: list[Report], words: Catalogue) -> Iterator[str]:
    record = _named(question)
    current = [one.nameserver.name for one in reports if one.state is State.CURRENT]
    if current:
        there = any(one.ttl is not None for one in reports if one.state is State.CURRENT)
        servers = ", ".join(current)
        if there:
            yield words.say(Phrase("{record}: current on {servers}", record=record, servers=servers))
        else:
            yield words.say(Phrase("{record}: not published on {servers}", record=record, servers=servers))
    for one in reports:
        if one.state is not State.CURRENT:
            last = "" if one.seconds is None else Phrase(" for {seconds} s more", seconds=one.seconds)
            told = Phrase(
                "{record}: {state}{last} on {server}",
                record=record,
                state=_STATES[one.state],
                last=last,
                server=one.nameserver.name,
            )
            yield words.say(told)


def _named(question: Question) -> str:
    return f"{question.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(question.rdtype)}"
