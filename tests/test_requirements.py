"""What the requirement files pin: the same release of a package everywhere, by hash, from nowhere in particular."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).resolve().parent.parent / "requirements").glob("*.txt"))


def pins(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\;]+)", file.read_text(), re.MULTILINE))


DEV = pins(next(file for file in FILES if file.name == "dev.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_file_takes_from_an_environment_what_another_put_there(file: Path) -> None:
    ours = pins(file)
    assert ours
    assert {name: pin for name, pin in ours.items() if DEV.get(name, pin) != pin} == {}
    if file.name == "run.txt":
        assert ours.keys() <= DEV.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_pin_has_its_hash_and_no_file_names_a_host(file: Path) -> None:
    text = file.read_text()
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    unhashed = [block.split()[0] for block in blocks if "==" in block.split("\n")[0] and "--hash=sha256:" not in block]
    assert unhashed == []
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text.replace("--no-emit-", ""))
