"""The rule that signs: what a probe proves, and a text that leaves nothing odd behind."""

from __future__ import annotations

import datetime as dt
import html
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.settings.tables.tenant.signature import Signature
from reconcile.documents.signature import page, signature_html, signature_text
from reconcile.problem import Problem
from reconcile.resources.signature.probe import judge, lacking, question
from reconcile.resources.signature.proof import CANDIDATES, DOCUMENTED, Proof
from reconcile.resources.signature.rule import rule_text, signature_rule
from reconcile.state.proofs import decode, encode

NOW = dt.datetime(2025, 1, 6, 9, tzinfo=dt.UTC)
OURS = Signature(organisation="Secours populaire français")
TOKENS = {fact: tokens[0] for fact, tokens in CANDIDATES.items()}
CAMILLE = {
    "display_name": "Camille Dupont",
    "job_title": "Trésorerie & <dons>",
    "office": "Siège",
    "street": "12 rue des Fontaines",
    "postal_code": "55000",
    "city": "L'Haÿ",
    "phone": "03 53 01 00 01",
    "website": "https://www.spf55.example",
    "networks": "facebook.com/spf55",
}

#: What a federation file takes for a line of text: SPF105 refuses control characters and breaks of lines.
texts = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" \u00a0\u202f"), max_size=30)
people = st.fixed_dictionaries({}, optional=dict.fromkeys(CANDIDATES, texts))


def answered(values: dict[str, str], *, escaped: bool = True) -> str:
    """The question as a tenant answers it that fills these tokens in."""
    text = question()
    for token, value in values.items():
        text = text.replace(f"%%{token}%%", html.escape(value) if escaped else value)
    return text


def test_a_token_is_proven_when_it_says_what_the_sender_has() -> None:
    said = {tokens[-1]: CAMILLE[fact] for fact, tokens in CANDIDATES.items()}
    proof = judge(answered(said), "camille.dupont@spf55.org", CAMILLE, NOW)
    assert proof.tokens == {fact: tokens[-1] for fact, tokens in CANDIDATES.items()}
    assert (proof.unknown_stays, proof.escaped, proof.unproven) == (True, True, ())
    assert judge(answered(said, escaped=False), "c@spf55.org", CAMILLE, NOW).escaped is False


def test_a_token_that_stays_vanishes_or_says_something_else_is_not_proven() -> None:
    said = {"DisplayName": CAMILLE["display_name"], "Phone": "", "City": "Paris", "NotAToken": ""}
    proof = judge(answered(said), "camille.dupont@spf55.org", CAMILLE, NOW)
    assert proof.tokens == {"display_name": "DisplayName"}
    assert proof.unknown_stays is False
    assert "phone" in proof.unproven


@pytest.mark.parametrize(
    ("answer", "code"), [("Bonjour", "SIG06"), (question(), "SIG07"), (answered({"DisplayName": "Lou"}), "SIG07")]
)
def test_an_answer_that_proves_nothing_is_refused(answer: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        judge(answer, "camille.dupont@spf55.org", CAMILLE, NOW)
    assert refused.value.code == code


def test_who_shows_less_than_another_cannot_prove_it() -> None:
    silent = {**CAMILLE, "phone": None}
    boxes = {"camille.dupont@spf55.org": CAMILLE, "lou.petit@spf55.org": silent}
    assert lacking("camille.dupont@spf55.org", boxes) == ()
    with pytest.raises(Problem, match=r"lou\.petit@spf55\.org has no phone to answer with") as refused:
        lacking("lou.petit@spf55.org", boxes)
    assert "camille.dupont@spf55.org" in str(refused.value.hint)


def test_a_fact_that_nobody_shows_holds_up_no_probe() -> None:
    silent = {**CAMILLE, "networks": None, "website": ""}
    assert lacking("camille.dupont@spf55.org", {"camille.dupont@spf55.org": silent}) == ("website", "networks")


@given(people)
def test_an_empty_fact_leaves_no_label_no_blank_line_and_no_doubled_blank(fields: dict[str, str]) -> None:
    said = signature_text(signature_html(rule_text(OURS, TOKENS), TOKENS, fields))
    assert "%%" not in said or any("%" in value for value in fields.values())
    assert said.splitlines()[-1].endswith("Secours populaire français · Réf. SPF-SIG")
    assert "  " not in said
    assert all(line.strip() for line in said.splitlines())


@given(people)
def test_what_somebody_is_called_is_never_markup(fields: dict[str, str]) -> None:
    hollow = signature_html(rule_text(OURS, TOKENS), TOKENS, {})
    filled = signature_html(rule_text(OURS, TOKENS), TOKENS, fields)
    assert filled.count("<") == hollow.count("<")
    assert "<script" not in page([("<script>@spf55.org", filled)])


def test_each_line_has_what_is_always_there_and_the_mark_is_seen_in_text_too() -> None:
    markup = signature_html(rule_text(OURS, TOKENS), TOKENS, CAMILLE)
    assert signature_text(markup).splitlines() == [
        "Camille Dupont Trésorerie & <dons>",
        "Siège 12 rue des Fontaines 55000 L'Haÿ",
        "03 53 01 00 01 https://www.spf55.example facebook.com/spf55 Secours populaire français · Réf. SPF-SIG",
    ]
    assert "<!-- SPF-SIG -->" in markup


def test_a_fact_no_token_says_is_left_out_of_the_rule() -> None:
    text = rule_text(OURS, DOCUMENTED)
    assert "Phone" not in text
    assert "%%DisplayName%%" in text


def test_the_rule_of_a_hundred_federations_fits_and_one_that_does_not_is_refused() -> None:
    proof = Proof(NOW, "c@spf55.org", TOKENS, True)
    domains = [f"antenne-{number}.spf{number}.org" for number in range(200)]
    rule = signature_rule(OURS, proof, domains)
    assert len(str(rule.fields["text"])) < 1500
    with pytest.raises(Problem, match="characters") as refused:
        signature_rule(OURS, proof, domains * 3)
    assert refused.value.code == "SIG03"


@given(st.dictionaries(st.sampled_from(list(CANDIDATES)), st.integers(0, 1)), st.booleans(), st.none() | st.booleans())
def test_a_proof_survives_being_kept(chosen: dict[str, int], stays: bool, escaped: bool | None) -> None:
    tokens = {fact: CANDIDATES[fact][min(place, len(CANDIDATES[fact]) - 1)] for fact, place in chosen.items()}
    proof = Proof(NOW, "c@spf55.org", tokens, stays, escaped)
    assert decode(encode(proof), Path("x.json")) == proof


@pytest.mark.parametrize(
    ("change", "code"),
    [({"format": 2}, "SIG02"), ({"tokens": {"phone": "Evil"}}, "SIG01"), ({"unknown_stays": "yes"}, "SIG01")],
)
def test_a_proof_nobody_made_is_not_taken(change: dict[str, object], code: str) -> None:
    document = json.loads(encode(Proof(NOW, "c@spf55.org", {"phone": "Phone"}, True)))
    with pytest.raises(Problem) as refused:
        decode(json.dumps({**document, **change}).encode(), Path("x.json"))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "table",
    [
        {"organisation": "%%DisplayName%%"},
        {"organisation": "X", "logo": "http://x.example/a.png"},
        {"organisation": "X", "logo": 'https://x.example/" onerror="x'},
        {"organisation": "X", "colour": "red;background:url(x)"},
        {"organisation": "X", "mark": "mot"},
    ],
)
def test_a_table_that_could_break_the_rule_is_refused(table: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="Signature"):
        Signature.model_validate(table)
