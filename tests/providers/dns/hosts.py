"""The APIs of three DNS hosts as they document them, in memory; any call may be made to fail."""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlparse

import responses

Reply = tuple[int, dict[str, str], str]
Call = Callable[[str, str, dict[str, str], dict[str, Any]], Reply]


class Host:
    """``fail_at``: the number of the writing call (from 1) that is answered 503, nothing done. ``refuses``: the account
    may not do anything.
    """

    base: str
    refuses = False

    def __init__(self) -> None:
        self.fail_at = 0
        self.writes = 0

    def play(self, mocked: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            mocked.add_callback(method, re.compile(re.escape(self.base)), self._answer)

    def _answer(self, request: Any) -> Reply:
        if self.refuses:
            return 403, {}, "{}"
        method, path = request.method, urlparse(request.url).path.removeprefix(urlparse(self.base).path)
        query = {name: values[0] for name, values in parse_qs(urlparse(request.url).query).items()}
        if method != "GET":
            self.writes += 1
            if self.writes == self.fail_at:
                return 503, {}, "{}"
        reply = self.answer(method, path, query, json.loads(request.body or "{}"))
        self.look()
        return reply

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Reply:
        raise NotImplementedError

    def look(self) -> None:
        """After every call: mail must still arrive."""

    def state(self) -> object:
        """All that is kept, to be compared."""
        return copy.deepcopy(self.records)  # type: ignore[attr-defined]

    @property
    def all_live(self) -> bool:
        """Whether the world is shown what was written."""
        return True


class Gandi(Host):
    """LiveDNS v5: RRsets, live at once; PUT replaces one whole."""

    base = "https://api.gandi.net/v5/livedns/domains"

    def __init__(self, zone: str, records: dict[tuple[str, str], tuple[int, list[str]]]) -> None:
        super().__init__()
        self.zone, self.records = zone, dict(records)

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Reply:
        parts = path.strip("/").split("/")
        if parts[0] != self.zone:
            return 404, {}, "{}"
        if len(parts) == 1:
            return 200, {}, json.dumps({"fqdn": self.zone})
        if len(parts) == 2 and method == "GET":
            listed = [
                {"rrset_name": name, "rrset_type": kind, "rrset_ttl": ttl, "rrset_values": list(values)}
                for (name, kind), (ttl, values) in self.records.items()
            ]
            return 200, {"total-count": str(len(listed))}, json.dumps(listed)
        if method == "POST":
            key = (body["rrset_name"], body["rrset_type"])
            if key in self.records:
                return 409, {}, "{}"
        else:
            key = (parts[2], parts[3])
        if method == "DELETE":
            self.records.pop(key, None)
            return 204, {}, ""
        values = [f'"{text}"' if key[1] == "TXT" and text[0] != '"' else text for text in body["rrset_values"]]
        self.records[key] = (body["rrset_ttl"], values)
        return 201, {}, "{}"

    def look(self) -> None:
        assert self.records.get(("@", "MX")), "no MX is live"


class Ovh(Host):
    """Records with ids; what is written is live only after a refresh. SPF, DKIM and DMARC are types of their own."""

    base = "https://eu.api.ovh.com/1.0"

    def __init__(self, zone: str, records: list[tuple[str, str, int, str]]) -> None:
        super().__init__()
        self.zone = zone
        self._ids = itertools.count(1000)
        self.records = {
            next(self._ids): {"subDomain": name, "fieldType": kind, "ttl": ttl, "target": target}
            for name, kind, ttl, target in records
        }
        self.live = self._rows()

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Reply:
        if path == "/auth/time":
            return 200, {}, "1700000000"
        _, _, zone, *rest = path.strip("/").split("/")
        if zone != self.zone:
            return 404, {}, json.dumps({"message": "This service does not exist"})
        if rest == ["soa"]:
            return 200, {}, json.dumps({"server": "dns10.ovh.net.", "ttl": 3600, "nxDomainTtl": 300})
        if rest == ["refresh"]:
            self.live = self._rows()
            return 200, {}, "null"
        if len(rest) == 1:
            return self._records(method, query, body)
        number = int(rest[1])
        if method == "DELETE":
            del self.records[number]
        elif method == "PUT":
            self.records[number] |= body
        return 200, {}, json.dumps({"id": number, "zone": zone, **self.records.get(number, {})})

    def _records(self, method: str, query: dict[str, str], body: dict[str, Any]) -> Reply:
        if method == "POST":
            number = next(self._ids)
            self.records[number] = {"ttl": 0, "subDomain": "", **body}
            return 200, {}, json.dumps({"id": number, **self.records[number]})
        found = [n for n, one in self.records.items() if all(one[key] == value for key, value in query.items())]
        return 200, {}, json.dumps(found)

    @property
    def all_live(self) -> bool:
        return self.live == self._rows()

    def _rows(self) -> set[tuple[str, str, int, str]]:
        return {(one["subDomain"], one["fieldType"], one["ttl"], one["target"]) for one in self.records.values()}

    def look(self) -> None:
        assert any(kind == "MX" for _, kind, _, _ in self.live), "no MX is live"
        assert any(kind == "MX" for _, kind, _, _ in self._rows()), "a refresh now would leave no MX"


class Cloudflare(Host):
    """API v4: records with ids, live at once; texts in quotes; a name may hold one CNAME and nothing beside it."""

    base = "https://api.cloudflare.com/client/v4"

    def __init__(self, zone: str, records: list[tuple[str, str, int, str]]) -> None:
        super().__init__()
        self.zone = zone
        self._ids = itertools.count(1000)
        self.records = {
            f"{next(self._ids):032x}": self._row(f"{name}.{zone}".lstrip("."), kind, ttl, text)
            for name, kind, ttl, text in records
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Reply:
        parts = path.strip("/").split("/")
        if parts == ["zones"]:
            zone = {"id": "023e105f4ecef8ad9ca31a8372d0c353", "name": self.zone, "plan": {}, "name_servers": []}
            return self._page([zone] if query["page"] == "1" else [], query)
        if len(parts) == 3 and method == "GET":
            return self._page([{"id": key, **row} for key, row in self.records.items()], query)
        if method == "DELETE":
            del self.records[parts[3]]
            return 200, {}, json.dumps({"success": True, "result": {"id": parts[3]}})
        if method == "PATCH":
            self.records[parts[3]] |= body
            return 200, {}, json.dumps({"success": True, "result": {"id": parts[3], **self.records[parts[3]]}})
        if parts[3:] == ["batch"]:
            return self._batch(body)
        key = parts[3] if method == "PUT" else f"{next(self._ids):032x}"
        others = [row for number, row in self.records.items() if number != key and row["name"] == body["name"]]
        if others and "CNAME" in {body["type"], *(row["type"] for row in others)}:
            return 400, {}, json.dumps({"success": False, "errors": [{"code": 81053}]})
        kept = body["content"].rstrip(".") if body["type"] in ("CNAME", "MX", "NS") else body["content"]
        self.records[key] = {"proxied": False, **body, "content": kept}
        return 200, {}, json.dumps({"success": True, "result": {"id": key, **self.records[key]}})

    def _batch(self, body: dict[str, Any]) -> Reply:
        """Deletes, then posts, in one transaction."""
        kept = dict(self.records)
        for one in body["deletes"]:
            del self.records[one["id"]]
        for one in body["posts"]:
            reply = self.answer("POST", "/zones/z/dns_records", {}, one)
            if reply[0] != 200:
                self.records = kept
                return reply
        return 200, {}, json.dumps({"success": True, "result": {}})

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        per_page = int(query["per_page"])
        start = (int(query["page"]) - 1) * per_page
        shown = rows[start : start + per_page]
        info = {"page": int(query["page"]), "per_page": per_page, "count": len(shown), "total_count": len(rows)}
        return 200, {}, json.dumps({"success": True, "result": shown, "result_info": info})

    @staticmethod
    def _row(name: str, kind: str, ttl: int, text: str) -> dict[str, Any]:
        row: dict[str, Any] = {"name": name, "type": kind, "ttl": ttl, "content": text, "proxied": False}
        if kind == "MX":
            preference, _, host = text.partition(" ")
            row |= {"priority": int(preference), "content": host}
        return row

    def look(self) -> None:
        assert any(row["type"] == "MX" for row in self.records.values()), "no MX is live"
