"""Letters as their readers get them: every template holds, values stay values, nothing runs and nothing is fetched."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.settings.load import load_settings
from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.letters import Letters, Links
from reconcile.documents.letters.harmless import objection
from reconcile.documents.letters.markup import as_html, as_text, escaped, one_line
from reconcile.documents.letters.render import Rendered, packaged, packaged_names, render
from reconcile.documents.letters.samples import flaws, sample_facts
from reconcile.problem import Problem
from reconcile.resources.notices import Letter

LINKS = Links(tutorials="https://wiki.example/a_b*c", exports="https://wiki.example/exports")
LETTERS = Letters(transport="graph", sender="postmaster@secourspopulaire.example", phone="01 99 00 00 00", links=LINKS)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings([Path("reconcile.toml")]).model_copy(update={"letters": LETTERS})


class Seen(HTMLParser):
    """The words of a page, its links, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.links, self.elements = "", [], set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def every_letter(settings: Settings) -> Iterable[tuple[Letter, Rendered]]:
    for letter in Letter:
        for facts in sample_facts(settings, letter):
            yield letter, render(letter.value, facts, {})


def test_every_template_holds_with_much_to_say_and_with_next_to_nothing(settings: Settings) -> None:
    assert list(flaws(settings, {})) == []
    assert {f"{letter.value}.md" for letter in Letter} <= set(packaged_names())


def test_both_parts_say_the_same_words(settings: Settings) -> None:
    for letter, said in every_letter(settings):
        page = Seen(said.html)
        [body] = re.findall(r"Bonjour.*", " ".join(page.words.split()))
        plain = " ".join(re.sub(r"^(- |\d+\. )| : https?://\S+|", "", said.text, flags=re.MULTILINE).split())
        words = set(re.findall(r"\w{4,}", body)) - set(re.findall(r"\w{4,}", said.text))
        assert words == set(), letter
        assert len(plain) > 100


def test_nothing_in_a_letter_runs_or_is_fetched_and_links_lead_where_the_settings_say(settings: Settings) -> None:
    allowed = {LINKS.webmail, LINKS.tutorials, LINKS.exports, Links().webmail}
    for letter, said in every_letter(settings):
        page = Seen(said.html)
        assert objection(said.html) == ""
        assert page.elements.isdisjoint({"script", "img", "link", "style", "iframe", "form", "object"}), letter
        assert set(page.links) <= allowed


def test_subjects_are_plain(settings: Settings) -> None:
    for _, said in every_letter(settings):
        assert not set(said.subject) & set("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{NON-BREAKING HYPHEN}*_\n")
        assert len(said.subject) < 120


def test_the_confirmation_tells_the_cost_and_what_is_missing(settings: Settings) -> None:
    full = next(iter(sample_facts(settings, Letter.CONFIRMATION)))
    said = render("confirmation", full, {}).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "5 licences E1 et 4 E3" in said
    assert "Surcoût possible : 5,48 € TTC par mois, soit 65,76 € par an." in said
    assert "- le compte PopTransfert qui recevra les mots de passe" in said
    assert "dimanche 19 janvier 2025 à 16 h" in said


def test_what_was_not_copied_is_named_mailbox_by_mailbox(settings: Settings) -> None:
    full, bare, *_ = sample_facts(settings, Letter.COPIED)
    assert "accueil@spf99.org : 2 messages" in render("copied", full, {}).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Aucun message ne manque" in render("copied", bare, {}).text


@given(st.text(max_size=200))
def test_whatever_a_value_holds_it_stays_text(value: str) -> None:
    text = f"Bonjour {escaped(value)},\n\n- {escaped(value)}\n"
    page = Seen(as_html(text))
    assert page.elements == {"p", "ul", "li"} or not escaped(value).strip()
    assert page.links == []
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
    assert as_text(text).splitlines()[0].replace("\N{NO-BREAK SPACE}", " ").replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    ) == (f"Bonjour {shown},".replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " "))


