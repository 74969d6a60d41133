"""What reads bytes of other people's, and what each may do with them: answer, or refuse in a way its callers know."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import dns.name
import dns.rdatatype

from reconcile.config.document.decode import decode_file
from reconcile.config.document.document import Unreadable, decode, read_document
from reconcile.mailcopy.imap.folder_list import read_layout
from reconcile.mailcopy.imap.grammar import appended, kept_flags
from reconcile.mailcopy.imap.interruptions import ConnectionLost
from reconcile.mailcopy.imap.messages.date import date_of_header, date_time, moment
from reconcile.mailcopy.imap.messages.fetch_stream import FetchStream
from reconcile.mailcopy.imap.messages.listing import Listing, _add_rows, _ascending
from reconcile.mailcopy.ledger.fingerprints import fingerprint
from reconcile.planning.plan import planfile
from reconcile.problem import Problem
from reconcile.providers.dns.checks.mta_sts import Policy
from reconcile.providers.dns.primary.answers import Question, parsed_reply
from reconcile.providers.microsoft.wire import exchange_answers
from reconcile.providers.microsoft.wire.message import Reply
from reconcile.state.journal import journals
from reconcile.state.snapshot.snapshot import decode as decode_snapshot

#: What a reader may raise.
REFUSALS = (Problem, ConnectionLost, Unreadable)

Target = Callable[[bytes], object]


class _Nobody:
    """Is told what a stream holds, and keeps none of it."""

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None: ...

    def chunk(self, part: memoryview) -> None: ...

    def end(self) -> None: ...

    def missing(self, uid: int) -> None: ...

    def answered(self, line: bytes) -> None: ...


def imap_fetch(data: bytes) -> None:
    with contextlib.closing(FetchStream(_Nobody())) as stream:
        stream.feed(data)


def imap_folders(data: bytes) -> None:
    read_layout(data)


def imap_lists(data: bytes) -> None:
    listing = Listing()
    _add_rows(listing, data)
    _ascending(listing)
    header, _, _ = data.partition(b"\r\n\r\n")
    fingerprint(header, len(data))


def imap_words(data: bytes) -> None:
    appended(data, 100)
    date_time(data, 1.8e9)
    date_of_header(data, 1.8e9)
    moment(data)
    kept_flags(data, any_keyword=True, keywords=frozenset())


def microsoft_json(data: bytes) -> None:
    for status in (200, 400):
        reply = Reply(status, {}, data)
        exchange_answers.judge(reply)
        body = reply.json()
        exchange_answers.exception(body)
        if isinstance(body, dict):
            exchange_answers.truncated(body)
            exchange_answers.passing(body)
            if isinstance(body.get("error"), dict):
                exchange_answers.text(body["error"])


def dns_message(data: bytes) -> None:
    parsed_reply("ns.example", Question(dns.name.from_text("spf55.org."), dns.rdatatype.MX), data)


def mta_sts(data: bytes) -> None:
    Policy.parse(data.decode("utf-8", "replace"))


def federation_yaml(data: bytes) -> None:
    document = read_document(decode(data))
    if not document.broken:
        decode_file(document)


def snapshot(data: bytes) -> None:
    decode_snapshot(data, Path("spf55.json"))


def plan(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(data)
        file.flush()
        planfile.load(Path(file.name))


def journal(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "20250101T000000Z-aaaaaa.jsonl").write_bytes(data)
        for found in journals.sessions(Path(folder)).values():
            for session in found:
                session.steps()


TARGETS: Mapping[str, Target] = {
    one.__name__: one
    for one in (
        *(imap_fetch, imap_folders, imap_lists, imap_words, microsoft_json, dns_message),
        *(mta_sts, federation_yaml, snapshot, plan, journal),
    )
}
