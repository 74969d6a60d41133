"""Domains as the tenant shows them: added, verified, accepted by Exchange, signing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconcile.providers.base import ABSENT, Observed, Wanted
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.observing.observed import key_of, switched_on, unknown
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.resources.address import Address
from reconcile.resources.resource import Live


def observe_domains(tenant: Tenant, wanted: Sequence[Wanted]) -> Mapping[Address, Observed]:
    """Kind *domain*: its root, and the record that proves it."""
    rows = tenant.domains()
    roots = [key for key in map(key_of, wanted) if key in rows and rows[key].get("isRoot", True)]
    records = tenant.domain_records(roots, "verificationDnsRecords")
    seen: dict[Address, Observed] = {}
    for one in wanted:
        key = key_of(one)
        found = records.get(key, [])
        if key not in rows:
            seen[one.address] = ABSENT
        elif isinstance(found, Refused):
            seen[one.address] = unknown(found, one.address)
        else:
            fields = {"root": observed_state.domain_root(key, rows)}
            seen[one.address] = Live(one.address, fields, key, observed_state.verification_outputs(found))
    return seen


def observe_verifications(tenant: Tenant, wanted: Sequence[Wanted]) -> Mapping[Address, Observed]:
    """Kind *domain_verification*: verified, its services, and the records Microsoft asks for."""
    rows = tenant.domains()
    verified = [key for key in map(key_of, wanted) if rows.get(key, {}).get("isVerified")]
    accepted = tenant.accepted_domains() if verified else {}
    records = tenant.domain_records(verified, "serviceConfigurationRecords")
    seen: dict[Address, Observed] = {}
    for one in wanted:
        key = key_of(one)
        found = records.get(key)
        if found is None:
            seen[one.address] = ABSENT
        elif isinstance(found, Refused):
            seen[one.address] = unknown(found, one.address)
        else:
            services = tuple(sorted(rows[key].get("supportedServices") or ()))
            seen[one.address] = Live(
                one.address,
                {"verified": True, "services": services, "accepted": key in accepted},
                key,
                observed_state.service_outputs(found) if "Email" in services else {},
            )
    return seen


def observe_mail_flow(tenant: Tenant, wanted: Sequence[Wanted]) -> Mapping[Address, Observed]:
    """Kind *mail_flow*: relay or authoritative."""
    types = tenant.accepted_domains()
    return {one.address: switched_on(one, {"type": types.get(key_of(one))}) for one in wanted}


def observe_dkim(tenant: Tenant, wanted: Sequence[Wanted]) -> Mapping[Address, Observed]:
    """Kind *dkim*: whether a domain has keys, and the names DNS must point to."""
    signing = tenant.signing()
    return {
        one.address: switched_on(
            one, {"keys": key_of(one) in signing}, observed_state.dkim_outputs(signing.get(key_of(one), {}))
        )
        for one in wanted
    }


def observe_dkim_signing(tenant: Tenant, wanted: Sequence[Wanted]) -> Mapping[Address, Observed]:
    """Kind *dkim_signing*: whether messages are signed."""
    signing = tenant.signing()
    return {one.address: switched_on(one, {"enabled": signing.get(key_of(one), {}).get("Enabled")}) for one in wanted}
