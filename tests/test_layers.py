"""The architecture's one direction, checked on the imports themselves, and measures beyond which it no longer reads."""

from __future__ import annotations

import ast
import collections
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "reconcile"

#: Lines of a module, modules of a folder, parameters of a function (``self`` and ``cls`` apart).
LINES, MODULES, PARAMETERS = 250, 20, 7


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_every_import_points_down_the_layers() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_module_is_longer_than_one_sitting() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > LINES} == {}


def test_no_folder_hides_a_module_among_too_many() -> None:
    counts = collections.Counter(path.parent for path in modules() if path.name != "__init__.py")
    assert {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > MODULES} == {}


def test_no_function_is_handed_more_than_can_be_told_apart() -> None:
    """What belongs together is one value. The options of a command are named by whoever types them, and are not."""
    found = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}": count
        for path in modules()
        for function in functions(path)
        if (count := parameters(function)) > PARAMETERS and not is_command(function)
    }
    assert found == {}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Decorated by click, whose options become its parameters."""
    return any(ast.unparse(one).endswith(".command()") for one in function.decorator_list)
