"""The page of every key: written from the models, whole, and current."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from reconcile.config.document.document import read_document
from reconcile.config.schema.examples import EXAMPLES
from reconcile.config.schema.reference import COMMITTED, reference_page

ROOT = Path(__file__).resolve().parents[3]
ROWS = re.compile(r"^\| `(?P<key>[a-zA-Z0-9_]+)` \| (?P<cells>.+) \|$", re.MULTILINE)


def test_the_committed_page_is_current() -> None:
    written = (ROOT / COMMITTED).read_text(encoding="utf-8")
    assert written == reference_page(), f"write it with: reconcile schema --reference -o {COMMITTED}"


def test_every_key_has_a_type_a_default_an_example_and_a_meaning() -> None:
    rows = list(ROWS.finditer(reference_page()))
    assert len(rows) > 100
    for row in rows:
        cells = re.split(r" (?<!\\)\| ", row["cells"])
        assert len(cells) == 4, row[0]
        assert all(cell.strip() for cell in cells), row[0]


def test_no_example_is_left_of_a_key_that_is_gone() -> None:
    keys = {row["key"] for row in ROWS.finditer(reference_page())}
    assert {name.partition(".")[2] for name in EXAMPLES} <= keys


@pytest.mark.parametrize("name", [name for name in EXAMPLES if re.match("(FederationFile|Mailbox|Migration)", name)])
def test_an_example_of_a_federation_file_is_yaml_the_loader_reads(name: str) -> None:
    text = f"{name.partition('.')[2]}: {EXAMPLES[name]}\n"
    assert read_document(text).tree


@pytest.mark.parametrize("name", [name for name in EXAMPLES if re.match("(LegacyServer|DnsServer)", name)])
def test_an_example_of_the_settings_in_brackets_is_toml(name: str) -> None:
    example = EXAMPLES[name]
    assert tomllib.loads(f"key = {example}" if example[0] in '[{"' else f'key = "{example}"')
