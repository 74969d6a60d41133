"""octoDNS's providers, each with the guards it needs so that a zone is never left without its MX."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import dns.rdataclass
import dns.rdatatype
import requests
from dns.rdtypes.ANY.TXT import TXT

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem, pip_install
from reconcile.providers.dns.hosted.cloudflare import cloudflare
from reconcile.providers.dns.hosted.limits import OURS, TIMEOUT, tame
from reconcile.providers.dns.hosted.powerdns import powerdns

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider
    from octodns.provider.plan import Plan
    from octodns.record import Change, Record

Options = Mapping[str, Any]


def open_backend(host: str, options: Options) -> BaseProvider:
    """The guarded provider of a DNS host, ready to use. Raises DNS16 for a host we do not know or cannot load.

    ``options`` are octoDNS's own for that provider (``token``; ``application_key``…).
    """
    if host not in _HOSTS:
        known = Phrase("one of {hosts}", hosts=", ".join(_HOSTS))
        raise Problem("DNS16", Phrase("'{host}' is not a DNS host we know.", host=host), known)
    try:
        guarded = _HOSTS[host]()
    except ImportError:
        hint = pip_install("azure" if host == "azure" else "hosted")
        raise Problem("DNS16", Phrase("The Python packages for {host} are missing.", host=host), hint) from None
    try:
        backend: BaseProvider = guarded("reconcile", **options)
    except TypeError:
        raise Problem(
            "DNS16", Phrase("The options of {host} are not those its provider wants.", host=host), "see octoDNS's"
        ) from None
    if session := session_of(backend):
        tame(session)
    return backend


def session_of(backend: BaseProvider) -> requests.Session | None:
    """What an octoDNS provider sends its requests by; None for Azure's, which has no session of requests."""
    client = getattr(backend, "_client", None)
    found = getattr(backend, "_sess", None) or getattr(client, "_session", None)
    return found if isinstance(found, requests.Session) else None


def _gandi() -> Callable[..., BaseProvider]:
    from octodns_gandi import GandiProvider

    class Gandi(GandiProvider):  # type: ignore[misc]
        """One PUT for each RRset, where octoDNS deletes it and posts it again: a failure between would stop mail."""

        SUPPORTS: ClassVar[set[str]] = set(OURS & GandiProvider.SUPPORTS)

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            request = self._client._session.request
            self._client._session.request = lambda *words, **more: request(*words, timeout=TIMEOUT, **more)

        def zone_records(self, zone: Any) -> Any:
            self._zone_records.pop(zone.name, None)  # its cache would hide what others change
            return super().zone_records(zone)

        def raw_texts(self, zone: str, name: str) -> Iterable[str]:
            for one in self._zone_records.get(zone, ()):
                if (one["rrset_name"], one["rrset_type"]) == (name, "TXT"):
                    yield from one["rrset_values"]

        def raw_types(self, zone: str) -> Iterable[tuple[str, str]]:
            return ((one["rrset_name"], one["rrset_type"]) for one in self._zone_records.get(zone, ()))

        def _apply(self, plan: Plan) -> None:
            gone: list[Record] = []
            try:
                for change in plan.changes:  # what goes first
                    if change.new is None:
                        self._client._request("DELETE", self._path(change.existing))
                        gone.append(change.existing)
                    else:
                        self._put(change.new)
            except Exception:  # its client has exceptions of its own
                with contextlib.suppress(Exception):
                    for record in gone:  # an alias that takes its place did not come
                        self._put(record)
                raise

        def _put(self, record: Record) -> None:
            body = getattr(self, f"_params_for_{record._type}")(record)
            kept = {name: body[name] for name in ("rrset_ttl", "rrset_values")}
            self._client._request("PUT", self._path(record), data=kept)

        def _path(self, record: Record) -> str:
            zone = record.zone.name[:-1]
            return f"/livedns/domains/{zone}/records/{self._record_name(record.name)}/{record._type}"

    return Gandi


