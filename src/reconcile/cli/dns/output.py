"""A survey of domains as lines and as JSON. Pure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import dns.rdatatype

from reconcile.providers.dns.checks.propagation import Report, State, last_clean
from reconcile.providers.dns.checks.survey import Survey
from reconcile.providers.dns.primary.answers import Question


def survey_lines(survey: Survey, domains: Sequence[str], now: dt.datetime, zone: ZoneInfo) -> Iterator[str]:
    """The checks of each domain, then where each record stands, then when the last cache asked is clean."""
    for domain in domains:
        yield domain
        for one in survey.findings:
            if one.domain == domain:
                yield f"  {one.weight.value:<7} {one.check:<10} {one.sentence}"
    yield ""
    by_record = sorted(survey.reports, key=lambda one: one.question)
    for question, reports in itertools.groupby(by_record, key=lambda one: one.question):
        yield from _propagation(question, list(reports))
    if seconds := last_clean(survey.reports):
        clean = (now + dt.timedelta(seconds=seconds)).astimezone(zone)
        yield f"The last cache asked is clean in {seconds} s, at {clean:%H:%M:%S %Z}."


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


def _propagation(question: Question, reports: list[Report]) -> Iterator[str]:
    current = [one.nameserver.name for one in reports if one.state is State.CURRENT]
    if current:
        there = any(one.ttl is not None for one in reports if one.state is State.CURRENT)
        yield f"{_named(question)}: {'current' if there else 'not published'} on {', '.join(current)}"
    for one in reports:
        if one.state is not State.CURRENT:
            last = "" if one.seconds is None else f" for {one.seconds} s more"
            yield f"{_named(question)}: {one.state.value}{last} on {one.nameserver.name}"


def _named(question: Question) -> str:
    return f"{question.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(question.rdtype)}"
