"""Why a server's answer cannot be believed, as the postmaster reads it. ``name``: what the question was about."""

from __future__ import annotations

import dns.rcode

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary.connection import Unreachable


def unreachable(server: str, why: Unreachable, name: str = "") -> Problem:
    """DNS01 when no connection was made, DNS02 when one was and no answer came. Without a name, of the server alone."""
    if why.connected:
        about = Phrase(" about {name}", name=name) if name else ""
        return Problem(
            "DNS02",
            Phrase("{server} did not answer{about} ({reason}).", server=server, about=about, reason=why.reason),
            "try again; nothing is assumed",
        )
    return Problem(
        "DNS01",
        Phrase(
            "{server} cannot be reached ({reason}){more}.",
            server=server,
            reason=why.reason,
            more=Phrase(", so {name} is not known", name=name) if name else "",
        ),
        "check [dns] host and port in reconcile.toml, and that TCP is let through",
    )


def unreadable(server: str, name: str, error: Exception) -> Problem:
    kind = type(error).__name__
    told = Phrase(
        "{server} sent an answer about {name} that cannot be read ({kind}).", server=server, name=name, kind=kind
    )
    return Problem("DNS11", told)


def no_message(server: str, name: str) -> Problem:
    told = Phrase("{server} sent an answer about {name} that is no message.", server=server, name=name)
    return Problem("DNS11", told, "read its log")


def other_answer(server: str, name: str, rcode: dns.rcode.Rcode) -> Problem:
    answered = dns.rcode.to_text(rcode)
    told = Phrase("{server} answered {answered} when asked for {name}.", server=server, answered=answered, name=name)
    return Problem("DNS11", told, "read its log")


def cut_short(server: str, name: str) -> Problem:
    told = Phrase("{server} cut its answer for {name} short.", server=server, name=name)
    return Problem("DNS11", told, "ask its administrator why")


def delegated(server: str, name: str, cut: str) -> Problem:
    """``cut``: the zone that other name servers hold."""
    told = Phrase(
        "{server} is not authoritative for {name}: {cut} is delegated to other name servers.",
        server=server,
        name=name,
        cut=cut,
    )
    return Problem("DNS06", told, Phrase("what is to be published at {name} belongs in that zone", name=name))


def not_authoritative(server: str, name: str) -> Problem:
    told = Phrase("{server} is not authoritative for {name}.", server=server, name=name)
    return Problem("DNS06", told, "the name is delegated elsewhere, or [dns] host names the wrong server")
