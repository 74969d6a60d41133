"""The list of copies for programs: JSON, and Prometheus' text format."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.mailcopy.queue.jobs import Job

#: What is told of each copy.
_TOLD = [field.name for field in dataclasses.fields(Job) if field.name != "epoch"]


def copies_json(jobs: Iterable[Job], now: dt.datetime, left: Mapping[str, Remaining]) -> str:
    """The list for programs, a line for each copy; moments are ISO 8601 in UTC, null when there is none. ``over``: the
    earliest and the latest moment at which the copy should be over."""
    lines = (json.dumps(_as_json(job, now, left.get(job.key)), ensure_ascii=False) for job in jobs)
    return "[\n" + ",\n".join(lines) + "\n]"


def copies_metrics(jobs: Iterable[Job], left: Mapping[str, Remaining], rates: Mapping[str, Sequence[int]]) -> str:
    """The list in Prometheus' text format: copies by federation and state, messages and the time left by federation,
    messages of the last minute in which any came by old host."""
    copies: Counter[tuple[str, str]] = Counter()
    messages: dict[str, Counter[str]] = {"done": Counter(), "total": Counter(), "refused": Counter()}
    for job in jobs:
        federation = job.key.partition("/")[0]
        copies[federation, job.state] += 1
        messages["done"][federation] += job.messages
        messages["total"][federation] += job.messages_total or 0
        messages["refused"][federation] += job.refused
    lines = ["# TYPE reconcile_copies gauge"]
    lines += [f'reconcile_copies{{federation="{f}",state="{s}"}} {n}' for (f, s), n in sorted(copies.items())]
    for what, counted in messages.items():
        lines.append(f"# TYPE reconcile_copy_messages_{what} gauge")
        lines += [f'reconcile_copy_messages_{what}{{federation="{f}"}} {n}' for f, n in sorted(counted.items())]
    latest: dict[tuple[str, str], float] = {}
    for key, one in left.items():
        for bound, seconds in (("earliest", one.earliest), ("latest", one.latest)):
            name = (key.partition("/")[0], bound)
            latest[name] = max(latest.get(name, 0.0), seconds)
    lines.append("# TYPE reconcile_copy_seconds_left gauge")
    lines += [
        f'reconcile_copy_seconds_left{{federation="{f}",bound="{bound}"}} {seconds:.0f}'
        for (f, bound), seconds in sorted(latest.items())
    ]
    lines.append("# TYPE reconcile_copy_messages_per_minute gauge")
    lines += [f'reconcile_copy_messages_per_minute{{source="{s}"}} {m[0]}' for s, m in sorted(rates.items())]
    return "\n".join(lines) + "\n"


def _as_json(job: Job, now: dt.datetime, left: Remaining | None) -> dict[str, Any]:
    seen: dict[str, Any] = {name: getattr(job, name) for name in _TOLD}
    moments = (left.earliest, left.latest) if left else ()
    seen["over"] = [(now + dt.timedelta(seconds=each)).isoformat(timespec="seconds") for each in moments] or None
    for name in ("not_before", "updated"):
        seen[name] = dt.datetime.fromtimestamp(seen[name], dt.UTC).isoformat() if seen[name] else None
    return seen
