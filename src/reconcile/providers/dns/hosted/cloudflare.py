"""Cloudflare: record by record, so that comments, tags and proxying of other records at a name stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from reconcile.providers.dns.hosted.limits import OURS, TIMEOUT

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider
    from octodns.provider.plan import Plan
    from octodns.record import Change

#: What people note on a record.
_NOTES = ("comment", "tags", "settings")


def cloudflare() -> Callable[..., BaseProvider]:
    """octoDNS's provider with our guards."""
    from octodns_cloudflare import CloudflareProvider

    class Cloudflare(CloudflareProvider):  # type: ignore[misc]
        """Never waits five minutes for a host that is busy, and never believes what it read before."""

        SUPPORTS: ClassVar[set[str]] = set(OURS & CloudflareProvider.SUPPORTS)

        def __init__(self, *args: Any, **options: Any) -> None:
            quick = {"retry_count": 0, "auth_error_retry_count": 0, "pagerules": False, "timeout": TIMEOUT}
            self._types: dict[str, list[tuple[str, str]]] = {}
            super().__init__(*args, **quick | options)

        def zone_records(self, zone: Any) -> Any:
            self._zone_records.pop(zone.name, None)  # its cache would hide what others change
            return super().zone_records(zone)

        def raw_texts(self, zone: str, name: str) -> Iterable[str]:
            owner = f"{name}.{zone}".strip(".")
            for one in self._zone_records.get(zone, ()):
                if (one["name"], one["type"]) == (owner, "TXT"):
                    yield one["content"]

        def raw_types(self, zone: str) -> Iterable[tuple[str, str]]:
            return self._types.get(f"/zones/{self.zones[zone]['id']}/dns_records", ()) if zone in self.zones else ()

        def _paginated_get(self, path: str, *words: Any, **more: Any) -> Iterator[dict[str, Any]]:
            """Remembers what types stand where: octoDNS drops those it does not know."""
            types: list[tuple[str, str]] = []
            self._types[path] = types
            for one in super()._paginated_get(path, *words, **more):
                if path.endswith("/dns_records"):
                    types.append((f"{one['name']}.", one["type"]))
                yield one

        def _apply(self, plan: Plan) -> None:
            rows = self.zone_records(plan.desired)
            exchanged = _exchanged(plan.changes)
            for owner in sorted(exchanged):
                self._exchange(plan.desired.name, [one for one in plan.changes if one.record.fqdn == owner], rows)
            for change in plan.changes:
                if change.record.fqdn not in exchanged:
                    self._put(plan.desired.name, change, rows)

        def _exchange(self, zone: str, changes: Sequence[Change], rows: list[dict[str, Any]]) -> None:
            """An alias and other records at one name, each in the place of the other: all of it or nothing."""
            gone = {(one.existing.fqdn.rstrip("."), one.existing._type) for one in changes if one.new is None}
            deletes = [{"id": one["id"]} for one in rows if (one.get("name"), one.get("type")) in gone]
            posts = [_bare(row) for one in changes if one.new is not None for row in self._gen_data(one.new)]
            path = f"/zones/{self.zones[zone]['id']}/dns_records/batch"
            self._try_request("POST", path, data={"deletes": deletes, "posts": posts})

        def _put(self, zone: str, change: Change, rows: list[dict[str, Any]]) -> None:
            record = change.new or change.existing
            path = f"/zones/{self.zones[zone]['id']}/dns_records"
            owner = record.fqdn.rstrip(".")
            there = {_value(one): one for one in rows if (one.get("name"), one.get("type")) == (owner, record._type)}
            wanted = {} if change.new is None else {_value(one): one for one in self._gen_data(change.new)}
            surplus = [one for value, one in there.items() if value not in wanted]
            missing = [_bare(one) for value, one in wanted.items() if value not in there]
            # In place as far as there are both, so that there is never a second SPF record, nor no MX.
            for old, new in zip(surplus, missing, strict=False):
                notes = {name: old[name] for name in _NOTES if old.get(name)}
                self._try_request("PUT", f"{path}/{old['id']}", data=new | notes)
            for new in missing[len(surplus) :]:
                self._try_request("POST", path, data=new)
            for old in surplus[len(missing) :]:
                self._try_request("DELETE", f"{path}/{old['id']}")
            for value, old in there.items():
                if value in wanted and old["ttl"] != wanted[value]["ttl"]:
                    self._try_request("PATCH", f"{path}/{old['id']}", data={"ttl": wanted[value]["ttl"]})

    return Cloudflare


def _exchanged(changes: Sequence[Change]) -> set[str]:
    """The names where records of one type go and others come."""
    gone = {one.record.fqdn for one in changes if one.new is None}
    return gone & {one.record.fqdn for one in changes if one.new is not None}


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without the notes of the first record at the name, which octoDNS would give to all."""
    return {name: value for name, value in row.items() if name not in _NOTES}


def _value(row: Mapping[str, Any]) -> str:
    """What a record says, however it is spelt."""
    if "content" not in row:
        return str(sorted(row.get("data", {}).items()))
    content = str(row["content"])
    if row["type"] == "TXT":
        return content[1:-1] if len(content) > 1 and content[0] == content[-1] == '"' else content
    return f"{row.get('priority', '')} {content.rstrip('.').lower()}"
