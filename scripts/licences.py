"""The licence of every package that requirements/run.txt installs: said, and one that allows what we do with it."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path

RUN = Path(__file__).resolve().parents[1] / "requirements" / "run.txt"
#: Words of the licences that let a program use the package unaltered, whatever its own licence.
FREE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|LGPL|Lesser|Unlicense|Zlib|HPND|CC0|Zope)\b",
    re.IGNORECASE,
)


#: What says it only in a file of its own.
SAID_ELSEWHERE = {"imapclient": "BSD-3-Clause (COPYING)", "pyrage": "MIT (LICENSE)"}


def licence(name: str) -> str:
    """What the package says of itself: its expression, its classifiers, or the first line of its licence."""
    told = importlib.metadata.metadata(name)
    classified = [one.rpartition("::")[2].strip() for one in told.get_all("Classifier", []) if "License ::" in one]
    written = (told.get("License") or "").strip().splitlines()
    said = told.get("License-Expression") or ", ".join(classified) or next(iter(written), "")
    return SAID_ELSEWHERE.get(name) or str(said)


def main() -> int:
    names = re.findall(r"^([A-Za-z0-9._-]+)==", RUN.read_text(encoding="utf-8"), re.MULTILINE)
    unsure = []
    for name in names:
        try:
            told = licence(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or Python
        if not FREE.search(told):
            unsure.append(f"{name}: {told or 'no licence said'}")
    print(f"licences: {len(names)} packages, {len(unsure)} to look at.", *unsure, sep="\n  ")
    return 1 if unsure else 0


if __name__ == "__main__":
    sys.exit(main())
