"""Where a message ends that is written to a domain in two places: real SMTP from end to end, both mail hosts real."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from reconcile.sandbox.tenant.world.objects import Domain
from reconcile.sandbox.world import World

STRANGER = "quelqu.un@orange.example"
TENANT_MX = "0 spf55-org.mail.protection.outlook.com."
CONNECTOR: dict[str, Any] = {
    "Name": "reconcile mutualise",
    "RecipientDomains": ["spf55.org"],
    "SmartHosts": ["smtp.mutualise.example"],
    "UseMXRecord": False,
}
_ZONE = """\
$TTL 300
@ SOA ns1.mutualise.example. hostmaster.mutualise.example. 1 7200 3600 1209600 300
@ NS ns1.mutualise.example.
@ MX {mx}
"""


@pytest.fixture
def mail(mail_world: World) -> Iterator[Mail]:
    found = Mail(mail_world)
    yield found
    found.clear()


class Mail:
    """spf55.org is known to the tenant as a relay, contact@ has its new mailbox, the MX still leads to the old host."""

    def __init__(self, world: World) -> None:
        self.world, self.tenant = world, world.tenant.world
        self.numbers = iter(range(10**6))
        self.boxes: dict[str, str] = {}
        self.domain = Domain("spf55.org", verified=True, accepted_as="InternalRelay")
        with self.tenant.lock:
            self.tenant.domains["spf55.org"] = self.domain
        self.give("contact@spf55.org")
        self.lead("10 mx1.mutualise.example.")

    def clear(self) -> None:
        with self.tenant.lock:
            for user in list(self.tenant.users.values()):
                if user.upn.endswith("@spf55.org"):
                    self.tenant.delete_user(user)
            self.tenant.outbound_connectors.clear()
            self.tenant.inbound_connectors.clear()
            self.tenant.reject_direct_send = False
            self.tenant.known_since.clear()
            self.tenant.trace.clear()

    def give(self, address: str) -> None:
        """A new mailbox."""
        with self.tenant.lock:
            user = self.tenant.add_user({"userPrincipalName": address, "accountEnabled": True})
            box = self.tenant.add_mailbox(user, address, address, [f"SMTP:{address}"], shared=False)
            self.boxes[address] = box.guid

    def lead(self, mx: str) -> None:
        """Publish the domain's MX."""
        self.world.dns.add_zone("spf55.org", _ZONE.format(mx=mx))

    def connect(self, *connectors: dict[str, Any]) -> None:
        with self.tenant.lock:
            self.tenant.outbound_connectors.extend(dict(one) for one in connectors)

    def write(self, recipient: str, sender: str = STRANGER) -> tuple[str, str]:
        """Somebody of the outside world writes; the message's mark, and the refusal if it was refused at once."""
        mark, message = self.message(sender, recipient)
        return mark, self.world.internet.by_mx(sender, recipient, message) or ""

    def message(self, sender: str, recipient: str) -> tuple[str, bytes]:
        message, mark = EmailMessage(), f"marque-{next(self.numbers)}-{time.monotonic_ns()}"
        message["From"], message["To"], message["Subject"] = sender, recipient, mark
        message.set_content("Bonjour")
        return mark, message.as_bytes()

    def in_new(self, address: str, mark: str) -> int:
        folder = self.world.new._dovecot.mail / self.boxes[address].lower()
        return sum(mark in file.read_text(errors="replace") for file in folder.rglob("u.*"))

    def in_old(self, address: str, mark: str) -> int:
        folder = self.world.old.maildir(address)
        files = [file for part in ("new", "cur") if (folder / part).is_dir() for file in (folder / part).iterdir()]
        return sum(f"Subject: {mark}" in file.read_text(errors="replace") for file in files)

    def traced(self, mark: str) -> list[str]:
        with self.tenant.lock:
            return [str(row["Status"]) for row in self.tenant.trace if row["Subject"] == mark]


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_known_recipient_is_delivered_inside_whatever_the_mx_says(mail: Mail) -> None:
    mark, message = mail.message("lou@national.example", "contact@spf55.org")
    mail.world.exchange.send("lou@national.example", "contact@spf55.org", message)
    assert mail.in_new("contact@spf55.org", mark) == 1
    outside, refused = mail.write("contact@spf55.org")
    until(lambda: mail.in_old("contact@spf55.org", outside) == 1)
    assert (refused, mail.in_new("contact@spf55.org", outside)) == ("", 0), "the world still writes to the old host"


def test_colleagues_send_by_submission_and_whoever_has_no_mailbox_may_not(mail: Mail) -> None:
    mark, message = mail.message("contact@spf55.org", "contact@spf55.org")
    with smtplib.SMTP("127.0.0.1", mail.world.exchange.submission.port, timeout=60) as session:
        session.sendmail("contact@spf55.org", ["contact@spf55.org"], message)
        assert mail.in_new("contact@spf55.org", mark) == 1, "the MX leads to the old host, and it stays inside"
        with pytest.raises(smtplib.SMTPRecipientsRefused, match=r"5\.7\.60"):
            session.sendmail("oubliee@spf55.org", ["contact@spf55.org"], message)


def test_from_the_switch_on_an_address_nobody_listed_still_receives_on_the_old_host_by_the_connector(
    mail: Mail,
) -> None:
    mail.lead(TENANT_MX)
    mail.connect(CONNECTOR)
    known, _ = mail.write("contact@spf55.org")
    unknown, refused = mail.write("oubliee@spf55.org")
    until(lambda: mail.in_old("oubliee@spf55.org", unknown) == 1)
    assert refused == ""
    assert mail.in_new("contact@spf55.org", known) == 1
    until(lambda: mail.traced(unknown) == ["Delivered"])


