"""Whatever a server says of names, flags and dates, what we write of it is one argument of one command."""

from __future__ import annotations

import re
import socket
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.mailcopy.imap.commands import Commands
from reconcile.mailcopy.imap.grammar import (
    appended,
    command,
    flag_list,
    is_name,
    kept_flags,
    number,
    quoted,
    uid_set,
    uids_of,
    unquoted,
)
from reconcile.mailcopy.imap.limits import Excess
from reconcile.mailcopy.imap.messages.date import date_time, moment
from reconcile.mailcopy.pump.append import Appender, Outgoing
from reconcile.mailcopy.pump.pending import PendingFolder

#: Bytes as a server that means harm might choose them: what ends arguments, lines and commands, more often than others.
HOSTILE = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b"\0", b'"', b"\\", b"(", b")", b"{5}", b"{5+}\r\n", b" ", b"x"])
)
NOW = 1_800_000_000.0
WORDS = HOSTILE.map(b"".join) | st.binary()
_QUOTED = rb'"(?:[^"\\\r\n\0]|\\["\\])*"'
_APPEND = re.compile(
    rb"A1 APPEND "
    + _QUOTED
    + rb' \([^\0-\x1f(){%*"]*\) "[ \d]\d-[A-Za-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}" \{4\+\}\r\n'
)


@given(WORDS)
def test_a_name_is_one_quoted_string_or_is_refused(name: bytes) -> None:
    if not is_name(name):
        with pytest.raises(ValueError, match="mailbox name"):
            quoted(name)
        return
    assert re.fullmatch(_QUOTED, quoted(name))
    assert unquoted(quoted(name)[1:-1]) == name


@given(st.lists(WORDS))
def test_flags_are_atoms(flags: list[bytes]) -> None:
    written = flag_list(flags)
    assert re.fullmatch(rb'[^\0-\x1f\x7f-\xff(){%*"]*', written)
    assert set(written.split()) <= set(flags)


@given(WORDS)
def test_a_keyword_that_is_no_atom_is_told_as_dropped(keyword: bytes) -> None:
    kept, dropped = kept_flags(b"\\Seen " + keyword, any_keyword=True, keywords=frozenset())
    assert re.fullmatch(rb'[^\0-\x1f\x7f-\xff(){%*"]*', kept)
    assert {*kept.split(), *dropped} >= {flag for flag in keyword.split() if not flag.startswith(b"\\")}


@given(WORDS | st.builds(b"17-Jul-2020 02:44:25 +0200%b".__mod__, WORDS))
def test_a_date_is_written_from_what_it_means(date: bytes) -> None:
    written = date_time(date, NOW)
    if written is not None:
        assert re.fullmatch(rb'"[ \d]\d-[A-Za-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}"', written)
        assert moment(written.strip(b'"')) == moment(date) is not None


@given(st.sets(st.integers(1, 0xFFFFFFFF), max_size=50))
def test_uids_are_written_and_read_back(uids: set[int]) -> None:
    assert list(uids_of(uid_set(sorted(uids)), 50)) == sorted(uids) if uids else uid_set([]) == b""


@given(WORDS)
def test_a_command_is_one_line_or_is_refused(text: bytes) -> None:
    try:
        written = command(text)
    except ValueError:
        assert re.search(rb"[\r\n\0]", text)
    else:
        assert written.count(b"\n") == written.count(b"\r") == 1


@given(WORDS, st.lists(WORDS), WORDS)
def test_what_goes_to_the_new_server_is_one_append(name: bytes, flags: list[bytes], date: bytes) -> None:
    when = date_time(date, NOW) or date_time(b"17-Jul-2020 02:44:25 +0200", NOW)
    assert when is not None
    folder = PendingFolder(
        1, "x", quoted(b"x"), quoted(name if is_name(name) else b"x"), 1, 1, array("I", [1]), array("I", [4])
    )
    appender = Appender("new", batches=False)
    appender.begin(Outgoing(folder, 1, 4), flag_list(flags), when, alone=True)
    assert _APPEND.fullmatch(bytes(appender.unsent))


@given(WORDS)
def test_what_goes_to_the_old_server_is_the_command_that_was_meant(name: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"C1 OK\r\n")
        try:
            Commands(ours, "old").run([b"EXAMINE " + quoted(name)])
        except ValueError:
            assert not is_name(name)
        else:
            assert re.fullmatch(rb"C1 EXAMINE " + _QUOTED + rb"\r\n", theirs.recv(1 << 16))


def test_nothing_else_puts_bytes_on_the_line() -> None:
    """Whoever sends has written through ``command``: three places send, and none of them makes text."""
    folder = Path(__file__).parents[3] / "src/reconcile/mailcopy"
    sending = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"\.send(all)?\(|\.write\(", path.read_text(encoding="utf-8"))
    }
    assert sending == {"imap/reading.py", "imap/messages/fetch_stream.py", "pump/channel.py"}
    written = {
        str(path.relative_to(folder)): len(re.findall(r"(?:unsent|requests) \+= (?!command\()", text))
        for path in folder.rglob("*.py")
        if (text := path.read_text(encoding="utf-8"))
    }
    # APPEND and its name, the CRLF that ends one (three times over), and the message's own bytes.
    # What waits to be sent there was written through command, or is a message's own.
    assert {name: count for name, count in written.items() if count} == {
        "pump/append.py": 5,
        "pump/synchronising.py": 2,
    }


@pytest.mark.parametrize("text", [b"1:4294967295", b"1:9999999999", b"1,2,3,4", b"9" * 5000])
def test_a_uid_set_is_never_longer_than_what_was_sent(text: bytes) -> None:
    with pytest.raises(Excess):
        appended(b"OK [APPENDUID 7 " + text + b"] done", 3)


@pytest.mark.parametrize("digits", [b"4294967296", b"9" * 5000])
def test_a_number_has_32_bits(digits: bytes) -> None:
    with pytest.raises(Excess, match="COPY18"):
        number(digits)
