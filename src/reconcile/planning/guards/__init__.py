"""What refuses a plan, or holds part of it back.

Deletions without permission, losses, writes beyond the declared domains, a plan gone stale, gates.
"""