def _ovh() -> Callable[..., BaseProvider]:
    from octodns_ovh import OvhProvider

    class Ovh(OvhProvider):  # type: ignore[misc]
        """Record by record, in place where it can be; nothing is published before all of them are in.

        OVH keeps SPF, DKIM and DMARC as types of their own, which octoDNS does not see: a second SPF would follow.
        """

        SUPPORTS: ClassVar[set[str]] = set(OURS & OvhProvider.SUPPORTS)
        TEXTS = frozenset({"TXT", "SPF", "DKIM", "DMARC"})

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._types: list[tuple[str, str]] = []

        def get_records(self, zone_name: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = super().get_records(zone_name)
            self._types = [(one["subDomain"], one["fieldType"]) for one in found if one["fieldType"] not in self.TEXTS]
            found = [one | {"type": one["fieldType"]} for one in found]
            rows = [one | {"fieldType": "TXT"} if one["fieldType"] in self.TEXTS else one for one in found]
            if any(one["ttl"] == 0 for one in rows):  # the zone's default, and what a TTL equal to it is stored as
                default = self._default_ttl(zone_name)
                rows = [one | {"ttl": one["ttl"] or default} for one in rows]
            # One RRset has one TTL (RFC 2181 §5.2). The longest is what a cache may hold; a write gives all rows one.
            longest: dict[tuple[str, str], int] = {}
            for one in rows:
                at = (one["subDomain"], one["fieldType"])
                longest[at] = max(longest.get(at, 0), one["ttl"])
            return [one | {"row_ttl": one["ttl"], "ttl": longest[one["subDomain"], one["fieldType"]]} for one in rows]

        def _default_ttl(self, zone: str) -> int:
            soa = self._client.get(f"/domain/zone/{zone}/soa")
            ttl = soa.get("ttl") if isinstance(soa, dict) else None
            return ttl if isinstance(ttl, int) and ttl > 0 else _OVH_TTL

        def raw_texts(self, _zone: str, _name: str) -> Iterable[str]:
            return ()  # foreign records are not sent again

        def raw_types(self, _zone: str) -> Iterable[tuple[str, str]]:
            return self._types

        def _apply(self, plan: Plan) -> None:
            zone = plan.desired.name[:-1]
            known = self.get_records(zone)
            gone: list[dict[str, Any]] = []
            try:
                for change in plan.changes:  # what goes first
                    self._put(zone, change, known, gone)
            except Exception:  # its client has exceptions of its own
                with contextlib.suppress(Exception):
                    for one in gone:  # an alias that takes its place did not come
                        kept = {name: one[name] for name in ("subDomain", "target")} | {"ttl": one["row_ttl"]}
                        self._client.post(f"/domain/zone/{zone}/record", fieldType=one["type"], **kept)
                raise

        def publish(self, zone: str) -> None:
            self._client.post(f"/domain/zone/{zone[:-1]}/refresh")

        def _put(self, zone: str, change: Change, known: list[dict[str, Any]], gone: list[dict[str, Any]]) -> None:
            """``gone`` gets the rows of what is taken away whole."""
            record = change.new or change.existing
            wanted = {one["target"]: one for one in self._params(change.new)}
            there = [one for one in known if (one["subDomain"], one["fieldType"]) == (record.name, record._type)]
            held = {one["id"]: self._rendered(one, record) for one in there}
            missing = [params for target, params in wanted.items() if target not in held.values()]
            surplus = [number for number, target in held.items() if target not in wanted]
            # In place as far as there are both, so that there is never a second SPF record, nor no MX.
            kept = change.existing is not None and change.existing.ttl == record.ttl
            ttls = {one["id"]: one["row_ttl"] if kept else record.ttl for one in there}
            for number, params in zip(surplus, missing, strict=False):
                self._client.put(f"/domain/zone/{zone}/record/{number}", target=params["target"], ttl=ttls[number])
            for params in missing[len(surplus) :]:
                self._client.post(f"/domain/zone/{zone}/record", **params)
            for number in surplus[len(missing) :]:
                self._client.delete(f"/domain/zone/{zone}/record/{number}")
                if change.new is None:
                    gone += [one for one in there if one["id"] == number]
            for one in there:  # rows of other people keep TTLs of their own, unless the TTL is what changes
                if one["id"] not in surplus and one["row_ttl"] != ttls[one["id"]]:
                    self._client.put(f"/domain/zone/{zone}/record/{one['id']}", ttl=record.ttl)

        def _params_for_TXT(self, record: Record) -> Iterable[dict[str, Any]]:  # noqa: N802
            """In quotes, as OVH shows them: without, each word would be a string of its own."""
            for params in super()._params_for_TXT(record):
                target = params["target"]
                yield params if target.startswith('"') else params | {"target": _quoted(target)}

        def _rendered(self, one: dict[str, Any], like: Record) -> str:
            """How octoDNS would write a record that stands: what is equal to that is left as it stands."""
            data = getattr(self, f"_data_for_{like._type}")(like._type, [one])
            (params,) = self._params(like.new(like.zone, like.name, data, source=self, lenient=True))
            return str(params["target"])

        def _params(self, record: Record | None) -> Iterable[dict[str, Any]]:
            return () if record is None else getattr(self, f"_params_for_{record._type}")(record)

    return Ovh


#: Seconds: what a zone at OVH has where its SOA does not say.
_OVH_TTL = 3600


def _quoted(text: str) -> str:
    """A text as character-strings of a master file, of at most 255 octets each (RFC 1035 §3.3)."""
    octets = text.encode()
    strings = (octets[at : at + 255] for at in range(0, len(octets), 255))
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, list(strings)).to_text()


def _limited(module: str, name: str) -> Callable[[], Callable[..., BaseProvider]]:
    def load() -> Callable[..., BaseProvider]:
        import importlib

        provider = getattr(importlib.import_module(module), name)
        limited: Callable[..., BaseProvider] = type(name, (provider,), {"SUPPORTS": set(OURS & provider.SUPPORTS)})
        return limited

    return load


#: What proves who we are, of each host: never in reconcile.toml.
SECRETS: Mapping[str, tuple[str, ...]] = {
    "ovh": ("application_key", "application_secret", "consumer_key"),
    "gandi": ("token",),
    "cloudflare": ("token",),
    "powerdns": ("api_key",),
    "azure": ("key",),
}

_HOSTS: Mapping[str, Callable[[], Callable[..., BaseProvider]]] = {
    "ovh": _ovh,
    "gandi": _gandi,
    "cloudflare": cloudflare,
    "powerdns": powerdns,
    "azure": _limited("octodns_azure", "AzureProvider"),
}
