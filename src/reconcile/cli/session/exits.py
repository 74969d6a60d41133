"""Exit codes, as documented in ``reconcile --help``."""

DONE = 0
ERROR = 1
CHANGES = 2
INVALID = 3
STALE_OR_LOCKED = 4
REFUSED = 5
PARTLY_APPLIED = 6
USAGE = 64
INTERRUPTED = 130
