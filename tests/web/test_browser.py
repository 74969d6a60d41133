"""The board in Chromium: nothing for axe-core to find, all by the keyboard, narrow, wide, dark, printed, and live.

Run by ``make test-board``, which installs what opens the browser. Pictures are kept in .artefacts/board.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.board.network import EVENING, Network, make, save_plan
from tests.board import Served, served
from tests.scenarios.stage import ROOT, Stage

pytestmark = pytest.mark.board

TOOLS = os.environ.get("RECONCILE_TEST_BROWSER", "")
CHROMIUM = shutil.which("chromium") or ""
HERE = Path(__file__).parent / "browser"
PICTURES = ROOT / ".artefacts" / "board"
PAGES = ("index.html", "day.html", "calendar.html", "copies.html", "plan.html", "journal.html",
         "federation-spf04.html", "federation-spf07.html", "plan-spf08.html")  # fmt: skip
#: What axe-core cannot judge and need not: a mark that repeats the word beside it, hidden from who cannot see it.
A_MARK_ALONE = "Element content contains only non-text characters"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    if not (TOOLS and CHROMIUM):
        pytest.skip("run by make test-board, where Chromium is installed")
    made = make(tmp_path_factory.mktemp("network"), federations=16, mailboxes=12)
    save_plan(made)
    return made


@pytest.fixture(scope="module")
def board(network: Network) -> Iterator[Served]:
    with served(Stage(network.folder), "--as-of", EVENING) as running:
        yield running


def visited(address: str, folder: Path, *pages: str) -> list[dict[str, Any]]:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["node", str(HERE / "visit.mjs"), TOOLS, CHROMIUM, str(folder), address, *pages]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=570)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) == 4 * len(pages)
    return found


def faults(found: list[dict[str, Any]]) -> list[str]:
    """Everything that is not as it should be, a line each."""
    said = []
    for one in found:
        where = f"{one['page']} {one['width']} {one['scheme']}"
        assert one["axe"]["version"] == "4.14.1"
        said += [f"{where}: axe {each['rule']}: {each['nodes']}" for each in one["axe"]["violations"]]
        unsure = [(each["rule"], node) for each in one["axe"]["incomplete"] for node in each["nodes"]]
        said += [f"{where}: axe is not sure of {rule}: {node}" for rule, node in unsure if A_MARK_ALONE not in node]
        said += [f"{where}: {error}" for error in one["errors"]]
        if one["overflow"] > 0:
            said.append(f"{where}: {one['overflow']} pixels beside the window")
        if walk := one["keyboard"]:
            assert walk["reached"] > 5
            said += [f"{where}: not reached by the keyboard: {each}" for each in walk["missed"]]
            said += [f"{where}: reached and not seen: {each}" for each in walk["unseen"]]
        if one["printed"]:
            said += [f"{where}: cut on paper: {each}" for each in one["printed"]["cut"]]
            if one["printed"]["wide"] > 0:
                said.append(f"{where}: {one['printed']['wide']} pixels beside the paper")
    return said


def test_every_page_is_for_everybody(board: Served) -> None:
    assert faults(visited(board.address, PICTURES / "live", *PAGES)) == []


def test_the_report_opens_from_a_disk(network: Network) -> None:
    stage = Stage(network.folder)
    stage.run("--live", "report", "--html", "out", "--as-of", EVENING, expect=0)
    address = f"file://{network.folder / 'out'}/"
    assert faults(visited(address, PICTURES / "report", "index.html", "day.html", "plan-spf08.html")) == []


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_an_open_page_follows_what_happens(network: Network, board: Served, scripts: str) -> None:
    command = ["node", str(HERE / "watch.mjs"), TOOLS, CHROMIUM, board.address, scripts, "big-all"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as open_page:
        assert open_page.stdin is not None
        assert open_page.stdout is not None
        before = json.loads(open_page.stdout.readline())
        assert network.finish_a_copy()
        after = json.loads(open_page.stdout.readline())
        open_page.stdin.close()
        assert int(after["now"]) == int(before["now"]) + 1
        assert after["focus"] == before["focus"], "the reader stays where they are"
        if scripts == "on":
            assert after["focus"] == "A"
