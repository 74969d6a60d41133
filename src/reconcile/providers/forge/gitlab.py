"""Notes and issues on GitLab, by its REST API (docs.gitlab.com, "Notes API", "Issues API"; version 4)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from reconcile.problem import Problem
from reconcile.providers.forge.pages import Api, Written, marked


class GitLab:
    """``token``: a project's access token with the scope ``api``; a job's own token writes no notes."""

    longest = 1_000_000

    def __init__(self, root: str, project: str, token: str) -> None:
        self._api = Api(root, {"PRIVATE-TOKEN": token})
        self._project = f"projects/{quote(project, safe='')}"

    @functools.cached_property
    def _me(self) -> int:
        answer = self._api.ask("GET", "user")
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
            raise Problem("FRG03", "GitLab does not say whose the token is.", "give it the scope api")
        return int(answer["id"])

    def comment(self, number: int, mark: str, text: str) -> Written:
        notes = f"{self._project}/merge_requests/{number}/notes"
        found = marked(self._api.pages(f"{notes}?per_page=100&sort=asc"), mark, "body", self._is_ours)
        if found is None:
            self._api.ask("POST", notes, {"body": text})
            return Written(f"!{number}", "created")
        if found["body"] == text:
            return Written(f"!{number}", "unchanged")
        self._api.ask("PUT", f"{notes}/{int(found['id'])}", {"body": text})
        return Written(f"!{number}", "updated")

    def issue(self, title: str, mark: str, text: str) -> Written:
        found = self._open_issue(mark)
        body = {"title": title, "description": text}
        if found is None:
            return _written(self._api.ask("POST", f"{self._project}/issues", body), "created")
        if (found["title"], found["description"]) == (title, text):
            return _written(found, "unchanged")
        return _written(self._api.ask("PUT", self._path(found), body), "updated")

    def settle(self, mark: str, text: str) -> Written | None:
        found = self._open_issue(mark)
        if found is None:
            return None
        self._api.ask("POST", f"{self._path(found)}/notes", {"body": text})
        return _written(self._api.ask("PUT", self._path(found), {"state_event": "close"}), "closed")

    def _open_issue(self, mark: str) -> Any:
        issues = f"{self._project}/issues?state=opened&scope=all&per_page=100"
        return marked(self._api.pages(issues), mark, "description", self._is_ours)

    def _path(self, issue: Mapping[str, Any]) -> str:
        return f"{self._project}/issues/{int(issue['iid'])}"

    def _is_ours(self, author: Any) -> bool:
        return isinstance(author, dict) and author.get("id") == self._me


def _written(entry: Mapping[str, Any], how: str) -> Written:
    return Written(str(entry.get("web_url", "")), how)
