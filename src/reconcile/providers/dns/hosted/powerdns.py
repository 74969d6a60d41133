"""PowerDNS through its HTTP API: whole RRsets, with records that are switched off among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from reconcile.providers.dns.hosted.limits import OURS

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider


def powerdns() -> Callable[..., BaseProvider]:
    """octoDNS's provider with our guards."""
    from octodns_powerdns import PowerDnsProvider

    class PowerDns(PowerDnsProvider):  # type: ignore[misc]
        """Remembers texts as they stand: the API takes whole RRsets, and octoDNS joins the strings of a text.

        What is switched off (``disabled``) is not served: it is not read, and sent back switched off.
        """

        SUPPORTS: ClassVar[set[str]] = set(OURS & PowerDnsProvider.SUPPORTS)

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._texts: dict[str, list[str]] = {}
            self._disabled: dict[tuple[str, str], list[dict[str, Any]]] = {}
            self._types: list[tuple[str, str]] = []

        def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
            self._texts, self._disabled = {}, {}
            found: bool = super().populate(zone, target=target, lenient=lenient)
            return found

        def _get(self, path: str, data: Any = None) -> Any:
            answer = super()._get(path, data=data)
            read = answer.json

            def live() -> Any:
                body = read()
                if isinstance(body, dict) and "rrsets" in body:
                    self._types = [(one["name"], one["type"]) for one in body["rrsets"]]
                    body = body | {"rrsets": [kept for one in body["rrsets"] if (kept := self._live(one))["records"]]}
                return body

            answer.json = live
            return answer

        def _live(self, rrset: dict[str, Any]) -> dict[str, Any]:
            records = rrset["records"]
            if off := [one for one in records if one.get("disabled")]:
                self._disabled[rrset["name"], rrset["type"]] = off
            return rrset | {"records": [one for one in records if not one.get("disabled")]}

        def _patch(self, path: str, data: Any = None) -> Any:
            if isinstance(data, dict) and "rrsets" in data:
                data = data | {"rrsets": [self._with_disabled(one) for one in data["rrsets"]]}
            return super()._patch(path, data=data)

        def _with_disabled(self, change: dict[str, Any]) -> dict[str, Any]:
            sent = [] if change["changetype"] == "DELETE" else change["records"]
            live = {one["content"] for one in sent}
            off = [
                one for one in self._disabled.get((change["name"], change["type"]), ()) if one["content"] not in live
            ]
            if not off:
                return change
            return {"ttl": 3600} | change | {"changetype": "REPLACE", "records": [*sent, *off]}

        def _data_for_TXT(self, rrset: dict[str, Any]) -> Any:  # noqa: N802
            self._texts[rrset["name"]] = [one["content"] for one in rrset["records"]]
            return self._data_for_quoted(rrset)

        def raw_texts(self, zone: str, name: str) -> Iterable[str]:
            return self._texts.get(f"{name}.{zone}" if name else zone, ())

        def raw_types(self, _zone: str) -> Iterable[tuple[str, str]]:
            return self._types

    return PowerDns
