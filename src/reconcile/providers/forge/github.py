"""Comments and issues on GitHub, by its REST API (docs.github.com, "Issues"; version 2022-11-28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconcile.providers.forge.pages import Api, Written, marked

VERSION = "2022-11-28"


class GitHub:
    """``author``: the login under which the token writes, github-actions[bot] for a job's own token."""

    longest = 65_536

    def __init__(self, root: str, repository: str, token: str, author: str = "github-actions[bot]") -> None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
        }
        self._api = Api(root, headers)
        self._repository = f"repos/{repository}"
        self._author = author.lower()

    def comment(self, number: int, mark: str, text: str) -> Written:
        comments = f"{self._repository}/issues/{number}/comments"
        found = marked(self._api.pages(f"{comments}?per_page=100"), mark, "body", self._is_ours)
        if found is None:
            return _written(self._api.ask("POST", comments, {"body": text}), "created")
        if found["body"] == text:
            return _written(found, "unchanged")
        changed = self._api.ask("PATCH", f"{self._repository}/issues/comments/{int(found['id'])}", {"body": text})
        return _written(changed, "updated")

    def issue(self, title: str, mark: str, text: str) -> Written:
        found = self._open_issue(mark)
        body = {"title": title, "body": text}
        if found is None:
            return _written(self._api.ask("POST", f"{self._repository}/issues", body), "created")
        if (found["title"], found["body"]) == (title, text):
            return _written(found, "unchanged")
        return _written(self._api.ask("PATCH", self._path(found), body), "updated")

    def settle(self, mark: str, text: str) -> Written | None:
        found = self._open_issue(mark)
        if found is None:
            return None
        self._api.ask("POST", f"{self._path(found)}/comments", {"body": text})
        closed = {"state": "closed", "state_reason": "completed"}
        return _written(self._api.ask("PATCH", self._path(found), closed), "closed")

    def _open_issue(self, mark: str) -> Any:
        return marked(
            self._api.pages(f"{self._repository}/issues?state=open&per_page=100"), mark, "body", self._is_ours
        )

    def _path(self, issue: Mapping[str, Any]) -> str:
        return f"{self._repository}/issues/{int(issue['number'])}"

    def _is_ours(self, author: Any) -> bool:
        return isinstance(author, dict) and str(author.get("login", "")).lower() == self._author


def _written(entry: Mapping[str, Any], how: str) -> Written:
    return Written(str(entry.get("html_url", "")), how)
