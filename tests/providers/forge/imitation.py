"""GitHub and GitLab on loopback, as far as their documents describe comments and issues.

They refuse what is not described: an unknown path, a body with other members, a token that may not write. Lists come
in pages of two, with the links of RFC 8288, whatever is asked for.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-job"
PAGE = 2

Reply = tuple[int, Any]


class Imitation:
    """``asked``: what was written, as method and path."""

    prefix = ""
    longest = 65_536

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.elsewhere = ""
        imitation = self

        class Page(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, reply, links = imitation.reply(self.command, self.path, dict(self.headers), body)
                data = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                for name, value in links.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """What was asked is kept."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.root = f"http://127.0.0.1:{self._server.server_address[1]}{self.prefix}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(
        self, method: str, target: str, headers: Mapping[str, str], body: Any
    ) -> tuple[int, Any, Mapping[str, str]]:
        parts = urlsplit(target)
        if not self.known(headers):
            return 401, {"message": "Bad credentials"}, {}
        if method != "GET":
            self.asked.append(f"{method} {parts.path.removeprefix(self.prefix)}")
        for wanted, pattern, carry_out in self.routes():
            if wanted == method and (match := re.fullmatch(self.prefix + pattern, parts.path)):
                status, answer = carry_out(*match.groups(), body)
                return self._paged(answer, target) if isinstance(answer, list) else (status, answer, {})
        return 404, {"message": "Not Found"}, {}

    def known(self, headers: Mapping[str, str]) -> bool:
        raise NotImplementedError

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        raise NotImplementedError

    def _paged(self, entries: list[Any], target: str) -> tuple[int, Any, Mapping[str, str]]:
        page = int(parse_qs(urlsplit(target).query).get("page", ["1"])[0])
        shown = entries[(page - 1) * PAGE : page * PAGE]
        if page * PAGE >= len(entries):
            return 200, shown, {}
        following = f"{self.elsewhere or self.root}{urlsplit(target).path.removeprefix(self.prefix)}?page={page + 1}"
        return 200, shown, {"Link": f'<{following}>; rel="next", <{following}>; rel="last"'}


def only(body: Any, *members: str) -> bool:
    return isinstance(body, dict) and set(body) <= set(members)


class GitHubImitation(Imitation):
    """Comments of pull request 7 of spf/boites, and its issues."""

    author = "github-actions[bot]"

    def known(self, headers: Mapping[str, str]) -> bool:
        return headers.get("Authorization") == f"Bearer {TOKEN}" and "X-GitHub-Api-Version" in headers

    def write(self, login: str, body: str) -> None:
        """Somebody comments."""
        self.comments.append({"id": len(self.comments) + 1, "user": {"login": login}, "body": body, "html_url": "c"})

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        repository = "/repos/spf/boites"
        return [
            ("GET", f"{repository}/issues/7/comments", lambda _: (200, self.comments)),
            ("POST", f"{repository}/issues/(\\d+)/comments", self._comment),
            ("PATCH", f"{repository}/issues/comments/(\\d+)", self._edit),
            ("GET", f"{repository}/issues", lambda _: (200, [one for one in self.issues if one["state"] == "open"])),
            ("POST", f"{repository}/issues", self._open),
            ("PATCH", f"{repository}/issues/(\\d+)", self._change),
        ]

    def _comment(self, _: str, body: Any) -> Reply:
        if not only(body, "body") or len(body["body"]) > self.longest:
            return 422, {"message": "Validation Failed"}
        self.write(self.author, body["body"])
        return 201, self.comments[-1]

    def _edit(self, number: str, body: Any) -> Reply:
        (found,) = [one for one in self.comments if one["id"] == int(number)]
        if found["user"]["login"] != self.author:
            return 403, {"message": "Must be author"}
        found["body"] = body["body"]
        return 200, found

    def _open(self, body: Any) -> Reply:
        if not only(body, "title", "body"):
            return 422, {"message": "Validation Failed"}
        number = len(self.issues) + 1
        page = f"https://forge.example/{number}"
        self.issues.append(
            {**body, "number": number, "state": "open", "user": {"login": self.author}, "html_url": page}
        )
        return 201, self.issues[-1]

    def _change(self, number: str, body: Any) -> Reply:
        if not only(body, "title", "body", "state", "state_reason"):
            return 422, {"message": "Validation Failed"}
        found = self.issues[int(number) - 1]
        found.update(body)
        return 200, found


class GitLabImitation(Imitation):
    """Notes of merge request 7 of project 42, and its issues."""

    prefix = "/api/v4"
    longest = 1_000_000
    author = 900

    def known(self, headers: Mapping[str, str]) -> bool:
        return headers.get("Private-Token") == TOKEN or headers.get("PRIVATE-TOKEN") == TOKEN

    def write(self, author: int, body: str) -> None:
        """Somebody comments."""
        self.comments.append({"id": len(self.comments) + 1, "author": {"id": author}, "body": body})

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        project = "/projects/42"
        return [
            ("GET", "/user", lambda _: (200, {"id": self.author, "username": "project_42_bot"})),
            ("GET", f"{project}/merge_requests/7/notes", lambda _: (200, self.comments)),
            ("POST", f"{project}/merge_requests/(\\d+)/notes", self._comment),
            ("PUT", f"{project}/merge_requests/7/notes/(\\d+)", self._edit),
            ("POST", f"{project}/issues/(\\d+)/notes", self._comment),
            ("GET", f"{project}/issues", lambda _: (200, [one for one in self.issues if one["state"] == "opened"])),
            ("POST", f"{project}/issues", self._open),
            ("PUT", f"{project}/issues/(\\d+)", self._change),
        ]

    def _comment(self, _: str, body: Any) -> Reply:
        if not only(body, "body"):
            return 400, {"error": "body is missing"}
        self.write(self.author, body["body"])
        return 201, self.comments[-1]

    def _edit(self, number: str, body: Any) -> Reply:
        (found,) = [one for one in self.comments if one["id"] == int(number)]
        if found["author"]["id"] != self.author:
            return 403, {"message": "403 Forbidden"}
        found["body"] = body["body"]
        return 200, found

    def _open(self, body: Any) -> Reply:
        if not only(body, "title", "description"):
            return 400, {"error": "unknown parameter"}
        number = len(self.issues) + 1
        page = f"https://forge.example/{number}"
        self.issues.append({**body, "iid": number, "state": "opened", "author": {"id": self.author}, "web_url": page})
        return 201, self.issues[-1]

    def _change(self, number: str, body: Any) -> Reply:
        if not only(body, "title", "description", "state_event"):
            return 400, {"error": "unknown parameter"}
        found = self.issues[int(number) - 1]
        found.update({key: value for key, value in body.items() if key != "state_event"})
        if body.get("state_event") == "close":
            found["state"] = "closed"
        return 200, found
