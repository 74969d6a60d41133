"""Many copies at once: none is lost, none is quicker than its mailbox, all together no quicker than the old hosts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconcile.planning.batches.copying import Rates, ends

COPIES = st.lists(
    st.tuples(st.floats(0, 1e4), st.integers(0, 10**10), st.sampled_from(["spf01", "spf02", "spf03"])), max_size=30
)
RATES = st.builds(
    Rates, st.floats(1e5, 1e8), st.floats(1e4, 1e7), st.integers(1, 8), st.sampled_from([0.0, 0.0, 1.0, 60.0])
)


@given(COPIES, RATES)
def test_every_copy_ends_and_none_before_it_can(copies: list[tuple[float, int, str]], rates: Rates) -> None:
    over = ends(copies, rates)
    assert sorted(whose for whose, _ in over) == sorted(whose for _, _, whose in copies)
    assert [moment for _, moment in over] == sorted(moment for _, moment in over)
    last = max((moment for _, moment in over), default=0.0)
    slack = 1.0 + last * 1e-6
    for begins, size, _ in copies:
        assert last >= begins + size / rates.each - slack
    first = min((begins for begins, _, _ in copies), default=0.0)
    assert last >= first + sum(size for _, size, _ in copies) / rates.in_all - slack
    assert last >= first + rates.gap * (len(copies) - 1) - slack


@given(COPIES, RATES)
def test_more_at_once_is_never_much_later(copies: list[tuple[float, int, str]], rates: Rates) -> None:
    """A lone copy at a time is the slowest there is."""
    alone = Rates(rates.in_all, rates.each, 1, rates.gap)
    last = max((moment for _, moment in ends(copies, rates)), default=0.0)
    assert last <= max((moment for _, moment in ends(copies, alone)), default=0.0) * (1 + 1e-6) + 1.0


def test_the_smallest_of_those_that_may_begin_is_first() -> None:
    copies = [(0.0, 300, "large"), (0.0, 100, "small"), (5.0, 1, "later")]
    assert ends(copies, Rates(10.0, 10.0, 1)) == [("small", 10.0), ("later", 10.1), ("large", 40.1)]
