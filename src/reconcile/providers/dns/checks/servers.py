"""Named checks of the servers that show a domain: do they agree, and will their caches be over it in time? Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.propagation import Report, State
from reconcile.resources.milestones import UNSCHEDULED


class SwitchMoments(NamedTuple):
    """When the TTL is to be lowered, and when mail is switched."""

    lowered: dt.datetime
    cutover: dt.datetime


#: Seconds. A TTL up to this one needs no lowering.
SHORT = 600


def servers_agree(
    domain: str, reports: Sequence[Report], primary: str, *, listed: bool
) -> Iterator[tuple[Weight, str]]:
    """What other servers of the zone say of the domain's MX. ``listed``: the primary is one of the zone's servers."""
    if not reports:
        return
    by_state = {state: [one.nameserver.name for one in reports if one.state is state] for state in State}
    behind = by_state[State.OLD] + by_state[State.MISSING]
    if behind and not by_state[State.CURRENT] and not listed:
        shown = f"None of the zone's servers shows the MX of {domain} that {primary} holds ({', '.join(behind)})"
        yield Weight.BLOCKS, f"{shown}: it is not their primary, or does not reach them, and no change would be seen."
    elif behind:
        yield Weight.WARNS, f"Behind {primary} on the MX of {domain}: {', '.join(behind)}."
    if lame := by_state[State.LAME]:
        yield Weight.WARNS, f"Named by the zone and not authoritative for {domain}: {', '.join(lame)}."
    if silent := by_state[State.UNREACHABLE]:
        yield Weight.WARNS, f"No answer about {domain} from {', '.join(silent)}."


def delegation(domain: str, named: Collection[str], delegated: Collection[str] | None) -> Iterator[tuple[Weight, str]]:
    """Whether the parent delegates to the servers the zone names. ``delegated``: by the parent; None: not known."""
    if not delegated or not named or set(delegated) <= set(named):
        return
    others = ", ".join(sorted(set(delegated) - set(named)))
    if set(delegated) & set(named):
        yield Weight.WARNS, f"The parent of {domain} delegates to {others} too, which the zone does not name."
    else:
        reported = f"The parent of {domain} delegates to {others}, and to none of the servers its zone names"
        yield Weight.BLOCKS, f"{reported}: nobody would see a change here."


def ttl_in_time(
    domain: str, ttl: int, moments: SwitchMoments, now: dt.datetime, zone: dt.tzinfo
) -> Iterator[tuple[Weight, str]]:
    """Caches must have learnt the short TTL by the cutover, so it must be lowered one old TTL before.

    ``ttl`` is the largest, in seconds, that any authoritative server gives a record the switch changes.
    """
    cutover = moments.cutover
    if cutover <= now or cutover == UNSCHEDULED or ttl <= SHORT:
        return
    latest = cutover - dt.timedelta(seconds=ttl)
    if now < latest < moments.lowered:
        days = math.ceil(ttl / 86400) + 1
        late = f"Records of {domain} live {ttl} s, too long for a TTL lowered {moments.lowered.astimezone(zone):%d/%m}"
        yield Weight.WARNS, f"{late}: set preparation_days to {days} or more in [calendar]."
    elif latest > now:
        until = f"{latest.astimezone(zone):%d/%m/%Y %H:%M %Z}"
        yield Weight.FINE, f"Records of {domain} live {ttl} s: their TTL must be lowered before {until}."
    else:
        until = f"{(now + dt.timedelta(seconds=ttl)).astimezone(zone):%d/%m/%Y %H:%M %Z}"
        late = f"Too late to lower the TTL of {domain} ({ttl} s): some senders use the old host until {until}"
        yield Weight.WARNS, f"{late}. Move the date, or keep the old host receiving until then."
