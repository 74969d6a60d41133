"""The table [letters]: who writes to the federations, how letters leave, and where people find help."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from reconcile.config.settings.in_the_clear import refuse_in_the_clear
from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Name, Port, Table
from reconcile.language.phrase import Phrase


def _address(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+", text) is None:
        raise mistake("address", Phrase("{text} is no mail address", text=repr(text)))
    return text.lower()


def _page(text: str) -> str:
    if re.fullmatch(r"https?://[^\s\"<>\\]+", text) is None:
        raise mistake("page", Phrase("{text} is no web address, like https://example.org", text=repr(text)))
    return text


def _line(text: str) -> str:
    if not text.isprintable():
        raise mistake("line", Phrase("{text} is not one line of text", text=repr(text)))
    return text.strip()


Address = Annotated[str, AfterValidator(_address)]
Page = Annotated[str, AfterValidator(_page)]
Line = Annotated[str, AfterValidator(_line)]


class Links(Table):
    """Pages that letters and sheets point to; one that is not given is not mentioned."""

    webmail: Page = "https://outlook.office.com"
    """Where mail is read in a browser."""
    tutorials: Page = ""
    """Every tutorial."""
    exports: Page = ""
    """How address books and calendars are exported from the old system, and imported into the new one."""
    outlook: Page = ""
    """How Outlook is set up."""
    thunderbird: Page = ""
    """How Thunderbird is set up."""
    phone: Page = ""
    """How a phone is set up."""


class Submission(Table):
    """The server that takes letters when they leave by SMTP."""

    host: Name
    """The submission server."""
    port: Port = 587
    """Its port; 465 for TLS from the first byte."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted. none: not at all."""
    user: Line = ""
    """The login; without one the server takes letters from this machine as it is."""
    password_file: Path | None = None
    """File holding its password; RECONCILE_LETTERS_PASSWORD comes first."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones."""
    in_the_clear: bool = False
    """true to let letters and the password cross a network unencrypted: security = "none", to another machine."""

    @model_validator(mode="after")
    def _only_when_said(self) -> Submission:
        if self.security == "none" and not self.in_the_clear:
            refuse_in_the_clear(Phrase("letters and their password"), self.host, "in_the_clear")
        return self


class SenderMailbox(Table):
    """The sender's own mailbox, read over IMAP: what bounced, and whether a letter left whose answer was lost."""

    host: Name
    """The IMAP server."""
    port: Port = 993
    """Its port: TLS from the first byte."""
    tls: bool = True
    """false for a server on this machine, or a network nobody else is on."""
    user: Line
    """The login."""
    password_file: Path | None = None
    """File holding its password; RECONCILE_LETTERS_MAILBOX_PASSWORD comes first."""
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones."""
    in_the_clear: bool = False
    """true to let the password and mail cross a network unencrypted: tls = false, to another machine."""

    @model_validator(mode="after")
    def _only_when_said(self) -> SenderMailbox:
        if not (self.tls or self.in_the_clear):
            refuse_in_the_clear(Phrase("mail and its password"), self.host, "in_the_clear")
        return self


class Letters(Table):
    """Who writes to the federations, and how: without a way out, no letter is planned."""

    transport: Literal["smtp", "graph", "folder"] | None = None
    """How letters leave: by smtp, as a mailbox of the tenant (graph), or written as .eml files for somebody to send
    (folder). Without it none is planned."""
    sender: Address = ""
    """Who they are from: an address of a domain whose SPF and DKIM say so, never one in onmicrosoft.com."""
    sender_name: Line = "Messagerie du Secours populaire"
    """The name beside it, which also signs."""
    contact: Address = ""
    """Who answers questions, and receives the replies; without it, the sender."""
    phone: Line = ""
    """The phone that answers them."""
    time: str = "09:00"
    """The time of day at which those letters leave that have a day and no hour."""
    templates_folder: Path | None = None
    """Folder of templates that replace those of the tool, by the same names (docs/letters.md)."""
    outbox_folder: Path = Path("letters")
    """Where .eml files are written when transport is folder."""
    settle_minutes: int = Field(default=10, ge=1, le=1440)
    """How long a letter whose answer was lost is looked for before it is taken for unsent."""
    smtp: Submission | None = None
    """The submission server."""
    mailbox: SenderMailbox | None = None
    """The sender's mailbox over IMAP; by graph it is read without this."""
    links: Links = Links.model_construct()

    @field_validator("time")
    @classmethod
    def _time(cls, text: str) -> str:
        try:
            dt.time.fromisoformat(text)
        except ValueError:
            raise mistake("time", Phrase("{text} is no time of day, like 09:00", text=repr(text))) from None
        return text

    @model_validator(mode="after")
    def _complete(self) -> Letters:
        if self.transport and not self.sender:
            raise mistake("letters", "letters are sent and sender is not said")
        if self.transport == "smtp" and self.smtp is None:
            raise mistake("letters", 'transport is "smtp" and there is no table [letters.smtp]')
        return self

    @property
    def help_address(self) -> str:
        """Who answers questions."""
        return self.contact or self.sender
