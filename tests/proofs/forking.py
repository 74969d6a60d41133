"""A process that has the command loaded already and forks to run it: each run is a real process, without the wait.

Reads one JSON object a line: ``{"start": {folder, words, output, kill}}`` answers the process id, ``{"wait": id}`` how
it ended. The ids stay the children's until they are waited for, so they may be killed without fear for another.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def serve() -> None:
    from tests.proofs.dying import die_at

    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            child = os.fork()
            if child == 0:
                _become(request["start"], die_at)
            answer = child
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any], die_at: Any) -> None:
    from reconcile.cli.main import main

    os.chdir(order["folder"])
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.argv = ["reconcile", *order["words"]]
    if order["kill"]:
        die_at(**order["kill"])
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)


def _load() -> None:
    """Everything a command imports on its way; the more, the quicker."""
    from reconcile.cli.commands import COMMANDS

    for target, _ in COMMANDS.values():
        importlib.import_module(target.partition(":")[0])
    for path in sorted((ROOT / "src" / "reconcile").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        if not name.startswith(("reconcile.sandbox", "reconcile.state.")) or name == "reconcile.sandbox.clock":
            importlib.import_module(name)
    import rich.console  # noqa: F401


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    _load()
    serve()