@pytest.mark.parametrize(
    ("written", "line", "why"),
    [
        ("Objet : x\n\n{{ contact.nam }}", 3, "nam"),
        ("Objet : x\n\nBonjour\n{% if %}", 4, "Expected an expression"),
        ("Bonjour", 1, "first line"),
        ("Objet : x\n", 1, "no text"),
        ("Objet : x\n\n{{ dates.day | jour }}", 3, "jour"),
        ("Objet : x\n\n\n{{ ''.__class__.__mro__ }}", 4, "unsafe"),
        ("Objet : x\n\n{% include 'passwd.md' %}", 1, "passwd.md"),
        ("Objet : x\n\n{{ links.tutorials() }}", 3, "not callable"),
        ("Objet : x\n\n{{ contact.name + 1 }}", 3, "str"),
        ("Objet : " + "x" * 300 + "\n\nBonjour", 1, "characters long"),
    ],
)
def test_a_template_that_is_wrong_is_told_with_its_line(settings: Settings, written: str, line: int, why: str) -> None:
    facts = next(iter(sample_facts(settings, Letter.LIST)))
    with pytest.raises(Problem) as told:
        render("list", facts, {"list.md": written})
    assert told.value.code == "LET01"
    assert f"list.md, line {line}: " in told.value.message
    assert why in told.value.message


@pytest.mark.parametrize(
    "bad",
    [
        "<script>alert(1)</script>",
        '<img src="https://suivi.example/p.gif">',
        '<a href="javascript:alert(1)">x</a>',
        '<p onclick="x()">x</p>',
        '<p style="background:url(https://suivi.example/p.gif)">x</p>',
        '<meta http-equiv="refresh" content="0;url=https://x.example">',
        "<style>@import url(https://x.example)</style>",
        '<table background="https://suivi.example/p.gif"></table>',
        "<!--[if mso]><p>x</p><![endif]-->",
    ],
)
def test_a_layout_that_runs_or_fetches_something_is_refused(settings: Settings, bad: str) -> None:
    facts = next(iter(sample_facts(settings, Letter.LIST)))
    layout = packaged("layout.html") or ""
    with pytest.raises(Problem) as told:
        render("list", facts, {"layout.html": layout.replace("{{ body }}", f"{bad}{{{{ body }}}}")})
    assert (told.value.code, "layout.html" in told.value.message) == ("LET01", True)


@pytest.mark.parametrize(
    "raw", ["<b>gras</b>", "<script>x</script>", "![x](https://x.example/p.gif)", "[x](javascript:y)"]
)
def test_raw_html_and_images_of_a_template_are_shown_as_text(raw: str) -> None:
    page = Seen(as_html(f"Bonjour {raw}"))
    assert page.elements <= {"p", "a"}
    assert not page.links or page.links == ["https://x.example/p.gif"]


def test_an_edited_template_replaces_ours_and_includes_the_others(settings: Settings) -> None:
    facts = next(iter(sample_facts(settings, Letter.LOCKED)))
    said = render("locked", facts, {"locked.md": 'Objet : *Fermé* !\n\nC’est fermé.\n\n{% include "closing.md" %}\n'})
    assert said.subject == "Fermé !"
    assert "Une question" in said.text


def test_a_link_is_its_words_and_its_address_in_plain_text() -> None:
    assert as_text("[Les tutoriels](https://x.example/a)") == "Les tutoriels\N{NO-BREAK SPACE}: https://x.example/a\n"
    assert as_text("[https://x.example](https://x.example)") == "https://x.example\n"
    assert one_line("*a* [b](https://x.example)") == "a b : https://x.example"


def test_lists_keep_their_marks_and_their_numbers() -> None:
    assert as_text("Un :\n\n1. a\n2. b\n   - c\n\nFin") == "Un :\n\n1. a\n2. b\n  - c\n\nFin\n".replace(
        " :", "\N{NO-BREAK SPACE}:"
    )


def test_days_and_moments_are_said_in_french(settings: Settings) -> None:
    from reconcile.documents.french import civil_day, civil_moment, grouped, listed, spaced

    assert civil_day(dt.date(2025, 8, 1)) == "vendredi 1er août 2025"
    assert civil_moment(dt.datetime(2025, 1, 19, 16, 5, tzinfo=dt.UTC)) == "dimanche 19 janvier 2025 à 16 h 05"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b et c"
    assert grouped(1234567) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"
    assert spaced("Prêt ? « oui » : https://x.example:80") == (
        "Prêt\N{NARROW NO-BREAK SPACE}? «\N{NO-BREAK SPACE}oui\N{NO-BREAK SPACE}»\N{NO-BREAK SPACE}: https://x.example:80"
    )
