"""A publication that receivers of mail would not stumble over, whatever carries it out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.desired.rrset import Publish
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT
from reconcile.providers.dns.records.mta_sts_policy import Policy, announced
from reconcile.providers.dns.spf import record as spf
from reconcile.providers.dns.spf.lookups import Resolve, is_sound
from reconcile.providers.dns.spf.parts import spf_records, the_record
from reconcile.providers.dns.spf.soundness import refuse_unsound, safe_place
from reconcile.resources.resource import Value

Rdataset = dns.rdataset.Rdataset


@dataclasses.dataclass(frozen=True, slots=True)
class CheckedPublish(Publish):
    """Raises DNS09 for an SPF record that asks too much, DNS14 for an MX that leads nowhere, DNS22 for one that senders
    would refuse. ``policy`` fetches the MTA-STS policy of a domain, None when it cannot be had.
    """

    resolve: Resolve
    policy: Callable[[str], str | None]

    def applied_to(self, now: Rdataset | None) -> Rdataset | None:
        return self._checked(self._with_what_others_say(now).applied_to(now))

    def _with_what_others_say(self, now: Rdataset | None) -> Publish:
        """The order with what a merge must know of other names: see the parts of SPF."""
        if self.key.part == "spf-mx":
            return self._with_hosts()
        record = the_record(self.key, now) if self.key.part.startswith("spf") else None
        more: dict[str, Value] = {}
        comes = self.key.part == "spf" or self.order.fields.get("gone") is False
        if record is not None and comes:
            more["before"] = safe_place(record, self.key.owner, self.resolve)
        elif record is not None and record.redirect:
            texts = self.resolve(record.redirect, "TXT") or ()
            more["default"] = next((spf.parse(text).default for text in texts if is_sound(text)), "") or "?all"
        return Publish(dataclasses.replace(self.order, fields={**self.order.fields, **more}))

    def _with_hosts(self) -> Publish:
        """What ``mx`` means today, which only the world can tell; nothing to keep once it is Microsoft's inbound."""
        texts = self.resolve(self.key.owner, "MX")
        if texts is None:
            return Publish(self.order)
        hosts = (text.partition(" ")[2].rstrip(".") for text in texts)
        old = tuple(host for host in hosts if host and not host.endswith(MICROSOFT) and self._has_address(host))
        return Publish(dataclasses.replace(self.order, fields={**self.order.fields, "hosts": old}))

    def _has_address(self, host: str) -> bool:
        """One without lets nobody send, and its lookup would find nothing."""
        return not (self.resolve(host, "A") == () and self.resolve(host, "AAAA") == ())

    def _checked(self, after: Rdataset | None) -> Rdataset | None:
        if self.key.part.startswith("spf"):
            for record in spf_records(after):
                refuse_unsound(record, self.key.owner, self.resolve)
        if self.key.rdtype == RdataType.MX:
            refuse_dead_hosts(self.key, after, self.resolve)
            refuse_policy_against(self.key, after, self.resolve, self.policy)
        return after


def refuse_dead_hosts(key: RecordKey, mx: Rdataset | None, resolve: Resolve) -> None:
    """Raise DNS14 when an MX host has no address: mail would stop (RFC 5321 §5.1). What is not known passes."""
    for rdata in mx or ():
        host = rdata.exchange.to_text(omit_final_dot=True)
        if resolve(host, "A") == () and resolve(host, "AAAA") == ():
            raise Problem(
                "DNS14",
                Phrase(
                    "{key} would send mail to {host}, which has no address.", key=key, host=host or Phrase("nowhere")
                ),
                "Microsoft may still be preparing it; try again later",
            )


def refuse_policy_against(
    key: RecordKey, mx: Rdataset | None, resolve: Resolve, fetch: Callable[[str], str | None]
) -> None:
    """Raise DNS22 when an MTA-STS policy in force does not allow an MX host, or cannot be read (RFC 8461 §5)."""
    if mx is None or not announced(resolve(f"_mta-sts.{key.owner}", "TXT") or ()):
        return
    text = fetch(key.owner)
    policy = Policy.parse(text) if text is not None else None
    where = Phrase("{key} is not changed: the MTA-STS policy of {owner}", key=key, owner=key.owner)
    if policy is None:
        raise Problem(
            "DNS22",
            Phrase("{where} cannot be read, and senders may hold it for weeks.", where=where),
            "publish a policy that names the new MX, or remove _mta-sts and wait for its max_age",
        )
    refused = policy.refused(rdata.exchange.to_text(omit_final_dot=True) for rdata in mx)
    if policy.mode == "enforce" and refused:
        raise Problem(
            "DNS22",
            Phrase("{where} does not name {refused}.", where=where, refused=", ".join(refused)),
            Phrase(
                "add it there, change the id in _mta-sts, wait {max_age} s, then apply again", max_age=policy.max_age
            ),
        )
