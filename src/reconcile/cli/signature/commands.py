"""``reconcile signature``: probe the tenant's tokens, and look at signatures before anybody sends one."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from reconcile.cli.session.exits import DONE
from reconcile.cli.session.group import CommandGroup
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.settings.tables.tenant.signature import Signature
    from reconcile.language.catalogue import Catalogue
    from reconcile.resources.resource import Reference, Value
    from reconcile.resources.signature.proof import Proof

#: The largest message that is read as an answer, in bytes.
_LARGEST = 5_000_000


@click.group(cls=CommandGroup)
def signature() -> None:
    """The signature that the tenant adds to everybody's messages: probe its tokens, look at it."""


@signature.command()
@click.argument("sender", metavar="ADDRESS")
@click.option(
    "--answer",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The message as it arrived, saved whole (.eml).",
)
@click.option("--withdraw", is_flag=True, help="Give up: only take the rule away.")
@click.pass_obj
def probe(session: Session, sender: str, answer: Path | None, withdraw: bool) -> int:
    """Find out which tokens of a mail flow rule the tenant fills in: Microsoft's own pages disagree.

    Without --answer it writes a rule that adds every token to the messages of ADDRESS alone. Send one from there to
    itself, save what arrives, and give it with --answer: what works is kept in spfstate/signature, and the rule goes.
    """
    from reconcile.cli.session.credential import credential
    from reconcile.providers.microsoft.signature_probe import SignatureProbe
    from reconcile.resources.signature.probe import PROBE_RULE, judge, lacking, question

    asked = SignatureProbe(session.outside, credential(session), session.clock)
    if withdraw:
        asked.withdraw(PROBE_RULE)
        return DONE
    sender, boxes = sender.lower(), _mailboxes(session)
    fields = _known(boxes, sender)
    if (lacks := lacking(sender, boxes)) and answer is None:
        session.warn(
            Phrase(
                "{sender} has no {lacks}: no token for it will be proven, and signatures will leave it out.",
                sender=sender,
                lacks=", ".join(lacks),
            )
        )
    if answer is None:
        asked.ask(PROBE_RULE, sender, question())
        session.warn(
            Phrase(
                "Every message of {sender} now ends with the tokens, once Exchange acts on it (up to 30 minutes).\n"
                "  → send one from {sender} to itself, save what arrives as a file, then:\n"
                "    reconcile signature probe {sender} --answer FILE",
                sender=sender,
            )
        )
        return DONE
    proof = judge(_body(answer), sender, fields, session.clock.now())
    session.proof_folder.write(proof)
    asked.withdraw(PROBE_RULE)
    session.print(_proven(proof, session.words))
    for name in asked.other_signers():
        session.warn(Phrase("The rule {name!r} adds a text to messages too: people would be signed twice.", name=name))
    return DONE


