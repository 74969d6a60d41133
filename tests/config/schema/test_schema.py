"""The JSON Schema an editor uses: as strict as the loader where an editor can be, and never stricter on good files."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reconcile.config.document.decode import decode_file
from reconcile.config.document.document import read_document
from reconcile.config.schema.json_schema import COMMITTED, federation_schema

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads(federation_schema())
EDITOR = jsonschema.Draft202012Validator(SCHEMA)


class EditorLoader(yaml.SafeLoader):
    """Scalars as an editor types them: YAML 1.2 has no dates."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

EXAMPLE = """
schema: 1
code: "55"
name: Meuse
domain: spf55.org
mailboxes:
  lou.petit@spf55.org:
    licence: E1
    aliases: [lou@spf55.org, {address: petit@spf55.org, legacy_mail: merge}]
    directory: {last_name: Petit, first_name: Lou, phone: null, atrium_id: 2689}
  contact@spf55.org:
    licence: Partagée
    delegates: [lou.petit@spf55.org, {who: zoe@spf55.org, rights: [read]}]
    directory: {atrium_id: ANT CE 055 0 00000 002689}
not_migrated: [noel@spf55.org, {address: vieux@spf55.org, why: parti}]
"""


def read(text: str) -> Any:
    return yaml.load(text, EditorLoader)  # noqa: S506 - a safe loader, less dates


def test_the_committed_schema_is_current() -> None:
    assert (ROOT / COMMITTED).read_text(encoding="utf-8") == federation_schema(), "run: reconcile schema -o " + str(
        COMMITTED
    )


def test_the_schema_is_itself_valid_and_says_which_dialect_it_speaks() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("path", sorted((ROOT / "federations").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_passes_in_an_editor(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schemas/federation.schema.json\n")
    EDITOR.validate(read(text))


@pytest.mark.parametrize(
    ("good", "also_good"),
    [
        ("licence: Partagée", "licence: shared"),
        ("licence: E1", "licence: E3"),
        ("[lou@spf55.org, {address: petit@spf55.org, legacy_mail: merge}]", ""),
        ("{atrium_id: ANT CE 055 0 00000 002689}", '{atrium_id: "002689"}'),
        ("phone: null", 'phone: "03 53 01 00 01"'),
        ("directory: {last_name: Petit, first_name: Lou, phone: null, atrium_id: 2689}", "directory:"),
    ],
)
def test_short_long_and_empty_forms_pass(good: str, also_good: str) -> None:
    assert good in EXAMPLE
    EDITOR.validate(read(EXAMPLE))
    EDITOR.validate(read(EXAMPLE.replace(good, also_good)))


#: A value as it stands in the example, and ways to write one there that the loader takes too.
SPELLINGS = {
    "schema: 1": ['schema: "1"'],
    'code: "55"': ["code: 55", "code: 07", "code: 2a", "code: '2A'", "code: 971"],
    "name: Meuse": ["name: 1901", 'name: "Meuse"'],
    "domain: spf55.org": ["domain: SPF55.org"],
    "licence: E1": ["licence: e1", "licence: e3", "licence: PARTAGÉE", "licence: Shared", 'licence: "partagee"'],
    "phone: null": ["phone: 0353010001", "phone: 353010001", 'phone: "03 53 01 00 01"'],
    "atrium_id: 2689": ['atrium_id: "2689"', "atrium_id: 002689"],
    "new: true": ['new: "true"', "new: false", "new: 'false'"],
    'postal_code: "55100"': ["postal_code: 55100", 'postal_code: "55 100"', "postal_code: 01000"],
    "monthly: 5.48": ['monthly: "5.48"', "monthly: 5"],
    "date: 2025-01-20": ['date: "2025-01-20"'],
}
SPELT = (
    EXAMPLE
    + """
structures: [{atrium_id: 2689, postal_code: "55100"}]
migration: {date: 2025-01-20, surcharge_told: {date: 2025-01-14, monthly: 5.48}}
"""
)


@pytest.mark.parametrize(
    ("written", "spelling"), [(one, other) for one, others in SPELLINGS.items() for other in others]
)
def test_what_the_loader_takes_an_editor_lets_stand(written: str, spelling: str) -> None:
    text = SPELT.replace("directory: {last_name: Petit", "new: true\n    directory: {last_name: Petit")
    assert written in text
    text = text.replace(written, spelling, 1)
    shape = decode_file(read_document(text))
    assert not shape.findings, shape.findings
    EDITOR.validate(read(text))


@pytest.mark.parametrize(
    ("good", "bad", "where"),
    [
        ("lou.petit@spf55.org:", "trésorerie@spf55.org:", ["mailboxes"]),
        ("lou.petit@spf55.org:", "lou.petit:", ["mailboxes"]),
        ("licence: E1", "licence: E4", ["mailboxes", "lou.petit@spf55.org", "licence"]),
        ("licence: E1", "license: E1", ["mailboxes", "lou.petit@spf55.org"]),
        ("[lou@spf55.org,", "[lou petit@spf55.org,", ["mailboxes", "lou.petit@spf55.org", "aliases", 0]),
        ("legacy_mail: merge", "legacy_mail: keep", ["mailboxes", "lou.petit@spf55.org", "aliases", 1, "legacy_mail"]),
        ("rights: [read]", "rights: [write]", ["mailboxes", "contact@spf55.org", "delegates", 1, "rights", 0]),
        ("{who: zoe@spf55.org,", "{qui: zoe@spf55.org,", ["mailboxes", "contact@spf55.org", "delegates", 1]),
        ("atrium_id: 2689}", "atrium_id: ANT}", ["mailboxes", "lou.petit@spf55.org", "directory", "atrium_id"]),
        ("domain: spf55.org", "domain: Meuse", ["domain"]),
        ("schema: 1", "schema: 2", ["schema"]),
        ("name: Meuse", "nom: Meuse", []),
    ],
)
def test_a_mistake_is_shown_by_the_editor_where_it_stands(good: str, bad: str, where: list[str | int]) -> None:
    assert good in EXAMPLE
    errors = list(EDITOR.iter_errors(read(EXAMPLE.replace(good, bad, 1))))
    assert any(list(error.absolute_path) == where for error in errors), errors


def test_a_reader_finds_a_description_under_every_key() -> None:
    sections = [SCHEMA, *SCHEMA["$defs"].values()]
    assert all(entry.get("description") for section in sections for entry in section["properties"].values())
