"""The background process: ``python -m reconcile.sandbox.serve FOLDER`` is a world until it is stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from reconcile.problem import Problem
from reconcile.sandbox.folder import SandboxFolder
from reconcile.sandbox.launch_options import Order
from reconcile.sandbox.world import World

_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(path: Path) -> int:
    """Be the world ordered in the folder until SIGTERM, SIGINT or SIGHUP; the exit code.

    A world that cannot start leaves its Problem in the folder's note, for whoever ordered it.
    """
    told_to_stop = threading.Event()
    for number in _STOP:
        signal.signal(number, lambda *_: told_to_stop.set())
    folder = SandboxFolder(path)
    order = Order.read(folder.order)
    dovecots = order.old_dovecot, order.new_dovecot
    world = World(path, order.seed, order.record, order.profile, *dovecots, postfix=order.postfix)
    try:
        world.start()
    except Problem as problem:
        failure = {"code": problem.code, "message": problem.message, "hint": problem.hint}
        folder.take_note({"pid": os.getpid(), "ready": False, "failure": failure})
        return 1
    told_to_stop.wait()
    world.stop()
    return 0


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1])))
