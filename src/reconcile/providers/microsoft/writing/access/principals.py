"""Who is meant by the names Exchange shows in its lists of rights."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.records import Recipient, smtp_addresses
from reconcile.providers.microsoft.wire.exchange import Row
from reconcile.providers.microsoft.writing.services import Surfaces


class Names:
    """Recipients by the names Exchange shows them under; each is asked for once. Thread-safe."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._exchange = surfaces.exchange
        self._lock = threading.Lock()
        self._known: dict[str, Recipient] = {}

    def of(self, holders: Iterable[str], excluded: set[str]) -> dict[str, Recipient]:
        """Those holders that are recipients. System accounts, orphan SIDs and ``excluded`` are not asked about."""
        found = {}
        for name in {holder.lower() for holder in holders} - excluded:
            if name and not name.startswith(("nt authority\\", "s-1-")) and (known := self._find(name)):
                found[name] = known
        return found

    def _find(self, name: str) -> Recipient | None:
        with self._lock:
            if name in self._known:
                return self._known[name]

        def is_it(row: Row) -> bool:
            one = records.recipient(row)
            return name in one.names | smtp_addresses(one.proxies)

        row = self._exchange.one("Get-Recipient", records.RECIPIENT_SELECT, name, is_it)
        if row is None:
            return None
        with self._lock:
            return self._known.setdefault(name, records.recipient(row))
