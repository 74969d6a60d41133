"""Walks a workflow of GitHub Actions as a runner does: a clean folder, the steps in order, the expressions evaluated.

What it does not know (an action, a function, a key of a step) it refuses, so that nothing passes unseen.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s+|'(?:[^']|'')*'|\|\||&&|==|!=|[(),]|[A-Za-z_][A-Za-z0-9_.-]*")
_JOB_KEYS = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "environment", "permissions", "steps",
}  # fmt: skip
_STEP_KEYS = {"name", "id", "uses", "with", "run", "env", "if", "working-directory"}


@dataclasses.dataclass(frozen=True)
class Ended:
    """``steps``: the exit code of each step that ran, by its name; ``said``: all that was printed."""

    passed: bool
    steps: Mapping[str, int]
    said: str


class Runner:
    """``repository``: what is checked out of. ``secrets``: by environment, "" for the repository's own."""

    def __init__(
        self,
        repository: Path,
        folder: Path,
        event: Mapping[str, Any],
        secrets: Mapping[str, Mapping[str, str]],
        environment: Mapping[str, str],
    ) -> None:
        self._repository, self._folder, self._event = repository, folder, event
        self._secrets, self._environment = secrets, environment
        self.artefacts = folder / "artefacts"
        self.summary = folder / "summary.md"

    def run(self, workflow: str, job: str, ref: str, inputs: Mapping[str, str] = {}) -> Ended:
        """One job of the workflow as it stands at ``ref``."""
        text = self._git("show", f"{ref}:.github/workflows/{workflow}.yml")
        document = yaml.safe_load(text)
        wanted = document["jobs"][job]
        assert set(wanted) <= _JOB_KEYS, wanted.keys()
        secrets = {**self._secrets.get("", {}), **self._secrets.get(wanted.get("environment", ""), {})}
        context: dict[str, Any] = {
            "github": {"event": self._event, "token": "token-of-the-job", **self._event["github"]},
            "secrets": secrets,
            "vars": {"RECONCILE_READER_ID": self._event["reader"]},
            "inputs": inputs,
            "steps": {},
            "env": {},
        }
        context["env"] = {key: self._filled(value, context) for key, value in document.get("env", {}).items()}
        if "if" in wanted and not self._true(wanted["if"], context):
            return Ended(True, {}, "skipped")
        work = self._folder / f"work-{workflow}-{job}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        codes: dict[str, int] = {}
        said: list[str] = []
        failed = False
        for step in wanted["steps"]:
            assert set(step) <= _STEP_KEYS, step.keys()
            condition = step.get("if", "success()")
            if (failed and "always()" not in condition) or not self._true(condition, context, work, failed):
                continue
            code, output = self._step(step, context, work, ref)
            codes[step["name"]] = code
            said.append(f"## {step['name']}: {code}\n{output}")
            failed = failed or code != 0
        return Ended(not failed, codes, "\n".join(said))

    def _step(self, step: Mapping[str, Any], context: dict[str, Any], work: Path, ref: str) -> tuple[int, str]:
        if "run" not in step:
            self._use(step["uses"].split("@")[0], self._with(step, context), work, ref)
            return 0, ""
        outputs = self._folder / "outputs"
        outputs.write_text("", encoding="utf-8")
        own = {key: str(self._filled(value, context)) for key, value in step.get("env", {}).items()}
        environment = {
            **self._environment,
            **{key: str(value) for key, value in context["env"].items()},
            **own,
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", self._filled(step["run"], context)],
            cwd=work / step.get("working-directory", "."),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=400,
        )
        if "id" in step:
            told = dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())
            context["steps"][step["id"]] = {"outputs": told}
        return done.returncode, done.stdout

    def _use(self, action: str, options: Mapping[str, Any], work: Path, ref: str) -> None:
        match action:
            case "actions/checkout":
                assert options["persist-credentials"] is False
                place = work / options.get("path", ".")
                self._git("clone", "--quiet", "--no-local", str(self._repository), str(place))
                self._git("checkout", "--quiet", options.get("ref") or ref, folder=place)
            case "actions/setup-python":
                assert options["python-version"]
            case "actions/upload-artifact":
                for line in options["path"].splitlines():
                    found = work / line
                    if found.exists():
                        shutil.copytree(found, self.artefacts / options["name"] / found.name, dirs_exist_ok=True)
            case _:
                raise AssertionError(f"no such action here: {action}")

    def _with(self, step: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: self._filled(value, context) if isinstance(value, str) else value
            for key, value in step.get("with", {}).items()
        }

    def _filled(self, text: Any, context: Mapping[str, Any]) -> str:
        return _EXPRESSION.sub(lambda found: str(_evaluate(found[1], context) or ""), str(text))

    def _true(self, condition: str, context: Mapping[str, Any], work: Path = Path(), failed: bool = False) -> bool:
        functions = {
            "always": lambda: True,
            "success": lambda: not failed,
            "hashFiles": lambda path: "hash" if (work / path).exists() else "",
        }
        return bool(_evaluate(condition, context, functions))

    def _git(self, *words: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["git", "-c", "advice.detachedHead=false", *words],
            cwd=folder or self._repository,
            capture_output=True,
            encoding="utf-8",
            check=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
        )
        return done.stdout


def _evaluate(expression: str, context: Mapping[str, Any], functions: Mapping[str, Any] = {}) -> Any:
    """GitHub's expressions, as far as the workflows use them."""
    words, place = [], 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        assert found, f"not understood: {expression!r}"
        place = found.end()
        word = found[0]
        if word[0].isspace():
            continue
        if word[0].isalpha():
            following = expression[place:].lstrip()
            word = f"functions[{word!r}]" if following.startswith("(") else f"look({word!r})"
        words.append({"||": "or", "&&": "and"}.get(word, word))

    def look(name: str) -> Any:
        value: Any = context
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    return eval(" ".join(words), {"__builtins__": {}}, {"look": look, "functions": functions})  # noqa: S307
