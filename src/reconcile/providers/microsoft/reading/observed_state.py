"""Records of the tenant turned into what a plan compares: the fields of each kind. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from reconcile.providers.microsoft.reading.licences import Skus
from reconcile.providers.microsoft.reading.records import Box, Recipient, User, domain_of, smtp_addresses
from reconcile.resources.resource import Value

Row = dict[str, Any]


def mailbox_fields(key: str, user: User, box: Box | None, skus: Skus, domains: Collection[str]) -> dict[str, Value]:
    """The fields of kind *mailbox* of the mailbox wanted as ``key``.

    Aliases outside ``domains`` are not shown. A user whose mailbox does not exist yet shows no licence: assigning it
    is not finished.
    """
    proxies = box.proxies if box else user.proxies
    primary = box.primary if box else key
    aliases = {address for address in smtp_addresses(proxies) if domain_of(address) in domains}
    fields: dict[str, Value] = {
        "primary": primary,
        "licence": None if box is None else "shared" if box.shared else skus.licence(user.skus),
        "display_name": user.display_name,
        "aliases": tuple(sorted(aliases - {primary})),
        "sign_in": user.sign_in,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "job_title": user.job_title,
        "phone": user.phone,
        "atrium_id": user.atrium_id,
        "office": user.office,
        "street": user.street,
        "postal_code": user.postal_code,
        "city": user.city,
        "website": user.website,
        "networks": user.networks,
        "usage_location": user.usage_location,
    }
    if box and not box.shared:
        fields["disabled_plans"] = skus.left_out(user.disabled)
    if box:
        fields["hidden"] = box.hidden
        fields["sent_copies"] = box.sent_copies
    return fields


def access_fields(
    box: Box,
    permissions: Iterable[Row],
    grants: Iterable[Row],
    recipients: Mapping[str, Recipient],
    managed: Callable[[Recipient], bool],
) -> dict[str, Value]:
    """The fields of kind *access*: the rights of those holders that are ``managed``. Holders that are no recipient
    (orphan SIDs, SELF, applications) are not shown."""
    return {
        "full_access": addresses(full_access_holders(permissions), recipients, managed),
        "send_as": addresses(send_as_holders(grants), recipients, managed),
        "send_on_behalf": addresses(box.on_behalf, recipients, managed),
    }


def full_access_holders(permissions: Iterable[Row]) -> list[str]:
    """Who was given FullAccess on the mailbox itself, by the names Exchange shows."""
    return [
        str(row.get("User") or "")
        for row in permissions
        if not row.get("IsInherited") and not row.get("Deny") and "FullAccess" in _rights(row)
    ]


def copier_granted(rows: Iterable[Row], names: Collection[str]) -> bool:
    """Whether rows asked for by the copier's id grant it FullAccess, shown by its id, as a SID or by its name.

    Rows that include the mailbox's own entry are everybody's: Exchange did not know whom it was asked about. Then only
    ``names``, the ids of the application, count.
    """
    found = list(rows)
    holders = {holder.lower() for holder in full_access_holders(found)}
    everybody = any(str(row.get("User") or "").upper() == "NT AUTHORITY\\SELF" for row in found)
    return bool(holders & set(names)) or bool(holders and not everybody)


def send_as_holders(grants: Iterable[Row]) -> list[str]:
    return [
        str(row.get("Trustee") or "")
        for row in grants
        if not row.get("IsInherited")
        and str(row.get("AccessControlType") or "Allow") == "Allow"
        and "SendAs" in _rights(row)
    ]


def addresses(
    holders: Iterable[str], recipients: Mapping[str, Recipient], managed: Callable[[Recipient], bool]
) -> tuple[str, ...]:
    """The primary addresses of those holders that are recipients and managed, sorted."""
    known = (recipients.get(holder.lower()) for holder in holders)
    return tuple(sorted({one.primary for one in known if one is not None and one.primary and managed(one)}))


def domain_root(domain: str, rows: Mapping[str, Row]) -> str:
    """The root domain a domain of the tenant stands under; itself when it is one."""
    if rows.get(domain, {}).get("isRoot", True):
        return domain
    parents = [name for name, row in rows.items() if row.get("isRoot") and domain.endswith(f".{name}")]
    return max(parents, key=len, default=domain)


def verification_outputs(rows: Iterable[Row]) -> dict[str, Value]:
    """The TXT text that proves a domain is ours; {} when Graph tells none."""
    texts = {str(row["text"]) for row in rows if str(row.get("recordType")).lower() == "txt" and row.get("text")}
    return {"verification_txt": tuple(sorted(texts))} if texts else {}


def service_outputs(rows: Iterable[Row]) -> dict[str, Value]:
    """What DNS must say for mail, as Graph tells it; {} while Graph does not tell it all."""
    mail = [row for row in rows if row.get("supportedService") == "Email"]
    mx = [f"{row.get('preference', 0)} {_host(row['mailExchange'])}" for row in mail if row.get("mailExchange")]
    names = [_host(row["canonicalName"]) for row in mail if row.get("canonicalName")]
    includes = [name for row in mail if row.get("text") for name in _includes(str(row["text"]))]
    if not (mx and names and includes):
        return {}
    return {
        "mx": tuple(sorted(mx)),
        "spf_includes": tuple(sorted(includes)),
        "autodiscover": tuple(sorted(names)),
    }


def dkim_outputs(row: Row) -> dict[str, Value]:
    """Where the two DKIM names of a domain must point. Never derived: the targets follow no rule one can rely on."""
    targets = {name: row.get(f"{name.capitalize()}CNAME") for name in ("selector1", "selector2")}
    return {name: (_host(target),) for name, target in targets.items() if target}


def _host(name: object) -> str:
    return f"{str(name).lower().rstrip('.')}."


def _includes(spf: str) -> list[str]:
    """The names an SPF text includes. Microsoft's own sample has a space after ``include:``."""
    words = spf.replace("include: ", "include:").split()
    return [word.partition(":")[2].lower() for word in words if word.lower().startswith("include:")]


def _rights(row: Row) -> set[str]:
    rights = row.get("AccessRights") or ()
    return {right.strip() for right in rights.split(",")} if isinstance(rights, str) else set(rights)
