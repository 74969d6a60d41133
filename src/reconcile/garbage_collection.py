"""How the process looks for garbage: seldom while it works, and not at all as it ends."""

from __future__ import annotations

import atexit
import gc


def tune_garbage_collection() -> None:
    """Look for garbage less often: a plan of ten thousand mailboxes makes millions of objects that all live until its
    end, and going through them again and again would cost more than the plan itself. At its end Python would go through
    all of them twice more, only to give back what the system takes back anyway."""
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)


def tune_for_carrying_out() -> None:
    """What a plan is made of stays to the end and is looked through no more; what writing it leaves is looked for
    again: documents of passwords hold themselves in circles, by the hundred thousand objects."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
