"""Where each old folder's mail goes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from reconcile.mailcopy.imap.folder_list import Folder
from reconcile.mailcopy.imap.folder_names import decoded, encoded
from reconcile.mailcopy.imap.folders.mapping import Names, route_folders

EXCHANGE = ["INBOX", "Drafts", "Sent Items", "Deleted Items", "Junk Email", "Archive", "Outbox", "Notes"]


def folders(names: Iterable[str], separator: str = "/") -> list[Folder]:
    """``"Sent \\\\Sent"`` is a folder with a flag."""
    made = []
    for name in names:
        plain, _, flag = name.partition(" \\")
        made.append(Folder(encoded(plain), separator, frozenset({"\\" + flag.lower()} if flag else ())))
    return made


def routed(source: Iterable[str], destination: Iterable[str] = EXCHANGE, **options: object) -> dict[str, str]:
    separator = str(options.pop("separator", "/"))
    routes = route_folders(folders(source, separator), folders(destination), **options)  # type: ignore[arg-type]
    return {route.label: decoded(route.destination) for route in routes}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("INBOX", "INBOX"),
        ("Sent", "Sent Items"),
        ("Éléments envoyés", "Sent Items"),
        ("envoyes", "Sent Items"),
        ("Corbeille", "Deleted Items"),
        ("Brouillons", "Drafts"),
        ("Indésirables", "Junk Email"),
        ("Pourriel \\Junk", "Junk Email"),
        ("Archives", "Archive"),
        ("Réunions", "Réunions"),
        ("Files", "Files (mail)"),
        ("Calendrier", "Calendrier (mail)"),
        ("Projets /Lyon", "Projets/Lyon"),
        ("Sent/2019", "Sent/2019"),
    ],
)
def test_one_folder_goes_where_people_look_for_it(old: str, new: str) -> None:
    assert list(routed([old]).values()) == [new]


def test_a_flag_wins_over_a_name() -> None:
    assert routed(["Sent", "Envoyés \\Sent"]) == {"Envoyés": "Sent Items", "Sent": "Sent"}


def test_what_lies_under_a_special_folder_follows_it() -> None:
    assert routed(["Sent \\Sent", "Sent/2019"])["Sent/2019"] == "Sent Items/2019"


def test_a_prefix_and_another_separator_are_translated() -> None:
    found = routed(["INBOX", "INBOX.Sent", "INBOX.R&D.a/b"], theirs=Names(b"INBOX."), separator=".")
    assert found == {"INBOX": "INBOX", "INBOX.Sent": "Sent Items", "INBOX.R&D.a/b": "R&D/a-b"}


def test_names_that_differ_only_by_case_stay_apart() -> None:
    assert sorted(routed(["Projets", "projets", "PROJETS"]).values()) == ["PROJETS", "Projets (2)", "projets (3)"]


def test_a_folder_named_like_another_ones_destination_stays_apart() -> None:
    assert routed(["Sent \\Sent", "Sent Items"]) == {"Sent": "Sent Items", "Sent Items": "Sent Items (2)"}


def test_a_merged_alias_keeps_its_folders_under_its_own_name() -> None:
    found = routed(["INBOX", "Sent", "Files"], root="tresorerie@spf55.org")
    assert found == {
        "INBOX": "tresorerie@spf55.org",
        "Sent": "tresorerie@spf55.org/Sent",
        "Files": "tresorerie@spf55.org/Files",
    }


def test_a_decision_stands_when_new_folders_would_change_it() -> None:
    first = route_folders(folders(["projets"]), folders(EXCHANGE))
    decided = {route.source: route.destination for route in first}
    second = route_folders(folders(["Projets", "projets"]), folders([*EXCHANGE, "projets"]), decided=decided)
    assert {route.label: decoded(route.destination) for route in second}["projets"] == "projets"


def test_a_name_that_is_no_modified_utf7_is_still_a_name() -> None:
    raw = "été".encode("latin-1")
    (route,) = route_folders([Folder(raw, "/", frozenset())], folders(EXCHANGE))
    assert (route.source, decoded(route.destination)) == (raw, "été")


def test_folders_that_hold_no_mail_are_left_out() -> None:
    assert routed(["Archive \\NoSelect", "Archive/2019"]) == {"Archive/2019": "Archive/2019"}