def test_an_address_the_old_host_does_not_know_either_is_reported_to_its_sender(mail: Mail) -> None:
    mail.lead(TENANT_MX)
    mail.connect(CONNECTOR)
    mark, _ = mail.write("personne@spf55.org", "contact@spf55.org")
    until(lambda: mail.traced(mark) == ["Failed"])
    until(lambda: mail.in_new("contact@spf55.org", "Undeliverable: personne@spf55.org") == 1)


@pytest.mark.parametrize("connectors", [(), ({**CONNECTOR, "SmartHosts": [], "UseMXRecord": True},)])
def test_a_relay_by_dns_goes_round_until_its_hops_are_counted(
    mail: Mail, connectors: tuple[dict[str, Any], ...]
) -> None:
    mail.lead(TENANT_MX)
    mail.connect(*connectors)
    mark, _ = mail.write("oubliee@spf55.org", "contact@spf55.org")
    until(lambda: "Failed" in mail.traced(mark))
    assert len(mail.traced(mark)) > 15
    assert mail.in_old("oubliee@spf55.org", mark) == 0
    until(lambda: mail.in_new("contact@spf55.org", "5.4.14 Hop count exceeded") == 1)


def test_the_connector_that_names_the_domain_beats_one_for_all_and_that_one_a_wildcard(mail: Mail) -> None:
    mail.lead(TENANT_MX)
    nowhere = {"SmartHosts": ["198.51.100.1"], "UseMXRecord": False}
    everything = {"Name": "tout", "AllAcceptedDomains": True, **nowhere}
    mail.connect({"Name": "joker", "RecipientDomains": ["*"], **nowhere}, everything, CONNECTOR)
    mark, _ = mail.write("oubliee@spf55.org")
    until(lambda: mail.in_old("oubliee@spf55.org", mark) == 1)
    with mail.tenant.lock:
        mail.tenant.outbound_connectors[:] = [
            {"Name": "joker", "RecipientDomains": ["*"], **nowhere},
            {"Name": "tout", "AllAcceptedDomains": True, "SmartHosts": ["203.0.113.25"], "UseMXRecord": False},
        ]
    mark, _ = mail.write("oubliee@spf55.org")
    until(lambda: mail.in_old("oubliee@spf55.org", mark) == 1)


def test_an_authoritative_domain_refuses_at_its_edge_what_it_does_not_know_and_leaves_no_trace(mail: Mail) -> None:
    mail.lead(TENANT_MX)
    mail.domain.accepted_as = "Authoritative"
    mark, refused = mail.write("oubliee@spf55.org")
    assert refused == "550 5.4.1 Recipient address rejected: Access denied"
    assert mail.traced(mark) == []
    mark, refused = mail.write("contact@spf55.org")
    assert (refused, mail.in_new("contact@spf55.org", mark)) == ("", 1)


def test_mail_in_our_own_name_from_a_host_no_connector_names_is_refused_once_direct_send_is(mail: Mail) -> None:
    """What a federation still on the old host sends to one that has moved is direct send."""
    mail.lead(TENANT_MX)
    colleague = "zoe@spf55.org"

    def sent() -> str:
        _, message = mail.message(colleague, "contact@spf55.org")
        return mail.world.internet.by_mx(colleague, "contact@spf55.org", message, "203.0.113.25") or ""

    assert sent() == ""
    mail.tenant.reject_direct_send = True
    assert sent().startswith("550 5.7.68 TenantInboundAttribution; Direct Send not allowed")
    mail.tenant.inbound_connectors.append(
        {"Name": "ancien", "ConnectorType": "Partner", "SenderIPAddresses": ["203.0.113.0/24"]}
    )
    assert sent() == ""


def test_the_old_host_sends_what_is_not_its_own_to_where_the_mx_leads(mail: Mail) -> None:
    """From a user of the old host to a domain that the tenant alone has."""
    with mail.tenant.lock:
        mail.tenant.domains["spf99.org"] = Domain("spf99.org", verified=True, accepted_as="Authoritative")
    mail.give("bureau@spf99.org")
    mail.world.dns.add_zone("spf99.org", _ZONE.format(mx=TENANT_MX))
    mark, message = mail.message("sport@spf88.org", "bureau@spf99.org")
    with smtplib.SMTP("127.0.0.1", mail.world.old.postfix.ports.local, timeout=60) as session:  # type: ignore[attr-defined]
        session.sendmail("sport@spf88.org", ["bureau@spf99.org"], message)
    until(lambda: mail.in_new("bureau@spf99.org", mark) == 1)


def test_the_message_that_validates_a_connector_arrives_in_the_old_box_from_the_default_domain(mail: Mail) -> None:
    sender = f"O365ConnectorValidation@{mail.tenant.default_domain()}"
    mark, message = mail.message(sender, "contact@spf55.org")
    assert mail.world.internet("smtp.mutualise.example", sender, ["contact@spf55.org"], message) == {}
    until(lambda: mail.in_old("contact@spf55.org", mark) == 1)
    refusals = mail.world.internet("smtp.mutualise.example", sender, ["personne@spf55.org"], message)
    assert refusals is not None
    assert refusals["personne@spf55.org"].startswith("550 5.1.1")
    assert mail.world.internet("198.51.100.1", sender, ["contact@spf55.org"], message) is None
