"""A file made to say something else, of which all the rest stays."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from reconcile.config.document.document import read_document
from reconcile.config.document.edit import edited
from reconcile.problem import Problem

FILE = """\
mailboxes:
  lou.petit@spf55.org:
    licence: E1
    directory:
      last_name: Petit
      first_name: Lou
"""


def test_what_is_added_to_the_last_entry_stands_before_the_entry_that_is_added_after_it() -> None:
    wanted: Any = read_document(FILE).tree
    wanted["mailboxes"]["lou.petit@spf55.org"]["directory"]["job_title"] = "Bénévole"
    wanted["mailboxes"]["zoe@spf55.org"] = {"licence": "E1"}
    assert edited(FILE, wanted, "spf55.yaml") == (
        FILE + "      job_title: Bénévole\n  zoe@spf55.org:\n    licence: E1\n"
    )


def test_what_no_screen_shows_is_written_as_yaml_reads_it() -> None:
    wanted = {**read_document(FILE).tree, "name": "a\U000e0001b\u200bc"}
    assert read_document(edited(FILE, wanted, "spf55.yaml")).tree == wanted


def test_a_number_sign_within_a_text_is_no_comment() -> None:
    before = (
        "mailboxes:\n"
        '  a@spf55.org: {licence: E1, title: "n # 1"}\n'
        "  b@spf55.org:\n    title: '#REF!'\n    licence: E1\n"
    )
    wanted = {"mailboxes": {"a@spf55.org": {"licence": "E3", "title": "n # 1"}, "b@spf55.org": {}}}
    assert read_document(edited(before, wanted, "spf55.yaml")).tree == wanted


@pytest.mark.parametrize("comment", ["# with care", "title: x  # with care", "title: >  # with care\n      x"])
def test_a_comment_is_left_to_a_person_where_its_entry_goes(comment: str) -> None:
    before = f"mailboxes:\n  b@spf55.org:\n    licence: E1\n    {comment}\n    phone: x\n"
    with pytest.raises(Problem, match="cannot be changed safely"):
        edited(before, {"mailboxes": {"b@spf55.org": {}}}, "spf55.yaml")


def test_a_file_is_scanned_for_comments_once_however_much_of_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    scans = list[str]()
    scan = yaml.scan

    def counted(text: str, **named: Any) -> Any:
        scans.append(text)
        return scan(text, **named)

    monkeypatch.setattr(yaml, "scan", counted)
    before = "".join(f"a{n}: {{phone: '#{n}', title: b}}\n" for n in range(50))
    wanted = {f"a{n}": {"phone": f"#{n}", "title": "c"} for n in range(50)}
    assert edited(before, wanted, "f") == before.replace("title: b", "title: c")
    assert len(scans) == 1
