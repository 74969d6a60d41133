"""Named checks of the servers that show a domain: do they agree, and will their caches be over it in time? Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from reconcile.language.moments import day, moment
from reconcile.language.phrase import Phrase
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
        yield (
            Weight.BLOCKS,
            Phrase(
                "None of the zone's servers shows the MX of {domain} that {primary} holds ({behind}): it is not their "
                "primary, or does not reach them, and no change would be seen.",
                domain=domain,
                primary=primary,
                behind=", ".join(behind),
            ),
        )
    elif behind:
        yield (
            Weight.WARNS,
            Phrase(
                "Behind {primary} on the MX of {domain}: {behind}.",
                primary=primary,
                domain=domain,
                behind=", ".join(behind),
            ),
        )
    if lame := by_state[State.LAME]:
        yield (
            Weight.WARNS,
            Phrase(
                "Named by the zone and not authoritative for {domain}: {lame}.", domain=domain, lame=", ".join(lame)
            ),
        )
    if silent := by_state[State.UNREACHABLE]:
        yield Weight.WARNS, Phrase("No answer about {domain} from {silent}.", domain=domain, silent=", ".join(silent))


def delegation(domain: str, named: Collection[str], delegated: Collection[str] | None) -> Iterator[tuple[Weight, str]]:
    """Whether the parent delegates to the servers the zone names. ``delegated``: by the parent; None: not known."""
    if not delegated or not named or set(delegated) <= set(named):
        return
    others = ", ".join(sorted(set(delegated) - set(named)))
    if set(delegated) & set(named):
        yield (
            Weight.WARNS,
            Phrase(
                "The parent of {domain} delegates to {others} too, which the zone does not name.",
                domain=domain,
                others=others,
            ),
        )
    else:
        yield (
            Weight.BLOCKS,
            Phrase(
                "The parent of {domain} delegates to {others}, and to none of the servers its zone names: nobody "
                "would see "
                "a change here.",
                domain=domain,
                others=others,
            ),
        )


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
        yield (
            Weight.WARNS,
            Phrase(
                "Records of {domain} live {ttl} s, too long for a TTL lowered {lowered}: set preparation_days to "
                "{days} or "
                "more in [calendar].",
                domain=domain,
                ttl=ttl,
                lowered=day(moments.lowered.astimezone(zone).date()),
                days=days,
            ),
        )
    elif latest > now:
        yield (
            Weight.FINE,
            Phrase(
                "Records of {domain} live {ttl} s: their TTL must be lowered before {until}.",
                domain=domain,
                ttl=ttl,
                until=moment(latest, zone),
            ),
        )
    else:
        yield (
            Weight.WARNS,
            Phrase(
                "Too late to lower the TTL of {domain} ({ttl} s): some senders use the old host until {until}. Move "
                "the "
                "date, or keep the old host receiving until then.",
                domain=domain,
                ttl=ttl,
                until=moment(now + dt.timedelta(seconds=ttl), zone),
            ),
        )
