"""Dovecot's doveadm over HTTP: one command, one answer (Dovecot, "Doveadm HTTP API")."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from reconcile.bounded_http import BoundedSession
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

_PATH = "/doveadm/v1"
_CONNECT, _ANSWER = 20, 1800  # seconds: a first look at the sizes of a large Maildir is slow


class Refused(Exception):
    """Dovecot did not carry a command out. ``unknown``: it knows no such command."""

    def __init__(self, kind: str, exit_code: int) -> None:
        super().__init__(Phrase("exit code {number}", number=exit_code) if kind == "exitCode" else kind)
        self.exit_code = exit_code if kind == "exitCode" else 0
        self.unknown = kind == "unknownMethod"


class DoveadmApi:
    """``url``: https://host:port. ``key``: the host's doveadm_api_key. ``pause``: waits that many seconds."""

    def __init__(
        self, url: str, key: str, ca_file: Path | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url.rstrip("/").removesuffix(_PATH) + _PATH
        self._authorization = "X-Dovecot-API " + base64.b64encode(key.encode()).decode()
        self._verify: bool | str = str(ca_file) if ca_file else True
        self._pause = pause

    def ask(self, command: str, **parameters: object) -> Any:
        """What a command answers. Raises Refused, or Problem INV13 when there is no answer to be had.

        Each has a connection of its own: a doveadm that worked for one user stays that user, and may list no others.
        Asking for "Connection: close" would have Dovecot 2.3 leave a wrong key without any answer.
        """
        return self._told(self._answer([command, parameters, "1"], (1.0, 3.0, None)))

    def ask_once(self, command: str, **parameters: object) -> Any:
        """The same, for a command that may be what breaks the connection: it is not tried again."""
        return self._told(self._answer([command, parameters, "1"], (None,)))

    def _told(self, answer: requests.Response) -> Any:
        if answer.status_code == requests.codes.unauthorized:
            raise self._problem(
                Phrase("it refuses the key"), Phrase("it is doveadm_api_key in Dovecot's configuration")
            )
        if answer.status_code != requests.codes.ok:
            raise self._problem(
                Phrase("it answers {status_code}", status_code=answer.status_code),
                Phrase("is this the address of the doveadm HTTP API?"),
            )
        return self._content(answer)

    def _answer(self, command: Sequence[object], waits: Sequence[float | None]) -> requests.Response:
        """What is asked here may be asked twice, so that a connection that broke is worth another try, after each of
        these seconds; None after the last."""
        for wait in waits:
            try:
                return BoundedSession().post(
                    self._url,
                    json=[command],
                    headers={"Authorization": self._authorization},
                    timeout=(_CONNECT, _ANSWER),
                    verify=self._verify,
                    allow_redirects=False,
                )
            except requests.exceptions.SSLError:
                raise self._problem(
                    Phrase("its certificate is not trusted"), Phrase("name its authority: ca_file")
                ) from None
            except requests.Timeout:
                raise self._problem(
                    Phrase("it does not answer in time"), Phrase("read fewer federations at once, by night")
                ) from None
            except (requests.RequestException, OSError):
                if wait is not None:
                    self._pause(wait)
        raise self._problem(Phrase("it cannot be reached"), Phrase("is the HTTP listener of its service doveadm on?"))

    def _content(self, answer: requests.Response) -> Any:
        try:
            # Dovecot 2.3 closes the list of ``who`` after its first row, and the others follow it.
            ((kind, content, *rest, _),) = answer.json()
            if kind == "error":
                raise Refused(str(content["type"])[:60], int(content["exitCode"]))
            if rest and not isinstance(content, list):
                raise TypeError
        except (ValueError, TypeError, KeyError):
            raise self._problem(Phrase("its answer makes no sense"), Phrase("is this the doveadm HTTP API?")) from None
        return [*content, *rest] if rest else content

    def _problem(self, why: str, hint: str) -> Problem:
        parts = urlsplit(self._url)
        host = f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
        return Problem("INV13", Phrase("The doveadm API at {host} tells nothing: {why}.", host=host, why=why), hint)
