"""Gates: what must hold before a federation's old mailboxes are closed and its mail is switched. Pure.

A gate that does not hold holds that federation back, and no other. Each has a stable code, explained in
docs/calendar.md; most may be set aside by a line of the federation's file with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from reconcile.planning.gates import agreement, old_host, tenant
from reconcile.planning.gates.facts import Facts, Reason
from reconcile.planning.gates.gate import Gate


def gates(facts: Facts) -> tuple[Gate, ...]:
    """Every gate of the federation, in the order of their codes."""
    overrides: Mapping[str, str] = dict(facts.federation.file.overrides.items())
    result = []
    for code, judge in _JUDGES.items():
        why, hint = next(judge(facts), ("", ""))
        waived = overrides.get(code) or _reason_of_the_host(facts, code) if why else ""
        result.append(Gate(facts.federation.slug, code, facts.lock, why, hint, waived))
    return tuple(result)


def _reason_of_the_host(facts: Facts, code: str) -> str:
    """That reconcile.toml gives for all the federations of a host; "" without one."""
    return facts.host_lock.impossible if code == "GAT30" and facts.host_lock else ""


_JUDGES: Mapping[str, Callable[[Facts], Iterator[Reason]]] = MappingProxyType(
    {
        "GAT01": agreement.dated,
        "GAT02": tenant.rehearsed,
        "GAT03": old_host.addresses_decided,
        "GAT04": agreement.date_confirmed,
        "GAT05": agreement.surcharge_told,
        "GAT06": agreement.contact_outside,
        "GAT07": agreement.passwords_account,
        "GAT08": agreement.structures_complete,
        "GAT09": old_host.mail_fits,
        "GAT10": tenant.domains_ours,
        "GAT11": tenant.mail_taken,
        "GAT30": old_host.host_lockable,
        "GAT35": tenant.passwords_sealed,
        "GAT47": agreement.letters_arrive,
    }
)
