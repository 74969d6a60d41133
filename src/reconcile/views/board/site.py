"""The board's pages, by name: what a folder is filled with and what a server answers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import importlib.resources
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconcile.language.catalogue import catalogue
from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.planning.status import STEPS, State
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.board import calendar, copying, model, moments, phases, planned
from reconcile.views.board.model import Board, Entry
from reconcile.views.board.words import Words
from reconcile.views.wording import plain

#: What stands beside the pages; the script only where a server answers.
ASSETS = ("board.css",)
LIVE_ASSETS = ("board.css", "board.js")
#: Runs told on the journal's page, and operations on a federation's.
RUNS, OPERATIONS = 30, 30


@dataclasses.dataclass(frozen=True)
class Site:
    """Every page of one board in one language. ``live``: a server answers, so the figures may move."""

    board: Board
    words: Words
    live: bool = False

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The name of every page, the overview first."""
        return tuple(self._pages)

    def page(self, name: str, *, viewer: str = "", still: bool = False, version: str = "", trouble: str = "") -> str:
        """A page as HTML. Raises KeyError when there is none of that name.

        ``viewer``: who is signed in, "" where nobody needs to. ``still``: without a script it is not loaded anew by
        itself. ``version``: since when the script wants news. ``trouble``: why the migration cannot be told any more.
        """
        template, own = self._pages[name]
        own_facts = {"page": name, "viewer": viewer, "still": still, "version": version, "trouble": trouble, **own}
        return _templates().get_template(template).render({**self._shared, **own_facts})

    @functools.cached_property
    def _pages(self) -> Mapping[str, tuple[str, Mapping[str, object]]]:
        board = self.board
        pages: dict[str, tuple[str, Mapping[str, object]]] = {
            "index.html": ("overview.html", {}),
            "calendar.html": ("calendar.html", {}),
            "day.html": ("day.html", {"date": board.nearest}),
            "copies.html": ("copies.html", {}),
            "plan.html": ("plan.html", {}),
            "journal.html": ("journal.html", {}),
        }
        pages |= {f"day-{date.isoformat()}.html": ("day.html", {"date": date}) for date in board.dates}
        for entry in board.entries:
            pages[entry.page] = ("federation.html", {"entry": entry, "operations": self._operations(entry)})
            if board.plan and board.plan.plan:
                pages[entry.plan_page] = ("federation_plan.html", {"entry": entry})
        return pages

    @functools.cached_property
    def _shared(self) -> Mapping[str, object]:
        board, words = self.board, self.words
        zone, language = board.now.tzinfo, words.language
        return {
            "board": board,
            "t": words,
            "live": self.live,
            "day": functools.partial(moments.day, language=language),
            "moment": functools.partial(moments.moment, zone=zone, language=language),
            "short": functools.partial(moments.short, zone=zone, language=language),
            "model": model,
            "calendar": calendar,
            "copying": copying,
            "phases": phases,
            "planned": planned,
            "by_slug": {entry.slug: entry for entry in board.entries},
            "plain": plain,
            "say": functools.partial(catalogue(language).say, clean=plain),
            "between": self._between,
            "at": lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC),
            "began": lambda run: dt.datetime.fromisoformat(run.began) if run.began else None,
            "STATES": State,
            "STEPS": STEPS,
            "UNSCHEDULED": UNSCHEDULED,
            "RUNS": RUNS,
        }

    def _between(self, left: Remaining) -> str:
        """When a copy should be over, by the copies' own clock."""
        earliest, latest = (
            dt.datetime.fromtimestamp(self.board.copying_now + seconds, dt.UTC)
            for seconds in (left.earliest, left.latest)
        )
        return moments.between(earliest, latest, self.board.now.tzinfo, self.words.language)

    def _operations(self, entry: Entry) -> list[tuple[object, object]]:
        """The last operations of a federation, each with its run, the latest run first."""
        prefix = f"{entry.slug}/"
        found: list[tuple[object, object]] = []
        for run in self.board.runs:
            found += [(run, one) for one in run.operations if one.address.startswith(prefix)]
            if len(found) >= OPERATIONS:
                break
        return found[:OPERATIONS]


def asset(name: str) -> bytes:
    """The bytes of the style sheet or the script. Raises KeyError when there is none of that name."""
    if name not in LIVE_ASSETS:
        raise KeyError(name)
    return (importlib.resources.files("reconcile.views.board") / "static" / name).read_bytes()


def report(board: Board, words: Words) -> dict[str, bytes]:
    """Every file of the board as a folder of pages that no server answers for, by name."""
    site = Site(board, words)
    pages = {name: site.page(name).encode() for name in site.names}
    return {**pages, **{name: asset(name) for name in ASSETS}}


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("reconcile.views.board"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
