"""State in GitLab or Gitea, over the http protocol their Terraform state registries speak.

``<base>/<slug>`` is read with GET and written with POST ``?ID=<lock>``; ``<base>/<slug>/lock`` is taken with POST and
freed with DELETE. GitLab: docs.gitlab.com, "Terraform state API"; Gitea: docs.gitea.com, "Terraform State Registry".
Our snapshots travel as they are: both need no more of a body than its serial and lineage. Versions, access rights and
the audit trail are theirs. Neither lists its states, so the federations asked about are those of the files.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.snapshot.encoding import PLAIN, Encoding
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.store import Holder, check_swap, locked, overtaken

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10.0, 60.0)  # seconds to connect, to answer
_TAKEN = (409, 423)
#: A write refused because the lock is not ours, or (GitLab) because that serial exists already.
_OVERTAKEN = (400, 409, 422, 423)


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """User and password or token. GitLab CI: ``gitlab-ci-token`` and the job's token."""

    user: str
    password: str = dataclasses.field(repr=False)


class HttpStore:
    """``https://gitlab.example.org/api/v4/projects/42/terraform/state`` or Gitea's ``…/terraform/state``."""

    def __init__(self, base: str, login: Login | None, slugs: Sequence[str], encoding: Encoding = PLAIN) -> None:
        """``slugs``: the federations there may be a state of."""
        self._base = base.rstrip("/")
        self._login = login
        self._slugs = slugs
        self._encoding = encoding
        #: federation → the lock this process holds; a write must name it.
        self._held: dict[str, str] = {}
        self._threads = threading.local()

    def read(self, federation: str) -> Snapshot | None:
        answer = self._ask("GET", federation)
        if answer.status_code == 204 or (answer.status_code == 404 and b"Project" not in answer.content):
            return None  # GitLab's 404 for a project that is not there says so, and is not an absent state
        self._expect(answer, 200)
        return self._encoding.decode(answer.content, PurePosixPath(f"{self._base}/{federation}"), federation)

    def write(self, snapshot: Snapshot) -> Snapshot:
        """As in Store. The server checks the lock, not the serial (GitLab checks both): write under the lock."""
        federation = snapshot.federation
        written = dataclasses.replace(snapshot, serial=snapshot.serial + 1)
        there = self.read(federation)
        if there == written:
            return written  # an earlier try whose answer was lost
        check_swap(there, snapshot)
        lock = self._held.get(federation, "")
        answer = self._ask("POST", federation, self._encoding.encode(written), {"ID": lock, "serial": written.serial})
        if answer.status_code in _OVERTAKEN:
            raise overtaken(snapshot, Phrase("a serial or a lock that is not ours"))
        self._expect(answer, 200)
        return written

    def federations(self) -> list[str]:
        return sorted(slug for slug in self._slugs if self.read(slug) is not None)

    @contextlib.contextmanager
    def lock(self, federation: str, holder: Holder) -> Iterator[None]:
        answer = self._ask_lock("POST", federation, _lock_body(federation, holder))
        if answer.status_code in _TAKEN:
            raise locked(federation, _holder_in(answer))
        self._expect(answer, 200)
        self._held[federation] = holder.run
        try:
            yield
        finally:
            del self._held[federation]
            answer = self._ask_lock("DELETE", federation, _lock_body(federation, holder))
        if answer.status_code in _TAKEN:
            raise Problem(
                "STA07",
                Phrase("The lock on {federation} was broken while this run held it.", federation=federation),
                "plan again first",
                4,
            )
        self._expect(answer, 200)

    def locks(self) -> dict[str, Holder | None]:
        raise Problem(
            "STA09",
            "GitLab and Gitea do not list locks over this protocol.",
            "look at the project's Terraform states on its web pages",
        )

    def break_lock(self, federation: str, run: str) -> None:
        holder = Holder(run, "", "", 0, "")
        answer = self._ask_lock("DELETE", federation, _lock_body(federation, holder))
        if answer.status_code in (404, *_TAKEN):
            raise Problem(
                "STA09", Phrase("Run {run} does not hold the lock on {federation}.", run=run, federation=federation)
            )
        self._expect(answer, 200)

    def _ask_lock(self, method: str, federation: str, body: dict[str, str]) -> requests.Response:
        return self._ask(method, f"{federation}/lock", json_body=body)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        query: dict[str, Any] | None = None,
        json_body: dict[str, str] | None = None,
    ) -> requests.Response:
        import requests

        from reconcile.bounded_http import BoundedSession

        if not hasattr(self._threads, "session"):
            self._threads.session = BoundedSession()
        headers = {"Content-Type": "application/json"}
        try:
            answer: requests.Response = self._threads.session.request(
                method,
                f"{self._base}/{path}",
                data=body,
                json=json_body,
                params=query,
                headers=headers,
                auth=(self._login.user, self._login.password) if self._login else None,
                timeout=_TIMEOUT,
            )
        except requests.RequestException as error:
            raise Problem(
                "STA08",
                Phrase("{base} does not answer ({name}).", base=self._base, name=type(error).__name__),
                "run the same command again later",
            ) from None
        if answer.status_code in (401, 403):
            raise Problem(
                "STA08",
                Phrase(
                    "{base} refuses our credentials ({status_code}).", base=self._base, status_code=answer.status_code
                ),
                "check RECONCILE_STATE_USER and RECONCILE_STATE_PASSWORD, and that user's right to change states",
            )
        return answer

    def _expect(self, answer: requests.Response, status: int) -> None:
        if answer.status_code != status:
            raise Problem(
                "STA08",
                Phrase(
                    "{base} answered {status_code} instead of {status}.",
                    base=self._base,
                    status_code=answer.status_code,
                    status=status,
                ),
            )


def _lock_body(federation: str, holder: Holder) -> dict[str, str]:
    """All the fields GitLab requires; ours travel in Info."""
    return {
        "ID": holder.run,
        "Operation": holder.operation,
        "Info": holder.encode().decode(),
        "Who": f"{holder.who}@{holder.host}",
        "Version": "1",
        "Created": holder.since,
        "Path": federation,
    }


def _holder_in(answer: requests.Response) -> Holder | None:
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return Holder.decode(answer.json()["Info"].encode())
    return None
