"""The peer: ``terraform plan`` of as many ``terraform_data`` resources, which read nothing outside their state."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bench.engine.cost import Cost, cost_of

_PER_FILE = 100


class Terraform:
    """Terraform with its built-in provider, in a folder of its own: nothing is downloaded."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        folder.mkdir(parents=True)
        self._environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": ""}

    @property
    def version(self) -> str:
        told = subprocess.run(
            [self._program, "version", "-json"], capture_output=True, check=True, env=self._environment
        )
        return str(json.loads(told.stdout)["terraform_version"])

    def prepare(self, resources: int) -> None:
        """Configuration of that many resources, and the state an apply of them leaves.

        Applying 10,000 takes Terraform many minutes, so one resource is applied and its entry of the state repeated
        under the other names. That the next plan finds nothing to do is the proof that the state is right.
        """
        (self._folder / "r000.tf").write_text(_block(0), encoding="utf-8")
        self._run("init", "-input=false")
        self._run("apply", "-auto-approve", "-input=false")
        for first in range(0, resources, _PER_FILE):
            blocks = map(_block, range(first, min(first + _PER_FILE, resources)))
            (self._folder / f"r{first // _PER_FILE:03d}.tf").write_text("".join(blocks), encoding="utf-8")
        path = self._folder / "terraform.tfstate"
        state = json.loads(path.read_text(encoding="utf-8"))
        applied = state["resources"][0]
        state["resources"] = [_entry(applied, number) for number in range(resources)]
        path.write_text(json.dumps(state, indent=2), encoding="utf-8")

    def plan_of_nothing(self) -> Cost:
        cost, text = self._plan()
        if "No changes" not in text:
            raise RuntimeError(f"terraform plan found changes in a state made for it:\n{text[-2000:]}")
        return cost

    def plan_of_everything(self) -> Cost:
        """The plan that creates every resource, as without a state."""
        (self._folder / "terraform.tfstate").rename(self._folder / "aside")
        try:
            return self._plan()[0]
        finally:
            (self._folder / "aside").rename(self._folder / "terraform.tfstate")

    def _plan(self) -> tuple[Cost, str]:
        command = [self._program, "plan", "-input=false", "-no-color", "-out=bench.tfplan"]
        return cost_of(command, self._folder, self._environment)

    def _run(self, *arguments: str) -> None:
        cost_of([self._program, *arguments, "-no-color"], self._folder, self._environment)


def terraform_here(folder: Path) -> Terraform | None:
    """Terraform of this machine's PATH, None when there is none."""
    program = shutil.which("terraform")
    return Terraform(program, folder) if program else None


def _values(number: int) -> dict[str, str]:
    """Eleven attributes, about what a mailbox has."""
    return {
        "address": f"prenom{number}.nom{number}@spfb000.org",
        "licence": "E3" if number % 3 == 0 else "E1",
        "alias": f"p{number}@spfb000.org",
        "display_name": f"Prénom{number} Nom{number}",
        "first_name": f"Prénom{number}",
        "last_name": f"Nom{number}",
        "job_title": "Bénévole",
        "phone": f"01 99 00 {number // 100:02d} {number % 100:02d}",
        "atrium_id": "2650",
        "usage_location": "FR",
        "sign_in": "true",
    }


def _block(number: int) -> str:
    lines = "\n".join(
        f"    {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in _values(number).items()
    )
    return f'resource "terraform_data" "box{number}" {{\n  input = {{\n{lines}\n  }}\n}}\n'


def _entry(applied: dict[str, Any], number: int) -> dict[str, Any]:
    """The state's entry of one resource, after that of the one that was really applied."""
    entry = copy.deepcopy(applied)
    entry["name"] = f"box{number}"
    attributes = entry["instances"][0]["attributes"]
    attributes["id"] = f"00000000-0000-4000-8000-{number:012d}"
    for side in ("input", "output"):
        attributes[side]["value"] = _values(number)
    return entry
