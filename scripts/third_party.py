"""Write THIRD-PARTY.md: the packages that are pinned, and their licences as the packages themselves declare them.

    scripts/third_party.py

Run by ``make requirements`` once .venv holds what requirements/ says.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Said by the packages' own texts, which their metadata leave out.
SAID_ELSEWHERE = {
    "imapclient": "BSD-3-Clause",
    "opa-eval": "none declared; the OPA it holds: Apache-2.0",
    "pyrage": "MIT",
    "tzdata": "Apache-2.0 (Windows only)",
}
HEAD = """\
# Third-party notices

reconcile contains no code of others: these packages are installed beside it, each under its own licence, whose text
comes with it. The letters its sheets are printed with are DejaVu's, reduced to what European languages write
(src/reconcile/documents/fonts/LICENSE). `make requirements` writes this page.
"""


def main() -> None:
    needed = pinned("run")
    optional = {name: version for name, version in pinned("dev").items() if name not in needed}
    parts = ["## With the command", "", *table(needed), "", "## With options, tests and tools", "", *table(optional)]
    page = "\n".join([HEAD, *parts])
    (ROOT / "THIRD-PARTY.md").write_text(page + "\n", encoding="utf-8")


def pinned(flavour: str) -> dict[str, str]:
    """What a file of requirements pins: name → version."""
    text = (ROOT / "requirements" / f"{flavour}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


def table(packages: dict[str, str]) -> list[str]:
    rows = [f"| {name} | {version} | {licence(name)} |" for name, version in sorted(packages.items())]
    return ["| package | version | licence |", "|---|---|---|", *rows]


def licence(name: str) -> str:
    """The SPDX expression where the package has one, else its classifier, else the first line of what it says."""
    if name in SAID_ELSEWHERE:
        return SAID_ELSEWHERE[name]
    said = importlib.metadata.metadata(name)
    classifiers = [one.rpartition(" :: ")[2] for one in said.get_all("Classifier", []) if one.startswith("License ::")]
    declared = (said.get("License") or "").strip().partition("\n")[0]
    return said.get("License-Expression") or " or ".join(classifiers) or declared or "not declared"


if __name__ == "__main__":
    main()
