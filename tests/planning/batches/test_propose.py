"""Dates for a hundred federations: within room and wishes, evenly, the same on every run, and each with its reason."""

from __future__ import annotations

import datetime as dt
import random
import resource

import pytest

from reconcile.config.settings.tables.batches import Batch
from reconcile.planning.batches.following import following
from reconcile.planning.batches.propose import Proposal, first_come, propose
from reconcile.planning.batches.weights import Candidate, Weight

TODAY = dt.date(2024, 12, 1)
DATES = [dt.date(2025, 1, 20), dt.date(2025, 3, 3), dt.date(2025, 4, 7), dt.date(2025, 5, 19)]
CALENDAR = [Batch(date=day) for day in DATES]


def network(count: int = 115, seed: int = 7) -> list[Candidate]:
    """Federations of all sizes; two thirds have wishes, the early dates more of them."""
    draw = random.Random(seed)  # noqa: S311
    found = []
    for number in range(count):
        boxes = max(3, round(draw.lognormvariate(3.6, 0.6)))
        size = round(boxes * draw.lognormvariate(1.0, 0.5) * 10**9)
        wishes = list(dict.fromkeys(draw.choices(DATES, weights=[4, 3, 2, 1], k=9)))[: draw.choice([0, 1, 2, 3, 4])]
        found.append(Candidate(f"spf{number:03}", f"F{number}", Weight(boxes, size), tuple(wishes)))
    return found


def chosen(proposal: Proposal) -> dict[str, dt.date | None]:
    return {one.candidate.slug: one.date for one in proposal.assigned}


def spread(dates: dict[str, dt.date | None], ones: list[Candidate], measure: str) -> float:
    """The heaviest date less the lightest, as a share of the mean."""
    sums = [sum(getattr(one.weight, measure) for one in ones if dates[one.slug] == day) for day in DATES]
    return (max(sums) - min(sums)) / (sum(sums) / len(sums))


def test_a_hundred_and_fifteen_federations_within_room_and_wishes_evenly() -> None:
    ones = network()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    proposal = propose(ones, CALENDAR, TODAY)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime <= 10  # seconds of CPU, whatever else the machine does
    dates = chosen(proposal)
    assert proposal.proved
    assert None not in dates.values()
    assert all(sum(day == one.date for day in dates.values()) <= one.most for one in CALENDAR)
    assert all(dates[one.slug] in one.wishes for one in ones if one.wishes)
    served = first_come(ones, CALENDAR, TODAY)
    for measure in ("mailboxes", "size"):
        assert spread(dates, ones, measure) < 0.03
        assert spread(dates, ones, measure) < spread(served, ones, measure) / 5


def test_the_same_files_give_the_same_answer_in_whatever_order_they_are_read() -> None:
    first = chosen(propose(network(60), CALENDAR, TODAY))
    assert all(chosen(propose(network(60), CALENDAR, TODAY)) == first for _ in range(3))


def test_each_federation_is_told_why() -> None:
    ones = [
        Candidate("spf01", "kept", Weight(10, 10**9), (), DATES[0], "confirmed on 2024-11-30"),
        Candidate("spf02", "first", Weight(10, 10**9), (DATES[1],)),
        Candidate("spf03", "full", Weight(10, 10**9), (DATES[0], DATES[2])),
        Candidate("spf04", "any", Weight(10, 10**9)),
        Candidate("spf05", "none", Weight(10, 10**9), (DATES[0], dt.date(2024, 11, 4))),
        Candidate("spf06", "closed", Weight(10, 10**9), (DATES[3], DATES[1])),
    ]
    calendar = [
        Batch(date=DATES[0], least=0, most=1),
        Batch(date=DATES[1], least=0, most=2),
        Batch(date=DATES[2], least=0, most=2),
        Batch(date=DATES[3], least=0, most=9, open=False),
    ]
    proposal = propose(ones, calendar, TODAY)
    assert {one.candidate.slug: (one.date, one.why) for one in proposal.assigned} == {
        "spf01": (DATES[0], "confirmed on 2024-11-30"),
        "spf02": (DATES[1], "its first wish"),
        "spf03": (DATES[2], "its wish number 2: 2025-01-20 is full"),
        "spf04": (DATES[2], "it asked for no date in particular; this one spreads the load most evenly"),
        "spf05": (None, "no date has room: 2025-01-20 is full; 2024-11-04 is past, or not in the calendar"),
        "spf06": (DATES[1], "its wish number 2: 2025-05-19 is closed"),
    }


def test_when_everything_is_full_all_that_fit_are_placed_and_the_others_told() -> None:
    calendar = [Batch(date=day, least=0, most=5) for day in DATES]
    dates = chosen(propose(network(30), calendar, TODAY))
    assert sum(day is not None for day in dates.values()) <= 20
    assert all(sum(day == one.date for day in dates.values()) <= 5 for one in calendar)
    assert sum(day is None for day in dates.values()) >= 10


def test_without_any_date_to_come_nobody_has_one() -> None:
    assert set(chosen(propose(network(3), CALENDAR, DATES[-1])).values()) == {None}


@pytest.mark.parametrize(
    ("day", "wishes", "taken", "expected"),
    [
        (DATES[0], (), {}, DATES[1]),
        (DATES[0], (DATES[2],), {}, DATES[2]),
        (DATES[0], (DATES[0],), {}, DATES[1]),
        (DATES[0], (), {DATES[1]: 40}, DATES[2]),
        (DATES[0], (DATES[1],), {DATES[1]: 40}, DATES[2]),
        (DATES[3], (), {}, None),
        (None, (), {}, DATES[0]),
        (None, (DATES[3],), {DATES[3]: 39}, DATES[3]),
        (DATES[0], (), dict.fromkeys(DATES, 40), None),
    ],
)
def test_who_is_not_ready_goes_to_the_next_date_with_room(
    day: dt.date | None, wishes: tuple[dt.date, ...], taken: dict[dt.date, int], expected: dt.date | None
) -> None:
    assert following(day, wishes, CALENDAR, taken, TODAY) == expected
