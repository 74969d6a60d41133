"""What a reviewer reads under a pull request."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import itertools
import re
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.text import Text
from tests.views.any_plan import plans
from tests.views.sample_plans import CUTOVER, EMPTY, EVERYTHING, MIGRATION, NOW, PARIS, altered, meuse, new

from reconcile.config.settings.tables.guards import Guards
from reconcile.planning.guards.guards import Permission, refusals
from reconcile.planning.plan.plan import Action, Basis, Blocked, Cause, Change, FieldChange, Plan
from reconcile.planning.plan.planfile import document
from reconcile.resources import kinds
from reconcile.resources.address import Address
from reconcile.views.markdown import fence
from reconcile.views.plan.markdown import COMMENT_CHARACTERS, MARKER, render

Golden = Callable[[str, Iterable[Text]], None]
READ = NOW.astimezone(PARIS)
SAMPLES = {"empty": EMPTY, "migration": MIGRATION, "everything": EVERYTHING}
LINK = "https://ci.example.org/runs/7"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_plan_reads_as_its_golden_file(golden: Golden, name: str) -> None:
    plan = SAMPLES[name]
    said = render(plan, READ).replace(document(plan)["digest"], "the digest")
    golden(f"plan_{name}.md", map(Text, said.splitlines()))


def test_the_page_can_be_found_again_and_names_its_plan() -> None:
    said = render(MIGRATION, READ)
    assert said.startswith(MARKER + "\n")
    assert document(MIGRATION)["digest"] in said.splitlines()[-1]


def test_deletions_then_unknown_then_drift_then_the_folds() -> None:
    said = render(EVERYTHING, READ)
    places = [
        said.index(part) for part in ("| Federation", "#### Deletions", "#### Unknown", "#### Drift", "<details>")
    ]
    assert places == sorted(places)


def test_what_an_apply_would_refuse_is_said_first_with_the_way_out() -> None:
    digest = document(EVERYTHING)["digest"]
    said = render(EVERYTHING, READ, refusals=refusals(EVERYTHING, digest, Guards(), Permission()))
    assert said.index("#### Refused") < said.index("#### Deletions")
    assert re.search(
        r"^! GRD01 The plan deletes 1 resource.*ancien@spf55\.org.*\n  → .*--allow-delete", said, re.MULTILINE
    )
    assert "Refused" not in render(
        EVERYTHING, READ, refusals=refusals(EVERYTHING, digest, Guards(), Permission(delete=True))
    )


def test_every_change_is_said_once() -> None:
    said = "\n".join(line for block in fenced(render(EVERYTHING, READ)) for line in block.splitlines())
    for change in EVERYTHING.changes:
        words = rf"^{re.escape(change.action.value)} {change.action.name.lower()} +{re.escape(change.address.key)}"
        same = [
            other
            for other in EVERYTHING.changes
            if (other.action, other.address.key) == (change.action, change.address.key)
        ]
        assert len(re.findall(words, said, re.MULTILINE)) == len(same)


def test_an_expired_plan_says_so() -> None:
    assert "**expired** Mon 20 Jan 2025 17:40" in render(MIGRATION, READ + dt.timedelta(days=2))
    assert "may be applied until Mon 20 Jan 2025 17:40" in render(MIGRATION, READ)


def test_a_wait_that_is_over_is_not_told() -> None:
    assert "Due: 4 now" not in render(MIGRATION, CUTOVER.astimezone(PARIS))
    assert "not before Sun 19 Jan 2025 18:00" in render(MIGRATION, READ)
    assert "not before" not in render(MIGRATION, CUTOVER.astimezone(PARIS))


# ---- a hundred federations in one comment


def network(name: str = "Fédération de la Meuse") -> Plan:
    """A hundred federations of sixty changes each: three deletions, five drifts, one blocked read."""
    slugs = [f"spf{number:03}" for number in range(100)]
    return dataclasses.replace(
        EMPTY,
        basis={slug: Basis(name, "d", "l", 1) for slug in slugs},
        changes=tuple(itertools.chain.from_iterable(federation(slug, name) for slug in slugs)),
        blocked=tuple(Blocked(Address(slug, "dns", f"{slug}.org/MX"), "ns1 does not answer.") for slug in slugs),
    )


def federation(slug: str, name: str) -> Iterable[Change]:
    for number in range(52):
        address = Address(slug, "mailbox", f"box{number}@{slug}.org")
        yield new(address, CUTOVER, licence="E1", display_name=name, aliases=(f"alias{number}@{slug}.org",))
    for number in range(3):
        yield dataclasses.replace(
            altered(Address(slug, "mailbox", f"old{number}@{slug}.org")), action=Action.DELETE, cause=Cause.YAML
        )
    for number in range(5):
        address = Address(slug, "mailbox", f"moved{number}@{slug}.org")
        yield altered(address, FieldChange("licence", "E3", "E1", Cause.DRIFT))


@pytest.mark.parametrize(
    "name",
    ["Fédération de la Meuse", "日本" * 30, "🌈" * 60, "|`<" * 20],
    ids=["French", "three bytes", "four bytes", "signs"],
)
def test_a_hundred_federations_fit_one_comment_and_what_does_not_is_counted(name: str) -> None:
    plan = network(name)
    said = render(plan, READ, link=LINK)
    assert COMMENT_CHARACTERS * 0.9 < len(said) <= COMMENT_CHARACTERS
    assert said.count("\n- delete ") == 300
    assert said.count("\n? unknown ") == 100
    assert said.count("\n~ update ") + left_out(said, "drifted resource") == 500
    assert said.count("\n+ create ") + left_out(said, "change") == 5200
    assert f"](<{LINK}>)" in said


def test_a_federation_too_large_for_a_comment_is_shown_as_far_as_it_goes() -> None:
    boxes = tuple(new(meuse("mailbox", f"box{number}@spf55.org"), licence="E1") for number in range(3000))
    said = render(dataclasses.replace(EMPTY, changes=boxes), READ)
    assert 500 < said.count("\n+ create ") < 3000
    assert said.count("\n+ create ") + left_out(said, "change") == 3000
    assert len(said) <= COMMENT_CHARACTERS


def test_one_endless_change_does_not_hide_the_others() -> None:
    aliases = tuple(f"alias{number}@spf55.org" for number in range(5000))
    changes = (
        new(meuse("mailbox", "a@spf55.org"), aliases=aliases),
        new(meuse("mailbox", "b@spf55.org"), licence="E1"),
    )
    said = render(dataclasses.replace(EMPTY, changes=changes), READ)
    assert "characters more" in said
    assert "+ create  b@spf55.org" in said
    assert left_out(said, "change") == 0


def left_out(said: str, what: str) -> int:
    found = re.search(rf"(\d+) {what}s?[,;]", said)
    return int(found[1]) if found else 0


# ---- whatever the names hold


@given(plans(), st.integers(2_500, 6_000))
def test_any_plan_keeps_its_budget_and_counts_what_it_leaves_out(plan: Plan, budget: int) -> None:
    refused = refusals(plan, "digest", Guards(), Permission())
    said = render(plan, READ, refusals=refused, budget=budget, link=LINK)
    assert len(said) <= budget
    assert len(re.findall("^! GRD", said, re.MULTILINE)) + left_out(said, "refusal") == len(refused)
    verbs = re.compile(r"^[-+~>.] (create|update|delete|adopt|forget)\b", re.MULTILINE)
    shown = sum(len(verbs.findall(block)) for block in fenced(said))
    assert shown + sum(left_out(said, word) for word in ("deletion", "drifted resource", "change")) == len(plan.changes)


@given(plans())
def test_any_plan_is_a_page_of_the_same_structure(plan: Plan) -> None:
    """No name opens a heading, a link, a row or a tag of its own."""
    tokens = parsed(render(plan, READ))
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert blocks[0] == MARKER
    assert all(re.fullmatch(r"<details><summary>[^<]*</summary>|</details>", part) for part in blocks[1:])
    assert blocks.count("</details>") == (len(blocks) - 1) / 2
    rows = {change.address.federation for change in plan.changes} | {one.address.federation for one in plan.blocked}
    assert sum(token.type == "tr_open" for token in tokens) == (len(rows) + 2 if rows else 0)
    inline = {child.type for token in tokens for child in token.children or []}
    assert inline <= {"text", "strong_open", "strong_close", "code_inline", "text_special", "softbreak"}
    assert {token.tag for token in tokens if token.type == "heading_open"} <= {"h3", "h4"}
    assert all(token.map[0] >= 1 for token in tokens if token.type == "fence" and token.map)


@given(plans())
def test_no_name_calls_somebody_to_the_page(plan: Plan) -> None:
    outside = re.sub(r"(`{3,})diff\n.*?\n\1\n", "", render(plan, READ), flags=re.DOTALL)
    assert not re.search(r"@\w", html.unescape(outside))


def test_a_fence_is_longer_than_any_run_of_ticks_inside_it() -> None:
    assert fence(["no ticks"]) == "```"
    assert fence(["a ``` b", "a ````` b", "`"]) == "``````"


def test_a_sensitive_field_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = kinds.KINDS["mailbox"]
    with_secret = {**mailbox.fields, "phone": dataclasses.replace(mailbox.fields["phone"], sensitive=True)}
    declared = {**kinds.KINDS, "mailbox": dataclasses.replace(mailbox, fields=with_secret)}
    for module in ("views.plan.change_text", "planning.plan.planfile"):
        monkeypatch.setattr(f"reconcile.{module}.KINDS", declared)
    assert "0329790102" not in render(EVERYTHING, READ) + render(MIGRATION, READ)


def test_a_link_cannot_break_out_of_its_place() -> None:
    said = render(network(), READ, link="https://ci.example.org/a b>\n# title")
    assert "](<https://ci.example.org/a%20b%3E%0A#%20title>)" in said


def parsed(said: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(said)


def fenced(said: str) -> list[str]:
    return [token.content for token in parsed(said) if token.type == "fence"]
