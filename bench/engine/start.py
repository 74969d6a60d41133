"""The start of a command: ``--help``, and ``validate`` of the three federations of this repository."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from bench.before import COMMAND, ROOT, environment, in_turn
from bench.engine.cost import cost_of

CASES = {"help": ["--help"], "validate_3": ["validate"]}


def measure_start(folder: Path, sources: Mapping[str, Path], runs: int) -> dict[str, float]:
    """Processor seconds of the whole process, and before ÷ now. Bytecode is there, as after an installation."""
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "federations", folder / "federations")
    shutil.copy(ROOT / "reconcile.toml", folder)
    figures: dict[str, float] = {}
    for case, words in CASES.items():
        costs = in_turn(
            runs,
            lambda name, words=words: cost_of(  # type: ignore[misc]
                [*COMMAND, *words], folder, environment(sources[name], os.environ, folder / "compiled" / name)
            )[0],
        )
        figures |= {f"{case}_cpu_s": costs["now"].cpu, f"{case}_vs_before": costs["before"].cpu / costs["now"].cpu}
    return figures
