"""Remarks on federation files: for a terminal with the line and a caret, and for machines in three formats."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from reconcile.config.rules.diagnostic import Diagnostic, Severity
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.phrase import Phrase

_STYLES: Mapping[Severity, str] = {"error": "bold red", "warning": "bold yellow", "notice": "bold cyan"}
_SEVERITIES: Mapping[Severity, str] = {
    "error": Phrase("error"),
    "warning": Phrase("warning"),
    "notice": Phrase("notice"),
}
_WIDEST = 160  # characters of a line, about the caret
_MOST = 100  # remarks shown of one file


def as_text(diagnostics: Sequence[Diagnostic], sources: Mapping[Path, str], words: Catalogue = ENGLISH) -> Text:
    """``file:line:column: CODE severity: message``, then the line with a caret under the column, then the hint.

    ``sources``: the text of the files; a file without one gets no line. Of a file with very many remarks only the
    first are shown.
    """
    lines = {path: source.replace("\r\n", "\n").replace("\r", "\n").split("\n") for path, source in sources.items()}
    text = Text()
    counts = Counter[Path]()
    for one in diagnostics:
        counts[one.path] += 1
        if counts[one.path] > _MOST:
            continue
        text.append(f"{_plain(str(one.path))}:{one.line}:{one.column}: ", style="bold")
        text.append(f"{one.code} {words.say(_SEVERITIES[one.severity])}", style=_STYLES[one.severity])
        text.append(f": {words.say(one.message, _plain)}\n")
        if one.line <= len(lines.get(one.path, ())):
            source, caret = _pointed(lines[one.path][one.line - 1], one.column)
            text.append(f"{one.line:5} | ", style="dim").append(source + "\n")
            text.append("      | ", style="dim").append(caret + "\n", style=_STYLES[one.severity])
        if one.hint:
            text.append(f"      → {words.say(one.hint, _plain)}\n")
    for path, count in counts.items():
        if count > _MOST:
            more = Phrase.counted(
                "{path}: {number} more remark is not shown; fix these first",
                "{path}: {number} more remarks are not shown; fix these first",
                count - _MOST,
                path=str(path),
            )
            text.append(f"{words.say(more, _plain)}\n", style="bold")
    return text


def tally(diagnostics: Sequence[Diagnostic], files: int, mailboxes: int, words: Catalogue = ENGLISH) -> str:
    """The closing line: what was checked, and how many remarks of each kind there are."""
    counts = {severity: sum(one.severity == severity for one in diagnostics) for severity in _STYLES}
    remarks = [_counted(severity, count) for severity, count in counts.items() if count]
    checked = Phrase.counted("{number} federation file", "{number} federation files", files)
    if not counts["error"]:  # the mailboxes of an invalid file are not all known
        boxes = Phrase.counted("{number} mailbox", "{number} mailboxes", mailboxes)
        checked = Phrase.joined(", ", (checked, boxes))
    told = Phrase.joined(", ", remarks) if remarks else Phrase("no remark")
    return words.say(Phrase("{checked}: {told}.", checked=checked, told=told))


def as_json(diagnostics: Sequence[Diagnostic], files: int) -> str:
    """One JSON object; its keys and codes are stable."""
    shown: list[dict[str, Any]] = [
        {
            "code": one.code,
            "severity": one.severity,
            "path": str(one.path),
            "line": one.line,
            "column": one.column,
            "message": one.message,
            "hint": one.hint,
        }
        for one in diagnostics
    ]
    valid = not any(one.severity == "error" for one in diagnostics)
    whole = {"format": 1, "valid": valid, "files": files, "diagnostics": shown}
    return json.dumps(whole, ensure_ascii=False, indent=2)


def as_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Workflow commands: GitHub shows each beside its line in the pull request."""
    return "\n".join(
        f"::{one.severity} file={_property(str(one.path))},line={one.line},col={one.column},title={one.code}"
        f"::{_command(_with_hint(one))}"
        for one in diagnostics
    )


def as_gitlab(diagnostics: Sequence[Diagnostic]) -> str:
    """A Code Quality report: GitLab shows each in the merge request."""
    severities: Mapping[Severity, str] = {"error": "critical", "warning": "minor", "notice": "info"}
    return json.dumps(
        [
            {
                "check_name": one.code,
                "description": _with_hint(one),
                "fingerprint": hashlib.sha256(
                    f"{one.path}\0{one.code}\0{one.message}\0{one.line}".encode()
                ).hexdigest(),
                "severity": severities[one.severity],
                "location": {"path": str(one.path), "lines": {"begin": one.line}},
            }
            for one in diagnostics
        ],
        ensure_ascii=False,
        indent=2,
    )


def _pointed(line: str, column: int) -> tuple[str, str]:
    """The line as a terminal may show it, and a caret under its ``column``-th character."""
    start = max(0, column - _WIDEST // 2) if len(line) > _WIDEST else 0
    before, rest = _plain(line[start : column - 1]), _plain(line[column - 1 : start + _WIDEST])
    lead = "…" if start else ""
    return lead + before + rest, " " * (len(lead) + sum(_width(c) for c in before)) + "^"


def _plain(text: str) -> str:
    """Tabs as four spaces; nothing a terminal would obey."""
    text = text.replace("\t", "    ").replace("##[", "#\\x23[")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _width(character: str) -> int:
    """Columns a character takes on a terminal."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _counted(severity: Severity, count: int) -> Phrase:
    match severity:
        case "error":
            return Phrase.counted("{number} error", "{number} errors", count)
        case "warning":
            return Phrase.counted("{number} warning", "{number} warnings", count)
    return Phrase.counted("{number} notice", "{number} notices", count)


def _with_hint(one: Diagnostic) -> str:
    return f"{one.message} ({one.hint})" if one.hint else one.message


def _command(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _command(text).replace(":", "%3A").replace(",", "%2C")
