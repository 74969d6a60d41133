"""What is ours on a forge, whichever it is: a comment on one change, an issue that stands for a condition."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests

from reconcile.bounded_http import BoundedSession
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: Pages of a hundred that are looked through for our own; beyond, a new one is written.
PAGES = 50
_SECONDS = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """``address``: the page where it stands. ``how``: created, updated, unchanged or closed."""

    address: str
    how: str


class Forge(Protocol):
    """Raises ``Problem`` FRG01 (out of reach), FRG02 (refused) or FRG03 (an answer that is none)."""

    #: Characters of a comment or of an issue, at most.
    longest: int

    def comment(self, number: int, mark: str, text: str) -> Written:
        """Have one comment of ours with that mark on a pull or merge request, saying ``text``."""
        ...

    def issue(self, title: str, mark: str, text: str) -> Written:
        """Have one open issue of ours with that mark, saying ``text``."""
        ...

    def settle(self, mark: str, text: str) -> Written | None:
        """Close our open issue with that mark, saying why; None when there is none."""
        ...


class Api:
    """A forge's REST interface: JSON both ways, a token in a header, nothing followed to another host."""

    def __init__(self, root: str, headers: Mapping[str, str]) -> None:
        self._root = root.rstrip("/")
        self._session = BoundedSession()
        self._session.headers.update(headers)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answer(method, f"{self._root}/{path}", body).json()

    def pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Every entry of a list, page by page (RFC 8288 links)."""
        address = f"{self._root}/{path}"
        for _ in range(PAGES):
            answer = self._answer("GET", address, None)
            entries = answer.json()
            if not isinstance(entries, list):
                raise self._odd(address)
            yield from (entry for entry in entries if isinstance(entry, dict))
            following = answer.links.get("next", {}).get("url", "")
            if not following:
                return
            address = urljoin(address, following)
            if urlsplit(address)[:2] != urlsplit(self._root)[:2]:
                raise self._odd(address)

    def _answer(self, method: str, address: str, body: Mapping[str, Any] | None) -> requests.Response:
        host = urlsplit(self._root).netloc
        try:
            answer = self._session.request(method, address, json=body, timeout=_SECONDS, allow_redirects=False)
            answer.json()
        except requests.JSONDecodeError:
            raise self._odd(address) from None
        except (requests.RequestException, OSError):
            raise Problem("FRG01", Phrase("{host} cannot be reached.", host=host), "run the step again") from None
        if not answer.ok or answer.is_redirect:
            raise Problem(
                "FRG02",
                Phrase(
                    "{host} refused {method} {path}: {status_code}.",
                    host=host,
                    method=method,
                    path=urlsplit(address).path,
                    status_code=answer.status_code,
                ),
                "give the job's token the right to write comments and issues (docs/ci.md)",
            )
        return answer

    def _odd(self, address: str) -> Problem:
        return Problem(
            "FRG03", Phrase("{netloc} gave an answer that is none of its documents'.", netloc=urlsplit(address).netloc)
        )


def marked(entries: Iterable[Mapping[str, Any]], mark: str, key: str, ours: Callable[[Any], bool]) -> Any:
    """The first entry that opens with our mark and that we wrote; None without one."""
    for entry in entries:
        if str(entry.get(key) or "").startswith(mark) and ours(entry.get("author") or entry.get("user")):
            return entry
    return None


def cut(text: str, longest: int, notice: str) -> str:
    """``text`` within the forge's limit, with ``notice`` where it was cut."""
    return text if len(text) <= longest else text[: longest - len(notice) - 2].rstrip() + "\n\n" + notice
