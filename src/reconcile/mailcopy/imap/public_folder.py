"""A public folder of an old host as a mailbox: the folder is its inbox, what is below it its folders. Pure."""

from __future__ import annotations

import unicodedata

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.folder_list import VIEWS, Layout
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.problem import Problem


def as_mailbox(layout: Layout, name: str, place: str) -> Layout:
    """``layout``: all that the login sees. ``name``: the folder, as people read it; ``place``: the server, for errors.

    Raises ``Problem`` COPY19 when the login sees no public folder of that name. Another user's folder is none: that
    user's login opens it.
    """
    root = next((folder for folder in layout.public if _composed(decoded(folder.name)) == _composed(name)), None)
    if root is None:
        seen = ", ".join(sorted(decoded(folder.name) for folder in layout.public)[:10]) or "none"
        raise Problem(
            "COPY19",
            Phrase(
                "{place} shows no public folder {name!r} to that login; the public folders it shows: {seen}.",
                place=place,
                name=name,
                seen=seen,
            ),
            "correct public_folder, or legacy_login, in the federation's file: reconcile copy work --sizes names both",
        )
    below = root.name + root.separator.encode("latin-1")
    branch = [one for one in layout.public if one is root or (root.separator and one.name.startswith(below))]
    views = {
        one.name: Phrase("a view of messages in other folders ({flag})", flag=min(one.flags & VIEWS))
        for one in branch
        if one.flags & VIEWS
    }
    own = [one for one in branch if one.name not in views]
    return Layout(own, layout.subscribed, below, left_out=views, inbox=root.name)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
