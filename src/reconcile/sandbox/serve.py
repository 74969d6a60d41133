"""The background process: ``python -m reconcile.sandbox.serve FOLDER`` is a world until it is stopped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from reconcile.problem import Problem
from reconcile.sandbox.folder import SandboxFolder
from reconcile.sandbox.launch_options import Order
from reconcile.sandbox.told_to_stop import told_to_stop
from reconcile.sandbox.world import World


def serve(path: Path) -> int:
    """Be the world ordered in the folder until SIGTERM, SIGINT or SIGHUP; the exit code.

    A world that cannot start leaves its Problem in the folder's note, for whoever ordered it.
    """
    told = told_to_stop()
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
    told()
    world.stop()
    return 0


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1])))
