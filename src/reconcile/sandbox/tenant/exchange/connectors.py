"""Connectors: the ways by which mail comes into the organization and leaves it, and the proof of the latter."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError, unknown_object
from reconcile.sandbox.tenant.exchange.recipients import Outcome, Parameters
from reconcile.sandbox.tenant.post import Post
from reconcile.sandbox.tenant.world.world import World

_INBOUND = {"ConnectorType": "Partner", "Enabled": True, "SenderIPAddresses": [], "SenderDomains": ["smtp:*;1"]}
_OUTBOUND: dict[str, Any] = {
    "ConnectorType": "Partner", "Enabled": True, "AllAcceptedDomains": False, "RecipientDomains": [], "SmartHosts": [],
    "UseMXRecord": True, "IsTransportRuleScoped": False, "TestMode": False, "TlsSettings": None, "TlsDomain": None,
    "Comment": "", "IsValidated": False, "LastValidationTimestamp": None, "ValidationRecipients": [],
}  # fmt: skip
_NAMES = {name.lower(): name for name in _OUTBOUND}
_TLS = {name.lower(): name for name in ("EncryptionOnly", "CertificateValidation", "DomainValidation")}
#: What a validation vouches for: once it changes, the connector is to be validated anew.
_PROVED = {"RecipientDomains", "SmartHosts", "UseMXRecord", "TlsSettings", "TlsDomain"}
_DOMAIN = re.compile(r"\*|(\*\.)?([a-z0-9-]+\.)+[a-z0-9-]{2,}", re.IGNORECASE)


class Connectors:
    """The InboundConnector and OutboundConnector cmdlets. ``post`` takes a message to a server."""

    def __init__(self, world: World, post: Post) -> None:
        self._world = world
        self._post = post

    def get_inbound(self, given: Parameters) -> Outcome:
        return _named([{"Name": "", **_INBOUND, **one} for one in self._world.inbound_connectors], given), []

    def get_outbound(self, given: Parameters) -> Outcome:
        rows = [_row(one) for one in self._world.outbound_connectors]
        # As its page says: those scoped by a transport rule, and those in test mode, are shown when asked for.
        rows = [
            row
            for row in rows
            if bool(row["IsTransportRuleScoped"]) is bool(given.get("istransportrulescoped", False))
            and (not row["TestMode"] or given.get("includetestmodeconnectors"))
        ]
        return _named(rows, given), []

    def new_outbound(self, given: Parameters) -> Outcome:
        if any(str(one.get("Name", "")).lower() == given["name"].lower() for one in self._world.outbound_connectors):
            raise CmdletError(
                "ADObjectAlreadyExistsException", f"The outbound connector '{given['name']}' already exists."
            )
        made = {"Name": given["name"], "Guid": str(uuid.uuid4()), **_OUTBOUND, **_settings(given, [])}
        _check(made, given)
        self._world.outbound_connectors.append(made)
        return [_row(made)], []

    def set_outbound(self, given: Parameters) -> Outcome:
        one = self._find(given["identity"])
        settings = _settings(given, list(one.get("RecipientDomains", ())))
        changed = {**_OUTBOUND, **one, **settings}
        if any(changed[name] != _row(one)[name] for name in _PROVED):
            changed["IsValidated"] = settings.get("IsValidated", False)
        _check(changed, given)
        one.update(changed)
        return [], []

    def remove_outbound(self, given: Parameters) -> Outcome:
        self._world.outbound_connectors.remove(self._find(given["identity"]))
        return [], []

    def validate_outbound(self, given: Parameters) -> Outcome:
        """It connects to each smart host and sends a message there, from an address of the default domain."""
        row = _row(self._find(given["identity"]))
        to = [given["recipients"]] if isinstance(given["recipients"], str) else list(given["recipients"])
        for address in to:
            if not row["Enabled"] or not _serves(row, address.rpartition("@")[2].lower()):
                raise CmdletError(
                    "RecipientTaskException",
                    f"The domain of the recipient '{address}' is not configured as part of connector '{row['Name']}'.",
                )
        sender = f"O365ConnectorValidation@{self._world.default_domain()}"
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = (
            sender,
            ", ".join(to),
            "Test email for connector validation",
        )
        message["Date"] = format_datetime(self._world.clock.now())
        message["Message-ID"] = f"<{uuid.uuid4()}@{self._world.initial_domain}>"
        message.set_content("This is a test email to validate a connector.")
        rows = []
        for host in row["SmartHosts"]:
            refusals = self._post(host, sender, to, message.as_bytes())
            reached = refusals is not None
            rows.append(_task(f"Check connectivity to '{host}'", "" if reached else "450 4.4.316 Connection refused"))
            rows += [_task(f"Send test email to '{one}'", (refusals or {}).get(one, "")) for one in to if reached]
        return rows, []

    def _find(self, identity: str) -> dict[str, Any]:
        for one in self._world.outbound_connectors:
            if identity.lower() in (str(one.get("Name", "")).lower(), one.get("Guid")):
                return one
        raise unknown_object(identity)


def _task(name: str, refused: str) -> dict[str, Any]:
    return {"TaskName": name, "IsTaskSuccessful": not refused, "TaskDetails": refused}


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {"Name": "", "Guid": "", "Identity": one.get("Name", ""), **_OUTBOUND, **one}


def _named(rows: list[dict[str, Any]], given: Parameters) -> list[dict[str, Any]]:
    if given.get("identity"):
        rows = [row for row in rows if row["Name"].lower() == given["identity"].lower()]
        if not rows:
            raise unknown_object(given["identity"])
    return rows


def _settings(given: Parameters, domains: Sequence[str]) -> dict[str, Any]:
    """The settings given, by their own names; of domains, also those added and taken away."""
    settings = {_NAMES[name]: value for name, value in given.items() if name in _NAMES}
    wanted = given.get("recipientdomains")
    if isinstance(wanted, dict):
        verbs = {key.lower(): [value] if isinstance(value, str) else value for key, value in wanted.items()}
        gone = {name.lower() for name in verbs.get("remove", ())}
        kept = [name for name in domains if name.lower() not in gone]
        settings["RecipientDomains"] = list(dict.fromkeys([*kept, *verbs.get("add", ())]))
    for name in ("RecipientDomains", "SmartHosts", "ValidationRecipients"):
        if isinstance(settings.get(name), str):
            settings[name] = [settings[name]]
    if settings.get("TlsSettings"):
        settings["TlsSettings"] = _TLS[settings["TlsSettings"].lower()]
    return settings


def _check(row: dict[str, Any], given: Parameters) -> None:
    """Raises CmdletError for settings that do not go together."""

    def refuse(text: str) -> None:
        raise CmdletError("RecipientTaskException", text)

    for domain in row["RecipientDomains"]:
        if not _DOMAIN.fullmatch(domain):
            refuse(f"'{domain}' is not a valid SMTP domain.")
    if not row["UseMXRecord"] and not row["SmartHosts"]:
        refuse("SmartHosts must be specified when UseMXRecord is false.")
    if given.get("usemxrecord") is False and "smarthosts" not in given:
        refuse("SmartHosts must be specified on the same command line when UseMXRecord is set to false.")
    if row["UseMXRecord"] and row["SmartHosts"]:
        refuse("SmartHosts can't be specified when UseMXRecord is true.")
    for host in row["SmartHosts"]:
        if not _DOMAIN.fullmatch(host) and not _is_address(host):
            refuse(f"'{host}' is not a valid smart host.")
    if row["TlsDomain"] and row["TlsSettings"] != "DomainValidation":
        refuse("TlsDomain can be specified only when TlsSettings is DomainValidation.")
    if row["TlsSettings"] == "DomainValidation" and not row["TlsDomain"]:
        refuse("TlsDomain must be specified when TlsSettings is DomainValidation.")


def _serves(row: dict[str, Any], domain: str) -> bool:
    return any(
        name in ("*", domain) or (name.startswith("*.") and domain.endswith(name[1:]))
        for name in (written.lower() for written in row["RecipientDomains"])
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
