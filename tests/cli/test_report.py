"""``reconcile report --html``: a folder of pages told from the files and the state, whole or not at all."""

from __future__ import annotations

import html.parser
import os
import re
import shutil
from pathlib import Path

import pytest
from tests.scenarios.stage import ROOT, Stage

#: Elements that HTML lets stand without an end.
ALONE = {"meta", "link", "br", "input"}
#: One that would leave the page if a name were written as it stands.
MARKUP = '</title><script>alert(1)</script><img src=x onerror=alert(2)> & "'


class Page(html.parser.HTMLParser):
    """A page taken apart: what it links to, its scripts and styles, and whether every element ends where it should."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        assert len(known) == len(attrs), f"an attribute twice in {tag}"
        self.elements.append((tag, known))
        if tag not in ALONE:
            self._open.append(tag)
        if tag in ("a", "link"):
            self.links.append(known.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    shutil.copytree(ROOT / "federations", tmp_path / "federations")
    shutil.copy(ROOT / "reconcile.toml", tmp_path)
    return Stage(tmp_path)


def report(stage: Stage, *words: str) -> dict[str, str]:
    stage.run("--live", "report", "--html", "out", "--as-of", "2025-01-19T17:00", *words, expect=0)
    return {path.name: path.read_text(encoding="utf-8") for path in (stage.folder / "out").iterdir()}


def test_every_page_is_whole_leads_only_to_others_and_takes_nothing_from_elsewhere(stage: Stage) -> None:
    files = report(stage)
    pages = {name: Page(text) for name, text in files.items() if name.endswith(".html")}
    assert {"index.html", "calendar.html", "copies.html", "plan.html", "journal.html", "day.html"} <= pages.keys()
    assert {"federation-spf55.html", "day-2025-01-20.html"} <= pages.keys()
    for name, page in pages.items():
        ids = [one["id"] for _, one in page.elements if "id" in one]
        assert len(ids) == len(set(ids)), name
        assert {link for link in page.links if not link.startswith("#")} <= files.keys(), name
        assert {link[1:] for link in page.links if link.startswith("#")} <= set(ids), name
        assert not page.all("script"), name
        assert not page.all("style"), name
        assert not any(key == "style" or key.startswith("on") for _, one in page.elements for key in one), name
        assert len(page.all("h1")) == 1, name
        [html_element] = page.all("html")
        assert html_element["lang"] == "en"


def test_the_day_says_what_every_federation_of_it_waits_for(stage: Stage) -> None:
    pages = report(stage)
    assert "Fédération de la Meuse" in pages["day-2025-01-20.html"]
    assert "GAT02" in pages["day-2025-01-20.html"]
    assert "spf971" not in pages["day-2025-01-20.html"]


@pytest.mark.parametrize(("said", "lang"), [(["--lang", "fr"], "fr"), ([], "fr"), (["--lang", "en"], "en")])
def test_the_language_is_the_one_asked_for_else_the_network_s(stage: Stage, said: list[str], lang: str) -> None:
    stage.settings("[tenant]", '[network]\nlanguage = "fr"\n\n[tenant]')
    page = report(stage, *said)["index.html"]
    assert f'<html lang="{lang}">' in page
    assert ("boîtes terminées" in page) == (lang == "fr")


def test_markup_in_a_file_is_text_on_its_page(stage: Stage) -> None:
    stage.edit("spf88", "name: Fédération des Vosges", f"name: '{MARKUP}'")
    files = report(stage)
    told = [name for name, text in files.items() if "alert(1)" in text]
    assert "federation-spf88.html" in told
    for name in told:
        page = Page(files[name])
        assert not page.all("script"), name
        assert not page.all("img"), name


def test_a_file_of_any_name_has_a_page_inside_the_folder(stage: Stage) -> None:
    path = stage.folder / "federations" / 'x%2f"><b>.yaml'
    path.write_text("licence: [", encoding="utf-8")
    stage.run("--live", "report", "--html", "out", expect=0)
    names = [one.name for one in (stage.folder / "out").glob("federation-*")]
    assert len(names) == 4
    assert all(re.fullmatch(r"federation-[a-z0-9]+\.html", name) for name in names)
    Page((stage.folder / "out" / "index.html").read_text(encoding="utf-8"))


def test_a_former_report_is_replaced_and_nothing_else_ever_is(stage: Stage) -> None:
    report(stage)
    (stage.folder / "federations" / "spf971.yaml").unlink()
    assert "federation-spf971.html" not in report(stage)
    (stage.folder / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    before = {path: path.read_bytes() for path in (stage.folder / "out").iterdir()}
    assert "BRD01" in stage.run("--live", "report", "--html", "out", expect=1).err
    assert {path: path.read_bytes() for path in (stage.folder / "out").iterdir()} == before
    assert "BRD01" in stage.run("--live", "report", "--html", "federations", expect=1).err
    assert sorted(path.name for path in stage.folder.iterdir()) == ["federations", "out", "reconcile.toml"]


def test_where_nothing_can_be_written_the_former_report_stays(stage: Stage) -> None:
    (stage.folder / "file").write_text("", encoding="utf-8")
    assert "BRD02" in stage.run("--live", "report", "--html", "file/out", expect=1).err


def test_no_password_and_no_name_of_a_person_is_on_a_page(stage: Stage) -> None:
    everything = "".join(report(stage).values())
    assert "Dupont" not in everything
    assert "03 53 01" not in everything


def test_the_state_is_read_and_nothing_of_the_project_is_written(stage: Stage) -> None:
    before = {path: path.stat().st_mtime_ns for path in stage.folder.rglob("*")}
    report(stage)
    left = {path for path in stage.folder.rglob("*") if path.parts[len(stage.folder.parts)] != "out"}
    assert {path: path.stat().st_mtime_ns for path in left} == before
    assert os.access(stage.folder / "out" / "index.html", os.R_OK)
