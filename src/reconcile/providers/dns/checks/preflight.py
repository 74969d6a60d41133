"""Before a switch: what stands in its way makes it unknown and blocks it; other findings are shown beside the plan."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.providers.base import Finding, Observation, Observed, Scope, Unknown, Wanted, Weight
from reconcile.providers.dns.checks.merges import resolved, spf_refusals
from reconcile.providers.dns.checks.servers import SwitchMoments
from reconcile.providers.dns.checks.survey import Surveyor, to_report
from reconcile.providers.dns.primary.answers import NOTHING_KNOWN, Answers
from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT
from reconcile.resources.address import Address
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.resources.resource import Live

#: Checks that do not stop mail: signing depends on the keys, and Exchange itself refuses to sign without them.
_NEVER_BLOCKS = ("dkim",)


@dataclasses.dataclass(frozen=True, slots=True)
class Preflight:
    """Runs the named checks on every domain whose MX is to become Microsoft's, and on no other."""

    surveyor: Surveyor
    clock: Clock

    def check(
        self,
        scope: Scope,
        observed: Mapping[Address, Observed],
        known: Answers = NOTHING_KNOWN,
    ) -> Observation:
        """The observed, those of a switch that must not be made turned to unknown with the reason; and the findings.

        ``known``: what the primary has just answered.
        """
        observed = {**observed, **spf_refusals(scope, observed, self.surveyor.resolver)}
        switches = {_domain(one): one for one in scope.wanted if _is_switch(one) and _is_ahead(observed[one.address])}
        if not switches:
            return Observation(observed)
        due = {one.address.key: _due(one) for one in scope.wanted}
        moments = {
            domain: SwitchMoments(due.get(f"{domain}/MX/ttl", due[f"{domain}/MX"]), due[f"{domain}/MX"])
            for domain in switches
        }

        def new_mx(domain: str) -> tuple[str, ...]:
            return tuple(text.partition(" ")[2].rstrip(".") for text in _values(switches[domain], scope))

        found = to_report(self.surveyor.before_switch(moments, self.clock.now(), new_mx, known))
        blocking = {one.domain: one for one in found if one.weight is Weight.BLOCKS and one.check not in _NEVER_BLOCKS}
        stopped = {
            f"{owner}{domain}/{rdtype}": _reason(finding)
            for domain, finding in blocking.items()
            for owner, rdtype in (("", "MX"), ("autodiscover.", "CNAME"))
        }
        guarded = {
            address: Unknown(stopped[address.key])
            if address.key in stopped and not isinstance(shown, Unknown)
            else shown
            for address, shown in observed.items()
        }
        reported = [one for one in found if one is not blocking.get(one.domain)]
        named = [dataclasses.replace(one, federation=switches[one.domain].address.federation) for one in reported]
        return Observation(guarded, findings=named)


def _is_switch(wanted: Wanted) -> bool:
    return wanted.desired is not None and wanted.address.key.endswith("/MX")


def _values(wanted: Wanted, scope: Scope) -> tuple[str, ...]:
    """The values asked for, those that another provider assigns looked up; none while they are not known."""
    value = resolved(wanted, scope).get("values")
    return value if isinstance(value, tuple) else ()


def _is_ahead(shown: Observed) -> bool:
    """Whether mail does not go to Microsoft alone yet; where nothing could be read, the switch is stopped already."""
    if isinstance(shown, Unknown):
        return False
    values = shown.fields.get("values") if isinstance(shown, Live) else ()
    texts = values if isinstance(values, tuple) else ()
    return not (texts and all(text.rstrip(".").endswith(MICROSOFT) for text in texts))


def _domain(wanted: Wanted) -> str:
    return wanted.address.key.removesuffix("/MX")


def _due(wanted: Wanted) -> dt.datetime:
    due = wanted.desired.due if wanted.desired else None
    return due or UNSCHEDULED


def _reason(finding: Finding) -> str:
    return Phrase("check {check}: {sentence}", check=finding.check, sentence=finding.sentence)