@signature.command()
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@click.option("--all", "everybody", is_flag=True, help="Of every mailbox of every federation.")
@click.option(
    "--html", "page_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write one page."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with the HTML and the text of each.")
@click.pass_obj
def preview(
    session: Session, addresses: tuple[str, ...], everybody: bool, page_file: Path | None, as_json: bool
) -> int:
    """Show what messages of these mailboxes will end with, as text; --html writes them as they will look.

    Made from the files, the structures and the tokens that the last probe proved; nothing is asked of the tenant.
    """
    from reconcile.documents.signature import page, signature_html, signature_text
    from reconcile.resources.signature.proof import DOCUMENTED
    from reconcile.resources.signature.rule import rule_text

    if bool(addresses) == everybody:
        raise click.UsageError("name mailboxes, or say --all")
    settings, proof = _settings(session), session.proof_folder.newest()
    tokens = proof.tokens if proof else DOCUMENTED
    if proof is None:
        session.warn("No probe was made yet: shown with the tokens both of Microsoft's lists have (SIG04).")
    elif proof.unproven:
        session.warn(
            Phrase("Left out, for no token was proven to say it: {unproven}.", unproven=", ".join(proof.unproven))
        )
    text = rule_text(settings, tokens)
    boxes = _mailboxes(session)
    chosen = sorted(boxes) if everybody else [address.lower() for address in addresses]
    shown = [(address, signature_html(text, tokens, _known(boxes, address))) for address in chosen]
    if page_file is not None:
        from reconcile.state.durable import replace_file

        replace_file(page_file, page(shown).encode())
    if as_json:
        document = [{"address": address, "html": markup, "text": signature_text(markup)} for address, markup in shown]
        click.echo(json.dumps({"format": 1, "signatures": document}, ensure_ascii=False, indent=1))
    else:
        session.print(_texts((address, signature_text(markup)) for address, markup in shown))
    return DONE


def _settings(session: Session) -> Signature:
    if session.settings.signature is None:
        raise Problem("SIG09", "reconcile.toml has no [signature].", "see docs/signature.md", 3)
    return session.settings.signature


def _mailboxes(session: Session) -> dict[str, Mapping[str, Value | Reference]]:
    """What each mailbox of a valid file will show."""
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria
    from reconcile.resources.desired.federations import compile_federations

    settings = session.settings
    loaded = load_federations(session.federations, Criteria(protected=settings.protected, register=session.register))
    for path in sorted({one.path for one in loaded.errors}):
        session.warn(Phrase("Left out: {path} is not valid (reconcile validate says why).", path=path))
    return {
        one.address.key: one.fields
        for one in compile_federations(loaded.federations, settings, session.clock.now())
        if one.address.kind == "mailbox"
    }


def _known(boxes: Mapping[str, Mapping[str, Value | Reference]], address: str) -> Mapping[str, Value | Reference]:
    if address not in boxes:
        import difflib

        near = difflib.get_close_matches(address, boxes, 1)
        hint = Phrase("did you mean {near}?", near=near[0]) if near else Phrase("name a mailbox of a federation's file")
        raise Problem("SIG10", Phrase("No file describes a mailbox {address}.", address=address), hint)
    return boxes[address]


def _body(file: Path) -> str:
    """Every text of a message, HTML first. Raises Problem SIG06 when it is none."""
    with file.open("rb") as opened:
        data = opened.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise Problem(
            "SIG06", Phrase("{file} is larger than a message to oneself is.", file=file), "save the one that arrived"
        )
    message = email.message_from_bytes(data, policy=email.policy.default)
    parts = [part for part in message.walk() if part.get_content_maintype() == "text" and not part.is_multipart()]
    parts.sort(key=lambda part: part.get_content_subtype() != "html")
    try:
        return "\n".join(str(part.get_content()) for part in parts)
    except (LookupError, ValueError):
        raise Problem(
            "SIG06", Phrase("{file} cannot be read as a message.", file=file), "save it whole, as .eml"
        ) from None


def _proven(proof: Proof, words: Catalogue) -> Iterator[Text]:
    from reconcile.views.wording import plain

    for fact, token in proof.tokens.items():
        yield Text(f"  ✓ {fact:<13} %%{token}%%", "green")
    for fact in proof.unproven:
        none = words.say(Phrase("no token says it: signatures leave it out"))
        yield Text(f"  ✗ {fact:<13} {none}", "yellow")
    if proof.unknown_stays:
        told = Phrase("Proven with {sender}. A token nobody knows stays in the text.", sender=proof.sender)
    else:
        told = Phrase("Proven with {sender}. A token nobody knows vanishes.", sender=proof.sender)
    yield Text(words.say(told, plain))
    if proof.escaped is False:
        markup = Phrase("Values are not escaped as HTML: & and < in a name or a title would be read as markup.")
        yield Text(words.say(markup), "yellow")


def _texts(signatures: Iterator[tuple[str, str]]) -> Iterator[Text]:
    from reconcile.views.wording import plain

    for address, text in signatures:
        yield Text(plain(address), "bold")
        for line in text.splitlines():
            yield Text(f"  {plain(line)}")
