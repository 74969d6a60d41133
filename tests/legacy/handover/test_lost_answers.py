"""A host that did what it was asked, and whose answer was lost: the next look settles it, on a real Postfix."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.legacy.handover.conftest import BUREAU, CONTACT, OUTSIDE, World
from tests.legacy.handover.cut_line import CutLine
from tests.legacy.handover.test_real_host import DOMAINS, FIELDS, HANDOVER, tables
from tests.legacy.handover.test_sql import FLAGGED, looking_into
from tests.postgresql import Cluster

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Order, Scope, Wanted
from reconcile.providers.legacy.handover.command import HandoverCommand
from reconcile.providers.legacy.handover.driver import Driver
from reconcile.providers.legacy.handover.provider import HandoverReader, HandoverWriter
from reconcile.providers.legacy.own_command import answer_of
from reconcile.resources.resource import Desired, Live

#: A postmaster's own program for this host: it does what it is told, and its line may break before it says so.
PROGRAM = """
    import json, os, pathlib, signal, sys
    from reconcile.providers.legacy.handover.dump import Dump
    from reconcile.providers.legacy.handover.postfix import PostfixTables
    folder, kept, cut = map(pathlib.Path, sys.argv[1:])
    files = [folder / "tables" / name for name in ("virtual_domains", "relay_domains", "virtual_aliases")]
    reload = lambda: os.kill(int((folder / "pid").read_text()), signal.SIGHUP)
    host = PostfixTables(files[0], files[1], files[2:], Dump(kept, "own"), reload)
    asked = json.load(sys.stdin)
    if asked["action"] != "show":
        getattr(host, asked["action"])(asked["federation"], asked["domains"])
    if cut.exists() and asked["action"] != "show":
        cut.unlink()
        sys.exit(255)
    over = sorted(host.shown(asked["federation"], asked["domains"]).over)
    print(json.dumps({"format": 1, "handed_over": over, "redirections": list(host.redirections(asked["federation"]))}))
"""


@dataclasses.dataclass(frozen=True)
class Way:
    """``lose`` has the answer to the next write lost. ``rows``: what the host has of all domains."""

    world: World
    driver: Driver
    lose: Callable[[], None]
    rows: Callable[[], object]

    @property
    def hosts(self) -> dict[str, object]:
        return {"mutualise": dataclasses.replace(self.world.handed_over(), driver=self.driver)}

    def seen(self, recorded: Live | None) -> object:
        wanted = Wanted(HANDOVER, Desired(HANDOVER, FIELDS), "", recorded.fields if recorded else {})
        return HandoverReader(self.hosts).observe(Scope([wanted], {})).observed[HANDOVER]  # type: ignore[arg-type]

    @property
    def writer(self) -> HandoverWriter:
        return HandoverWriter(self.hosts)  # type: ignore[arg-type]


@contextlib.contextmanager
def by_postfix(world: World, cut: Path) -> Iterator[Way]:
    """The tables are near, and Postfix is reloaded over a line that may break."""
    postfix = world.host.postfix
    words = ["sh", "-c", f"kill -HUP $(cat {postfix.folder}/pid); if rm {cut} 2>/dev/null; then exit 255; fi"]
    driver = world.driver(lambda: answer_of(words, b"", {"PATH": "/usr/bin:/bin"}, 20) and None)
    yield Way(world, driver, cut.touch, lambda: tables(world))


@contextlib.contextmanager
def by_command(world: World, cut: Path) -> Iterator[Way]:
    program = cut.with_name("hand_over.py")
    program.write_text(textwrap.dedent(PROGRAM))
    words = [sys.executable, str(program), str(world.host.postfix.folder), str(world.dump), str(cut)]
    yield Way(world, HandoverCommand(words, {}, 60), cut.touch, lambda: tables(world))


@contextlib.contextmanager
def by_sql(world: World, cluster: Cluster) -> Iterator[Way]:
    kept = looking_into(world, cluster)
    line = CutLine(cluster.port)
    near = dataclasses.replace(kept, place=str(kept.place).replace(str(cluster.port), str(line.port)))
    assert near.place != kept.place
    with line.open():
        yield Way(world, near.driver(FLAGGED), line.cut.set, kept.rows)


@pytest.fixture(params=["postfix", "command", "sql"])
def way(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Way]:
    if request.param == "sql":
        opened = by_sql(world, request.getfixturevalue("cluster"))
    else:
        opened = {"postfix": by_postfix, "command": by_command}[request.param](world, tmp_path / "cut")
    with opened as way:
        yield way


def test_a_lost_answer_is_settled_by_the_next_look_and_what_was_there_comes_back_exactly(way: Way) -> None:
    before = way.rows()
    way.lose()
    with pytest.raises(Problem) as told:
        way.writer.create(Order(HANDOVER, None, FIELDS, frozenset()))
    assert "nothing was" not in told.value.with_hint(), "that is not known"
    over = way.rows()
    assert over != before, "the host did it"

    found = way.seen(None)
    assert isinstance(found, Live)
    assert (found.fields["domains"], found.fields["proved"]) == (DOMAINS, ""), "there, and to be proved yet"
    live = way.writer.update(Order(HANDOVER, found, FIELDS, frozenset({"known", "proved"})))
    assert way.rows() == over, "nothing is done twice"
    assert way.seen(live) == live
    assert {CONTACT, BUREAU} <= set(way.world.tenant.taken)
    assert OUTSIDE not in way.world.tenant.taken, "the former redirection wins no longer"

    way.lose()
    taken = len(way.world.tenant.taken)
    with pytest.raises(Problem) as told:
        way.writer.delete(Order(HANDOVER, live, {}, frozenset()))
    assert "nothing was" not in told.value.with_hint(), "that is not known"
    assert way.rows() == before, "the host did it"
    found = way.seen(live)
    assert isinstance(found, Live), "that it delivers again is to be proved yet"
    way.writer.delete(Order(HANDOVER, found, {}, frozenset()))
    assert way.rows() == before
    assert len(way.world.tenant.taken) == taken, "it delivers itself"
    assert way.seen(None) == ABSENT
    assert not list(way.world.dump.rglob("*.json"))
