"""A file made to say something else, of which all the rest stays."""

from __future__ import annotations

from typing import Any

from reconcile.config.document.document import read_document
from reconcile.config.document.edit import edited

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
