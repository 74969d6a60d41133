"""A line is in a file whole, or it does not count: the disk may fill up, and the process die, in its middle."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from reconcile.problem import Problem
from reconcile.state.durable import append_line, keep_private


def test_a_line_a_full_disk_took_half_of_is_refused_and_gives_way_to_the_next(
    tmp_path: Path, no_room_beyond: Callable[[int], AbstractContextManager[None]]
) -> None:
    file = tmp_path / "letters" / "spf55.jsonl"
    append_line(file, b'{"event": "begun"}\n')
    with no_room_beyond(file.stat().st_size + 7), pytest.raises(Problem) as told:
        append_line(file, b'{"event": "committed"}\n')
    assert told.value.code == "STA01"
    assert str(file) in told.value.message
    assert file.read_bytes().startswith(b'{"event": "begun"}\n{"event')
    append_line(file, b'{"event": "unsent"}\n')
    assert file.read_bytes() == b'{"event": "begun"}\n{"event": "unsent"}\n'


def test_what_names_people_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    file = tmp_path / "inventory" / "spf55" / "one.json"
    keep_private(file, b"{}\n")
    append_line(tmp_path / "letters" / "spf55.jsonl", b"{}\n")
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_link_in_the_place_of_a_book_is_refused_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"theirs")
    book = tmp_path / "spf55.jsonl"
    book.symlink_to(elsewhere)
    for write in (append_line, keep_private):
        with pytest.raises(Problem) as told:
            write(book, b"{}\n")
        assert told.value.code == "STA06"
    assert elsewhere.read_bytes() == b"theirs"
