"""FETCH answers as servers may write them, however the network cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.mailcopy.imap.folder_list import read_layout
from reconcile.mailcopy.imap.limits import LINE, MESSAGE, Excess
from reconcile.mailcopy.imap.messages.fetch_stream import ROOM, SPOOL, FetchStream

Message = tuple[int, bytes, bytes, bytes]
DATE = b"17-Jul-1996 02:44:25 -0700"


class EditContext:
    """Notes what is read."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.gone: list[int] = []
        self.lines: list[bytes] = []
        self._open: tuple[int, bytes, bytes, int] = (0, b"", b"", 0)
        self._body = b""

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None:
        self._open, self._body = (uid, flags, date, size), b""

    def chunk(self, part: memoryview) -> None:
        self._body += part

    def end(self) -> None:
        uid, flags, date, size = self._open
        assert len(self._body) == size
        self.messages.append((uid, flags, date, self._body))

    def missing(self, uid: int) -> None:
        self.gone.append(uid)

    def answered(self, line: bytes) -> None:
        self.lines.append(line)


def read(*parts: bytes) -> EditContext:
    desk = EditContext()
    stream = FetchStream(desk)
    for part in parts:
        stream.feed(part)
    return desk


def usual(uid: int, body: bytes) -> bytes:
    head = b'* %d FETCH (UID %d FLAGS (\\Seen) INTERNALDATE "%b" BODY[] {%d}\r\n' % (uid, uid, DATE, len(body))
    return head + body + b")\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b'* 1 FETCH (FLAGS (\\Seen) INTERNALDATE "%b" UID 7 BODY[] {5}\r\nhello)\r\n' % DATE,
        b'* 1 FETCH (BODY[] {5}\r\nhello UID 7 FLAGS (\\Seen) INTERNALDATE "%b")\r\n' % DATE,
        b'* 1 FETCH (UID 7 BODY[] {5}\r\nhello INTERNALDATE "%b" FLAGS (\\Seen))\r\n' % DATE,
        b'* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "%b" BODY[] "hello")\r\n' % DATE,
        b'* 1 fetch (uid 7 flags (\\Seen) internaldate "%b" body[] {5}\r\nhello)\r\n' % DATE,
        b'* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "%b" X {3}\r\n)\r\n BODY[] {5}\r\nhello)\r\n' % DATE,
    ],
)
def test_items_may_come_in_any_order_and_form(answer: bytes) -> None:
    whole, bytewise = read(answer), read(*(answer[n : n + 1] for n in range(len(answer))))
    assert whole.messages == bytewise.messages == [(7, b"\\Seen", DATE, b"hello")]


def test_an_expunged_message_is_distinguished_from_an_empty_one() -> None:
    nil = b'* 1 FETCH (UID 7 FLAGS () INTERNALDATE "%b" BODY[] NIL)\r\n' % DATE
    empty = b'* 2 FETCH (UID 8 FLAGS () INTERNALDATE "%b" BODY[] {0}\r\n)\r\n' % DATE
    desk = read(nil + empty)
    assert desk.gone == [7]
    assert desk.messages == [(8, b"", DATE, b"")]


