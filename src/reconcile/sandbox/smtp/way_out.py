"""Where the old host's Postfix hands on what is not for itself: each recipient is led to its domain's MX."""

from __future__ import annotations

from collections.abc import Collection

from reconcile.sandbox.smtp.internet import Internet
from reconcile.sandbox.smtp.listening import SmtpListener


class WayOut:
    """A server that takes whatever the host at ``own`` addresses sends, and passes on what the MX answers.

    A domain whose MX is the host itself is answered as Postfix answers it, for whom it would be a loop.
    """

    def __init__(self, internet: Internet, own: Collection[str]) -> None:
        self.listener = SmtpListener("mx.invalid", self)
        self._internet = internet
        self._own = own

    def asked(self, client: str, sender: str, recipient: str) -> str:
        domain = recipient.rpartition("@")[2]
        hosts = self._internet.exchangers(domain)
        if any(address in self._own for host in hosts[:1] for address in self._internet.addresses(host)):
            return f"554 5.4.6 mail for {domain} loops back to myself"
        return self._passed(sender, recipient, b"")

    def given(self, client: str, sender: str, recipients: list[str], message: bytes) -> str:
        answers = [self._passed(sender, one, message) for one in recipients]
        return next((answer for answer in answers if answer), "")

    def _passed(self, sender: str, recipient: str, message: bytes) -> str:
        client = next(iter(self._own), "")
        answer = self._internet.by_mx(sender, recipient, message, client)
        return "451 4.4.1 No answer from host" if answer is None else answer
