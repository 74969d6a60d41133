"""MTA-STS (RFC 8461): a policy that senders keep for weeks must name the new host before the MX does."""

from __future__ import annotations

from collections.abc import Iterator

import requests

from reconcile.bounded_http import BoundedSession
from reconcile.language.phrase import Phrase
from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.facts import Facts
from reconcile.providers.dns.primary.answers import Answer
from reconcile.providers.dns.records.microsoft_hosts import MICROSOFT
from reconcile.providers.dns.records.mta_sts_policy import Policy, announced
from reconcile.providers.dns.spf.lookups import Resolve

#: Seconds, and octets a policy may have.
_TIMEOUT = 5.0
_LONGEST = 64_000


def fetch_policy(domain: str) -> str | None:
    """The policy file as any sender would read it, None when it cannot be had (§3.3: over HTTPS, no redirect)."""
    address = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    try:
        with BoundedSession(_LONGEST, 2 * _TIMEOUT) as session:
            answer = session.get(address, timeout=_TIMEOUT, allow_redirects=False)
            return answer.content.decode("utf-8", "replace") if answer.status_code == requests.codes.ok else None
    except requests.RequestException:
        return None


def mta_sts(facts: Facts, resolve: Resolve) -> Iterator[tuple[Weight, str]]:
    """Whether senders that hold the policy would deliver to the MX about to be published (or published already)."""
    announcement = policy_texts(facts, resolve)
    domain = facts.domain
    if announcement is None:
        yield Weight.WARNS, Phrase("Whether {domain} has an MTA-STS policy could not be found out.", domain=domain)
        return
    if not announced(announcement):
        return
    policy = Policy.parse(facts.policy) if facts.policy is not None else None
    hosts = facts.new_mx or tuple(host for host in facts.mx_hosts if host.endswith(MICROSOFT))
    if policy is None:
        yield (
            Weight.BLOCKS,
            Phrase(
                "The MTA-STS policy of {domain} cannot be read, and senders may hold it for weeks: it must name "
                "Microsoft's host first.",
                domain=domain,
            ),
        )
    elif policy.mode == "none":
        yield Weight.FINE, Phrase("The MTA-STS policy of {domain} has mode none: it binds no sender.", domain=domain)
    elif hosts and not (refused := policy.refused(hosts)):
        yield (
            Weight.FINE,
            Phrase("The MTA-STS policy of {domain} lets {hosts} receive.", domain=domain, hosts=", ".join(hosts)),
        )
    elif hosts:
        yield _not_allowed(domain, policy, ", ".join(refused))
    elif policy.may_allow_microsoft:
        yield (
            Weight.WARNS,
            Phrase(
                "The MTA-STS policy of {domain} allows {hosts}; the plan compares it with the MX that Microsoft "
                "assigns.",
                domain=domain,
                hosts=", ".join(policy.hosts),
            ),
        )
    else:
        yield _not_allowed(domain, policy, Phrase("any host of Microsoft"))


def policy_texts(facts: Facts, resolve: Resolve) -> tuple[str, ...] | None:
    """The TXT records at ``_mta-sts``, through an alias or a delegation too; None when they could not be read."""
    answer = facts.answer("_mta-sts", "TXT")
    if isinstance(answer, Answer) and answer.alias is None and answer.dname is None:
        return facts.texts("_mta-sts", "TXT")
    return resolve(f"_mta-sts.{facts.domain}", "TXT")


def _not_allowed(domain: str, policy: Policy, hosts: str) -> tuple[Weight, str]:
    if policy.mode == "testing":
        return (
            Weight.WARNS,
            Phrase(
                "The MTA-STS policy of {domain} does not name Microsoft's host ({hosts}): senders will report it "
                "(testing).",
                domain=domain,
                hosts=hosts,
            ),
        )
    return Weight.BLOCKS, Phrase(
        "The MTA-STS policy of {domain} does not name Microsoft's host ({hosts}): add it there, change the id in "
        "_mta-sts, then wait the {seconds} s that senders keep the old one.",
        domain=domain,
        hosts=hosts,
        seconds=policy.max_age,
    )