def test_a_big_body_before_its_flags_is_put_aside_on_disk_and_arrives_whole() -> None:
    body = bytes(range(256)) * (SPOOL // 128)
    answer = b"* 1 FETCH (UID 7 BODY[] {%d}\r\n%b" % (len(body), body)
    desk = read(answer, b' FLAGS () INTERNALDATE "%b")\r\n' % DATE)
    assert desk.messages == [(7, b"", DATE, body)]


def test_an_answer_may_lack_its_date_or_its_flags_and_without_a_uid_is_nobody_s() -> None:
    assert read(b"* 1 FETCH (UID 7 FLAGS () BODY[] {1}\r\nx)\r\n").messages == [(7, b"", b"", b"x")]
    assert read(b"* 1 FETCH (UID 7 FLAGS () INTERNALDATE NIL BODY[] {1}\r\nx)\r\n").messages == [(7, b"", b"", b"x")]
    assert read(b'* 1 FETCH (BODY[] "x" UID 7)\r\n').messages == [(7, b"", b"", b"x")]
    assert read(b"* 1 FETCH (FLAGS () BODY[] {1}\r\nx)\r\n").messages == []


BODIES = st.lists(
    st.one_of(st.binary(max_size=60), st.sampled_from([b")\r\n", b"* 1 FETCH (", b"F1 OK done\r\n", b"{5}\r\n"])),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(BODIES, st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_wherever_the_network_cuts_nothing_changes(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(usual(n, body) + b"* %d FETCH (FLAGS (\\Seen))\r\n" % n for n, body in enumerate(bodies, 1))
    stream += b"F1 OK done\r\n"
    parts, position = [], 0
    while position < len(stream):
        step = cuts[len(parts) % len(cuts)]
        parts.append(stream[position : position + step])
        position += step
    desk = read(*parts)
    assert [body for *_, body in desk.messages] == bodies
    assert desk.lines[-1] == b"F1 OK done"


def test_folder_names_come_quoted_as_literals_or_bare() -> None:
    layout = read_layout(
        b'* LIST (\\HasNoChildren \\Sent) "/" "Envoy&AOk-s"\r\n'
        b'* LIST (\\Noselect) "/" Archive\r\n'
        b'* LIST () NIL {9}\r\nA "b" \\ c\r\n'
        b'* LIST () "\\\\" "with \\"quotes\\""\r\n'
        b'* LSUB () "/" "Envoy&AOk-s"\r\n'
        b'* NAMESPACE (("INBOX." ".")) NIL NIL\r\n'
    )
    assert [folder.name for folder in layout.folders] == [b"Envoy&AOk-s", b"Archive", b'A "b" \\ c', b'with "quotes"']
    assert [folder.separator for folder in layout.folders] == ["/", "/", "", "\\"]
    assert layout.folders[0].flags == {"\\hasnochildren", "\\sent"}
    assert layout.subscribed == {b"Envoy&AOk-s"}
    assert layout.prefix == b"INBOX."


def test_a_line_longer_than_what_is_received_at_once_is_read_whole() -> None:
    body = b"x" * (3 * ROOM + 5)
    desk = read(b'* 1 FETCH (UID 7 FLAGS () INTERNALDATE "%b" BODY[] "%b")\r\n' % (DATE, body), usual(8, b"next"))
    assert desk.messages == [(7, b"", DATE, body), (8, b"\\Seen", DATE, b"next")]


@pytest.mark.parametrize(
    "line",
    [b"F1 NO see {5}", b"* OK still here", b"* 1 EXISTS", b"* OK BODY[] NIL", b"+ idling {3}"],
    ids=["tagged", "untagged", "number", "a remark that speaks of a body", "continuation"],
)
def test_a_line_that_is_no_fetch_is_passed_on_whole_and_waits_for_nothing(line: bytes) -> None:
    desk = read(line + b"\r\n", usual(7, b"next"))
    assert desk.lines == [line]
    assert desk.gone == []
    assert desk.messages == [(7, b"\\Seen", DATE, b"next")]


def test_a_literal_that_is_no_body_is_waited_for_to_its_last_byte() -> None:
    answer = b'* 1 FETCH (UID 7 FLAGS () INTERNALDATE "%b" X {9}\r\n{3}\r\nab)\r\n BODY[] {2}\r\nhi)\r\n' % DATE
    for cut in range(len(answer)):
        assert read(answer[:cut], answer[cut:]).messages == [(7, b"", DATE, b"hi")]


@pytest.mark.parametrize(
    "head",
    [
        b'* 1 FETCH (UID 7 FLAGS () INTERNALDATE "%b" BODY[] {%d}\r\n' % (DATE, MESSAGE + 1),
        b"* 1 FETCH (UID 7 BODY[] {%d}\r\n" % (MESSAGE + 1),
        b"* 1 FETCH (UID 7 X {%d}\r\n" % (LINE + 1),
        b"* 1 FETCH (UID 7 X {%d}\r\n%b Y {%d}\r\n" % (LINE // 2, b"x" * (LINE // 2), LINE // 2),
        b"* " + b"x" * (4 * LINE),
    ],
    ids=["message", "message before its date", "literal", "literals together", "line"],
)
def test_what_is_beyond_all_bounds_is_refused_before_it_is_held(head: bytes) -> None:
    with pytest.raises(Excess):
        read(head)


def test_the_largest_message_is_taken() -> None:
    desk = read(b'* 1 FETCH (UID 7 FLAGS () INTERNALDATE "%b" BODY[] {%d}\r\n' % (DATE, MESSAGE))
    assert desk.messages == []
