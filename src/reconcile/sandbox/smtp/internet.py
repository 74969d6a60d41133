"""The network between the sandbox's mail hosts: public names and addresses, behind which servers listen on loopback."""

from __future__ import annotations

import ipaddress
import smtplib
from collections.abc import Callable, Mapping, Sequence

Resolve = Callable[[str, str], Sequence[str]]

_SECONDS = 60


class Internet:
    """``places``: public IPv4 address → the port of 127.0.0.1 that stands for its port 25; hosts come and go.
    ``resolve(name, type)`` shows the DNS."""

    def __init__(self, resolve: Resolve) -> None:
        self.places: dict[str, int] = {}
        self._resolve = resolve

    def __call__(
        self, host: str, sender: str, recipients: Sequence[str], message: bytes, client: str = ""
    ) -> Mapping[str, str] | None:
        """Take a message to a server, by its name or address; the refusal of each recipient it did not take, None when
        there is no way to it. ``client``: the address it comes from."""
        port = next((self.places[one] for one in self.addresses(host) if one in self.places), None)
        if port is None:
            return None
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=_SECONDS) as session:
                session.ehlo()
                if client and session.has_extn("xclient"):
                    session.docmd("XCLIENT", f"ADDR={client}")
                    session.ehlo()
                return _sent(session, sender, recipients, message)
        except OSError:
            return None

    def by_mx(self, sender: str, recipient: str, message: bytes, client: str = "") -> str | None:
        """Take a message to whom the DNS names; its refusal, "" when it was taken, None when nobody can be reached."""
        hosts = self.exchangers(recipient.rpartition("@")[2])
        if not hosts:
            return "550 5.4.4 No mail exchanger for this domain"
        for host in hosts:
            refusals = self(host, sender, [recipient], message, client)
            if refusals is not None:
                return refusals.get(recipient, "")
        return None

    def exchangers(self, domain: str) -> list[str]:
        """The hosts that take a domain's mail, the preferred first."""
        records = [record.split(None, 1) for record in self._resolve(domain, "MX")]
        return [host.rstrip(".").lower() for _, host in sorted((int(rank), host) for rank, host in records)]

    def addresses(self, host: str) -> Sequence[str]:
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            return self._resolve(host, "A")


def _sent(session: smtplib.SMTP, sender: str, recipients: Sequence[str], message: bytes) -> Mapping[str, str]:
    code, text = session.mail(sender)
    if code != 250:
        return dict.fromkeys(recipients, _reply(code, text))
    refusals = {}
    for one in recipients:
        code, text = session.rcpt(one)
        if code not in (250, 251):
            refusals[one] = _reply(code, text)
    taken = [one for one in recipients if one not in refusals]
    if taken and message:
        code, text = session.data(message)
        if code != 250:
            refusals |= dict.fromkeys(taken, _reply(code, text))
    return refusals


def _reply(code: int, text: bytes) -> str:
    return f"{code} {text.decode(errors='replace')}"
