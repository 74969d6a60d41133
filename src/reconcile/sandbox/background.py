"""A sandbox in a process of its own: started, found again, and cleared away even after a kill -9."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.folder import SandboxFolder
from reconcile.sandbox.launch_options import Order
from reconcile.sandbox.processes import stop_orphan
from reconcile.sandbox.world import RUNTIME_PREFIX

# Generous: a hundred federations' old mail takes minutes to write and seconds to remove.
_START_SECONDS = 600
_STOP_SECONDS = 60
_MODULE = "reconcile.sandbox.serve"


def start(
    folder: SandboxFolder, order: Order, filled: Callable[[int, int], None] = lambda _filled, _all: None
) -> dict[str, Any]:
    """Start the world in a process of its own; its note, once all its servers answer. ``filled`` is told how many of
    how many old mailboxes have their mail by now, where there are many.

    When it fails or the wait is interrupted, nothing is left. Raises the world's own Problem, or SBX13.
    """
    process = None
    try:
        order.write(folder.order)
        with folder.log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, str(folder.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return _ready_note(folder, process, filled)
    except BaseException:
        if process is not None:
            process.terminate()
            process.wait()
        clear_away(folder)
        raise


def runs(folder: SandboxFolder) -> bool:
    """Whether the process of the folder's note lives."""
    return _lives(folder.note(), folder)


def clear_away(folder: SandboxFolder) -> bool:
    """Stop whatever is left of a sandbox and remove all it wrote; whether there was anything.

    The process is asked first; then, if it was killed before it could tidy up, its mail servers and files are found by
    the note it left.
    """
    note = folder.note()
    if _lives(note, folder):
        _end(note["pid"])
    runtime = Path(str(note.get("runtime", "")))
    if runtime.name.startswith(RUNTIME_PREFIX) and runtime.is_dir():  # a note that lies must not cost other files
        for host in ("old", "new"):
            stop_orphan(runtime / host, "dovecot.conf")
        stop_orphan(runtime / "old" / "postfix", "etc")
        shutil.rmtree(runtime, ignore_errors=True)
    folder.remove()
    return bool(note)


def _ready_note(
    folder: SandboxFolder, process: subprocess.Popen[bytes], filled: Callable[[int, int], None]
) -> dict[str, Any]:
    deadline, before = time.monotonic() + _START_SECONDS, 0
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        note = folder.note()
        if note.get("ready"):
            return note
        if ended:
            break
        if (done := int(note.get("filled", 0))) > before:
            filled(done, int(note.get("to_fill", 0)))
            deadline, before = time.monotonic() + _START_SECONDS, done
        time.sleep(0.02)
    if failure := folder.note().get("failure"):
        raise Problem(failure["code"], failure["message"], failure["hint"])
    log = folder.log.read_text(errors="replace").strip().splitlines()
    raise Problem("SBX13", Phrase("The sandbox did not start: {said}", said=log[-1] if log else "it said nothing."))


def _lives(note: Mapping[str, Any], folder: SandboxFolder) -> bool:
    """The number alone proves nothing: after a restart of the machine it may be anybody's."""
    try:
        command = Path(f"/proc/{note['pid']}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (KeyError, OSError):
        return False
    return _MODULE in command and str(folder.path) in command


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    # An ended process that nobody has collected yet has no command line left.
    while _command_line(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
