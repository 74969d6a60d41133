"""Tables as postmasters leave them: taken out and put back byte for byte, also when killed at any step."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.providers.legacy.handover import postfix
from reconcile.providers.legacy.handover.dump import Dump
from reconcile.providers.legacy.handover.postfix import PostfixTables

DOMAINS = ("spf55.org", "cvl.spf55.org")
TABLES = {
    "virtual": "# ours\nspf01.org ok\nspf55.org ok\n\nSPF88.org ok\ncvl.spf55.org ok",
    "relay": "relais.org ok\n",
    "aliases": (
        "# redirections\nbureau@spf01.org x@spf01.org\nBureau@spf55.org a@gmail.example,\n\tb@gmail.example\n"
        "# the catch-all\n@spf55.org contact@spf55.org\n\nx@notspf55.org y@z.example\n@cvl.spf55.org é@spf55.org\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def driver(folder: Path) -> PostfixTables:
    dump = Dump(folder / "handovers", "mutualise")
    return PostfixTables(folder / "virtual", folder / "relay", [folder / "aliases"], dump, lambda: None)


def content(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in TABLES}


def test_only_the_rows_of_its_domains_leave(folder: Path) -> None:
    of = driver(folder)
    of.hand_over("spf55", DOMAINS)
    after = content(folder)
    assert after["virtual"] == "# ours\nspf01.org ok\n\nSPF88.org ok\n"
    assert after["relay"] == "relais.org ok\nspf55.org reconcile\ncvl.spf55.org reconcile\n"
    assert after["aliases"] == (
        "# redirections\nbureau@spf01.org x@spf01.org\n# the catch-all\n\nx@notspf55.org y@z.example\n"
    )
    assert of.shown("spf55", DOMAINS).over == frozenset(DOMAINS)
    assert of.redirections("spf55") == ("bureau@spf55.org",)
    of.take_back("spf55", DOMAINS)
    assert content(folder) == TABLES


def test_what_others_wrote_meanwhile_stays(folder: Path) -> None:
    of = driver(folder)
    of.hand_over("spf55", DOMAINS)
    with (folder / "aliases").open("a") as file:
        file.write("new@spf01.org c@spf01.org\n")
    of.take_back("spf55", DOMAINS)
    assert content(folder)["aliases"] == TABLES["aliases"] + "new@spf01.org c@spf01.org\n"


def test_two_federations_share_the_tables(folder: Path) -> None:
    of = driver(folder)
    of.hand_over("spf55", DOMAINS)
    of.hand_over("spf88", ("spf88.org",))
    of.take_back("spf55", DOMAINS)
    assert of.shown("spf88", ("spf88.org",)).over == {"spf88.org"}
    of.take_back("spf88", ("spf88.org",))
    assert sorted(content(folder)["virtual"].split()) == sorted(TABLES["virtual"].split())


@pytest.mark.parametrize("step", range(8))
def test_a_kill_at_any_step_of_a_handover_loses_no_row(folder: Path, step: int) -> None:
    _killed(folder, step, lambda of: of.hand_over("spf55", DOMAINS))
    again = driver(folder)
    again.hand_over("spf55", DOMAINS)
    assert again.shown("spf55", DOMAINS).over == frozenset(DOMAINS)
    again.take_back("spf55", DOMAINS)
    assert content(folder) == TABLES


@pytest.mark.parametrize("step", range(8))
def test_a_kill_at_any_step_of_taking_back_is_made_up_for(folder: Path, step: int) -> None:
    driver(folder).hand_over("spf55", DOMAINS)
    _killed(folder, step, lambda of: of.take_back("spf55", DOMAINS))
    driver(folder).take_back("spf55", DOMAINS)
    assert content(folder) == TABLES
    assert not driver(folder).shown("spf55", DOMAINS).begun


def _killed(folder: Path, step: int, act: Callable[[PostfixTables], None]) -> None:
    """``act`` in a process of its own, which dies before or after the write of that number (the dump's among them)."""
    child = os.fork()
    if child == 0:
        left = [step]

        def counted(write: Callable[..., None]) -> Callable[..., None]:
            def one(*given: object) -> None:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                write(*given)
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1

            return one

        postfix.rewrite = counted(postfix.rewrite)  # type: ignore[assignment]
        Dump.keep = counted(Dump.keep)  # type: ignore[method-assign]
        act(driver(folder))
        os._exit(0)
    os.waitpid(child, 0)
