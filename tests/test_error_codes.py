"""Every code a postmaster may meet is on the page that explains it, and the page explains none that is gone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = (
    "APL|AUTH|BRD|BUG|CAL|CFG|COPY|DNS|FMT|FRG|GIT|GRD|HOV|IMP|INV|LCK|LET|LOG|"
    "M365-|OUT|PIP|PLN|RBK|SBX|SEC|SIG|STA|STR|WBK"
)
CODE = re.compile(rf"(?:{FAMILIES})\d\d")


def test_the_page_lists_exactly_the_codes_the_tool_uses() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    explained = set(CODE.findall(page))
    used = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            # A code is a whole string, or opens a sentence.
            told = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if match := re.match(rf"({CODE.pattern})(?: |$)", told):
                used.add(match[1])
    assert used - explained == set(), "used and not explained"
    assert explained - used == set(), "explained and not used"


def test_a_code_means_one_thing() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    explained = [code for row in page.splitlines() if row.startswith("| ") for code in CODE.findall(row.split("|")[1])]
    assert sorted(explained) == sorted(set(explained))
