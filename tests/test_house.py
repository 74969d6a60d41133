"""What the repository promises of itself: one set of checks, one version, notices, a picture, and types that travel."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from scripts.picture import PICTURE, picture
from scripts.third_party import pinned

import reconcile

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def test_pre_commit_runs_what_make_lint_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.partition("\nlint:")[2].partition("\n\n")[0].splitlines()[1:]
    assert [hook["entry"] for hook in hooks] == [line.lstrip("\t@").partition(" >")[0] for line in recipe]


def test_make_has_every_target_that_is_told_of() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    phony = makefile.partition(".PHONY:")[2].partition("\n")[0].split()
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "scripts").iterdir()]
    told = {
        name
        for page in pages
        if page.is_file()
        for name in re.findall(r"\bmake ([a-z]+-[a-z-]+|package|soak|mutate)\b", page.read_text())
    }
    assert sorted(targets) == sorted(phony)
    assert told <= targets


def test_the_change_log_opens_with_the_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0].split("—")[0] == reconcile.__version__


@pytest.mark.parametrize("flavour", ["run", "dev"])
def test_each_pinned_package_stands_in_the_notices_with_its_licence(flavour: str) -> None:
    rows = (ROOT / "THIRD-PARTY.md").read_text()
    told = dict(re.findall(r"^\| (\S+) \| (\S+) \| (?!not declared)\S", rows, re.MULTILINE))
    assert pinned(flavour).items() <= told.items(), "write it anew: make requirements, or scripts/third_party.py"


def test_the_picture_shows_what_the_view_says_today() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(), "write it anew: make golden"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_its_version_and_its_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert f"-{reconcile.__version__}-" in wheel.name
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "THIRD-PARTY.md"}


def test_an_installed_wheel_tells_its_types(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env")
    [site] = (tmp_path / "env" / "lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    (tmp_path / "program.py").write_text(
        "from reconcile.problem import Problem\n"
        "right: str = Problem('CFG01', 'It is so.').hint\n"
        "wrong: int = Problem('CFG01', 'It is so.').hint\n"
    )
    mypy = [
        str(BIN / "mypy"),
        "--strict",
        "--python-executable",
        str(tmp_path / "env" / "bin" / "python"),
        "program.py",
    ]
    said = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert re.findall(r"program.py:(\d+): error: .*\[(\S+)\]", said) == [("3", "assignment")], said
