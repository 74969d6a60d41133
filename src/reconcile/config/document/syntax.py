"""What YAML's own words mean for whoever wrote the file, and where to look."""

from __future__ import annotations

import re

import yaml

from reconcile.config.document.flaw import Flaw
from reconcile.language.phrase import Phrase

#: A word of libyaml's or PyYAML's message → what the postmaster most likely did.
_SYNTAX_HINTS = (
    ("mapping values are not allowed", Phrase("put quotes around a value that holds ': ', and check the indentation")),
    (
        "cannot start any token",
        Phrase("put quotes around a value that starts with @, %, ` or !; indent with spaces, not tabs"),
    ),
    ("end of stream", Phrase("a quote or a bracket was opened and never closed")),
    ("',' or", Phrase("a bracket was opened and never closed, or a comma is missing")),
    ("expected ':'", Phrase("each line of a mapping is 'key: value'")),
    ("escape", Phrase("use single quotes around a value that holds a backslash")),
    ("document start", Phrase("a line before this one is not indented like its neighbours")),
    ("block", Phrase("the entries of one block start in the same column; a value with quotes must end with them")),
)


def syntax_flaw(error: yaml.MarkedYAMLError, text: str) -> Flaw:
    lines = re.split("\r\n|\r|\n", text)
    opened = error.context_mark
    mark = error.problem_mark or opened
    if opened is not None and (mark is None or not "".join(lines[mark.line :])[mark.column :].strip()):
        mark = opened  # at the end of the file there is nothing to show but what was never closed
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    if lines[min(line, len(lines)) - 1][column - 1 : column] == "\t":
        return Flaw("SPF101", line, column, "a tab where YAML wants spaces", "indent with spaces")
    words = error.problem or Phrase("cannot be read")
    if error.context and opened is not None and opened.line + 1 != line:
        words = Phrase(
            "{words}, {context} that starts on line {line}", words=words, context=error.context, line=opened.line + 1
        )
    hint = next((hint for word, hint in _SYNTAX_HINTS if word in words), "")
    if line > len(lines):
        line, column = len(lines), len(lines[-1]) + 1
    return Flaw("SPF101", line, column, Phrase("not valid YAML: {words}", words=words), hint)
