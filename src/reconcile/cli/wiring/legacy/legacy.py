"""The old hosts as a provider: their locks and their handovers."""

from __future__ import annotations

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.legacy.handovers import handed_over_hosts
from reconcile.cli.wiring.legacy.locks import locked_hosts
from reconcile.providers.base import Provider

#: Handovers of one host rewrite the same tables, and mostly wait for the reports on their probes.
_HANDOVERS = 4


def legacy(session: Session) -> Provider:
    """The provider of the kinds ``lock`` and ``handover``."""
    from reconcile.providers.legacy.handover.provider import HandoverReader, HandoverWriter
    from reconcile.providers.legacy.lock.provider import LockReader, LockWriter
    from reconcile.providers.legacy.provider import by_kind

    locked, handed = locked_hosts(session), handed_over_hosts(session)
    locks = [one.lock.parallel for one in session.outside.legacy.values() if one.lock]
    return by_kind(
        {
            "lock": (LockReader(locked), LockWriter(locked)),
            "handover": (HandoverReader(handed), HandoverWriter(handed)),
        },
        {"lock": max(locks, default=1), "handover": _HANDOVERS},
    )
