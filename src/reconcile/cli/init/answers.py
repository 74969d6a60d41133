"""What a beginning is made of: options, and questions on a terminal for those that were not given."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.documents.new_folder import Beginning, OldHost

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HOST = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?)+")
_OLD = re.compile(r"([a-z][a-z0-9_-]*)=(\S+)")

#: Carries a value that was typed or given, as it is kept. Raises ``click.BadParameter``.
Check = Callable[[str], str]


def guid(text: str) -> str:
    if not _GUID.fullmatch(text.strip()):
        raise click.BadParameter(
            Phrase("{text!r} is no GUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e.", text=text)
        )
    return text.strip().lower()


def host(text: str) -> str:
    """A name of a host or a domain; empty is nobody."""
    kept = text.strip().rstrip(".").lower()
    if kept and not _HOST.fullmatch(kept):
        raise click.BadParameter(Phrase("{text!r} is no name of a host or a domain.", text=text))
    return kept


def named_host(text: str) -> str:
    """NAME=HOST; empty is none."""
    kept = text.strip()
    found = _OLD.fullmatch(kept)
    if kept and not found:
        raise click.BadParameter(
            Phrase("{text!r} is not NAME=HOST, such as mutualise=imap.mutualise.example.", text=text)
        )
    if found:
        host(found[2])
    return kept


def free(text: str) -> str:
    if any(ord(letter) < 32 for letter in text):
        raise click.BadParameter("a line of plain text is expected.")
    return text.strip()


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """``default`` None: there is no beginning without an answer."""

    option: str
    words: str
    check: Check
    default: str | None = ""


QUESTIONS = (
    Question("tenant", Phrase("Directory id of the tenant (a GUID)"), guid, None),
    Question("initial_domain", Phrase("Its own domain, something.onmicrosoft.com"), host, None),
    Question("client_id", Phrase("Application (client) id of the app registration that signs in"), guid, None),
    Question("copier", Phrase("Object id of the enterprise application that copies the mail"), guid, None),
    Question("dns_host", Phrase("Primary that takes DNS updates (empty: zones are at a DNS host)"), host),
    Question("dns_key", Phrase("Name of its TSIG key"), free, "reconcile."),
    Question("old_host", Phrase("Old mail host, as NAME=HOST (empty: none)"), named_host),
    Question("master_user", Phrase("User who may open every mailbox there"), free, "copieur"),
    Question("state", Phrase("Where the state is kept, such as s3://bucket/folder (empty: this folder)"), free),
)
#: A question that has no sense unless another was answered.
_AFTER = {"dns_key": "dns_host", "master_user": "old_host"}


def answered(given: Mapping[str, str | None], asking: bool, say: Callable[[str], str]) -> dict[str, str]:
    """An answer to each question: what was given, else what is typed when ``asking``, else its default. ``say``: in
    the language of the call.

    Raises ``click.UsageError`` naming the options that are missing, or the one that is no good.
    """
    missing = [one for one in QUESTIONS if one.default is None and given.get(one.option) is None]
    if missing and not asking:
        options = ", ".join(f"--{one.option.replace('_', '-')}" for one in missing)
        raise click.UsageError(Phrase("Nobody is there to be asked: give {options}.", options=options))
    known: dict[str, str] = {}
    for one in QUESTIONS:
        value = given.get(one.option)
        idle = one.option in _AFTER and not known[_AFTER[one.option]]
        if value is not None:
            known[one.option] = _kept(one, value)
        elif asking and not idle:
            known[one.option] = click.prompt(say(one.words), default=one.default, value_proc=one.check, err=True)
        else:
            known[one.option] = one.default or ""
    return known


def beginning(
    known: Mapping[str, str], protected: tuple[str, ...], batches: tuple[dt.date, ...], forge: str
) -> Beginning:
    from reconcile.documents.new_folder import Beginning

    return Beginning(
        tenant=known["tenant"],
        initial_domain=known["initial_domain"],
        client_id=known["client_id"],
        copier_principal=known["copier"],
        protected=protected,
        dns_host=known["dns_host"],
        dns_key=known["dns_key"],
        old=_old(known),
        batches=batches,
        state=known["state"],
        forge=forge,
    )


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each question."""
    for one in reversed(QUESTIONS):
        command = click.option(f"--{one.option.replace('_', '-')}", help=f"{one.words}.")(command)
    return command


def _kept(question: Question, value: str) -> str:
    try:
        return question.check(value)
    except click.BadParameter as error:
        raise click.UsageError(
            Phrase("--{value}: {message}", value=question.option.replace("_", "-"), message=error.message)
        ) from None


def _old(known: Mapping[str, str]) -> OldHost | None:
    from reconcile.documents.new_folder import OldHost

    found = _OLD.fullmatch(known["old_host"])
    return OldHost(found[1], host(found[2]), known["master_user"]) if found else None
