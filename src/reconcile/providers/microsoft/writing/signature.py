"""The rule that signs, written: one mail flow rule of the tenant, known by its name and by what its comment says."""

from __future__ import annotations

from collections.abc import Mapping

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.rules import ANYTHING, OURS, comment_of, digest_of, rule_fields, rule_named
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.read_back import AGREEING, created, until
from reconcile.providers.microsoft.writing.services import Surfaces, changed_since, disagrees
from reconcile.resources.resource import Live, Value

#: Seconds for Exchange to show a rule; to act on it takes it up to half an hour.
SHOWN_TIMEOUT = 600.0


class SignatureWriter:
    """Kind *signature*."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock

    def create(self, order: Order) -> Live:
        """Raises Problem SIG08 when somebody else made a rule of that name."""
        row = rule_named(self._exchange, order.address.key)
        if row is None:
            created(self._clock, lambda: self._make(order), lambda: self._asked(order), SHOWN_TIMEOUT)
        else:
            self._refuse_stranger(order, row)
            self._change(order, row)
        return self._shown(order)

    def update(self, order: Order) -> Live:
        row = rule_named(self._exchange, order.address.key)
        if row is None:
            raise changed_since(order.address, Phrase("the rule was removed"))
        if order.before is not None:
            seen = rule_fields(row, order.fields)
            if any(seen[name] != order.before.fields.get(name) for name in order.changed if name in seen):
                raise changed_since(order.address, Phrase("somebody changed the rule"))
        self._change(order, row)
        return self._shown(order)

    def delete(self, order: Order) -> None:
        row = rule_named(self._exchange, order.address.key)
        if row is None:
            return
        self._refuse_stranger(order, row)
        try:
            self._exchange.run("Remove-TransportRule", Identity=str(row["Guid"]), Confirm=False)
        except Refused:
            if rule_named(self._exchange, order.address.key) is not None:  # else it went with a lost answer
                raise

        def gone() -> bool | None:
            return True if rule_named(self._exchange, order.address.key) is None else None

        if until(self._clock, gone, SHOWN_TIMEOUT) is None:
            raise disagrees(order.address, Phrase("that it is gone"))

    def _make(self, order: Order) -> None:
        try:
            self._exchange.create("New-TransportRule", Name=order.address.key, Enabled=True, **parameters(order.fields))
        except Refused:
            if self._asked(order) is None:  # else a request whose answer was lost has made it
                raise

    def _asked(self, order: Order) -> Mapping[str, object] | None:
        """The rule, once it is the one that was asked for."""
        row = rule_named(self._exchange, order.address.key)
        return row if row and comment_of(row).get("asked") == digest_of(str(order.fields["text"])) else None

    def _refuse_stranger(self, order: Order, row: Mapping[str, object]) -> None:
        if not str(row.get("Comments") or "").startswith(OURS):
            message = Phrase(
                "A mail flow rule called {key!r} exists and is not ours; nothing was written.", key=order.address.key
            )
            raise Problem("SIG08", message, "rename it in Exchange, or give ours another name: [signature] name")

    def _change(self, order: Order, row: Mapping[str, object]) -> None:
        identity = str(row["Guid"])
        self._exchange.run("Set-TransportRule", Identity=identity, **parameters(order.fields))
        if row.get("State") != "Enabled":
            self._exchange.run("Enable-TransportRule", Identity=identity, Confirm=False)

    def _shown(self, order: Order) -> Live:
        """What Exchange shows. It may write the HTML a little otherwise than it was given: the comment then says what
        it made of it, so that a change by hand can be told from that."""

        row = until(self._clock, lambda: self._asked(order), SHOWN_TIMEOUT, agreeing=AGREEING)
        if row is None:
            raise disagrees(order.address, Phrase("the rule"))
        made = digest_of(str(row.get("ApplyHtmlDisclaimerText") or ""))
        if comment_of(row).get("made") != made:
            comment = comment_text(str(order.fields["text"]), made)
            self._exchange.run("Set-TransportRule", Identity=str(row["Guid"]), Comments=comment)
            row = {**row, "Comments": comment}
        seen = rule_fields(row, order.fields)
        if differing := sorted(name for name, value in order.fields.items() if seen.get(name) != value):
            raise disagrees(order.address, ", ".join(differing))
        return Live(order.address, seen, str(row["Guid"]))


def parameters(fields: Mapping[str, Value]) -> dict[str, object]:
    """The rule as New- and Set-TransportRule take it."""
    text = str(fields["text"])
    senders = fields["senders"]
    return {
        "Comments": comment_text(text, digest_of(text)),
        "Mode": "Enforce",
        "FromScope": fields["scope"],
        "SenderDomainIs": list(senders) if isinstance(senders, tuple) else [],
        "ApplyHtmlDisclaimerText": text,
        "ApplyHtmlDisclaimerLocation": "Append",
        "ApplyHtmlDisclaimerFallbackAction": fields["fallback"],
        "ExceptIfSubjectOrBodyContainsWords": [fields["unless_word"]],
        # A letter's header names its federation: no word is in all of them, which "contains words" would ask for.
        "ExceptIfHeaderMatchesMessageHeader": fields["unless_header"],
        "ExceptIfHeaderMatchesPatterns": [ANYTHING],
        "ExceptIfMessageTypeMatches": fields["unless_type"],
    }


def comment_text(text: str, made: str) -> str:
    """Whose the rule is, the digest of what was asked, and of what Exchange made of it."""
    return f"{OURS} asked={digest_of(text)} made={made}"


def probe_rule(exchange: Exchange, name: str, sender: str, text: str) -> None:
    """Write the rule of a probe: for one sender, everywhere, nothing excepted. One of that name is replaced."""
    values: dict[str, object] = {
        "Comments": f"{OURS} probe",
        "Mode": "Enforce",
        "From": [sender],
        "ApplyHtmlDisclaimerText": text,
        "ApplyHtmlDisclaimerLocation": "Append",
        "ApplyHtmlDisclaimerFallbackAction": "Ignore",
    }
    row = rule_named(exchange, name)
    if row is None:
        exchange.run("New-TransportRule", Name=name, Enabled=True, **values)
    else:
        exchange.run("Set-TransportRule", Identity=str(row["Guid"]), **values)


def remove_probe_rule(exchange: Exchange, name: str) -> None:
    """Take it away, if it is there."""
    row = rule_named(exchange, name)
    if row is not None:
        exchange.run("Remove-TransportRule", Identity=str(row["Guid"]), Confirm=False)
