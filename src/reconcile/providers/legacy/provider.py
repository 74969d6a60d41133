"""The old hosts as one provider: each kind has its own reader and writer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from reconcile.providers.base import Observation, Observed, Order, Provider, Reader, Scope, Wanted, Writer
from reconcile.resources.address import Address
from reconcile.resources.resource import Live


def by_kind(kinds: Mapping[str, tuple[Reader, Writer]], parallel: Mapping[str, int]) -> Provider:
    """The provider ``legacy``, of these kinds."""
    readers = {kind: reader for kind, (reader, _) in kinds.items()}
    writers = {kind: writer for kind, (_, writer) in kinds.items()}
    return Provider("legacy", _ReaderByKind(readers), _WriterByKind(writers), parallel)


class _ReaderByKind:
    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = readers

    def observe(self, scope: Scope) -> Observation:
        asked: dict[str, list[Wanted]] = {}
        for wanted in scope.wanted:
            asked.setdefault(wanted.address.kind, []).append(wanted)
        observed: dict[Address, Observed] = {}
        for kind, questions in asked.items():
            observed |= self._readers[kind].observe(dataclasses.replace(scope, wanted=questions)).observed
        return Observation(observed)


class _WriterByKind:
    def __init__(self, writers: Mapping[str, Writer]) -> None:
        self._writers = writers

    def create(self, order: Order) -> Live:
        return self._writers[order.address.kind].create(order)

    def update(self, order: Order) -> Live:
        return self._writers[order.address.kind].update(order)

    def delete(self, order: Order) -> None:
        self._writers[order.address.kind].delete(order)
