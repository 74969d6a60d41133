"""What the directory is asked for by path, with plain filters or advanced ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.lists import SKU_SELECT
from reconcile.providers.microsoft.wire.paths import query, segment

T = TypeVar("T")

#: Expressions of one $filter (Graph, "Use the $filter query parameter": 15 with ``in`` and ``or``).
EXPRESSIONS = 15


def with_parents(domains: Iterable[str]) -> list[str]:
    """The domains, and every one that may be the root they stand under."""
    labels = [name.split(".") for name in domains]
    return sorted({".".join(of[start:]) for of in labels for start in range(max(1, len(of) - 1))})


def domain_path(name: str) -> str:
    return f"/domains/{segment(name)}" + query(records.DOMAIN_SELECT)


def record_path(name: str, part: str) -> str:
    return f"/domains/{segment(name)}/{part}"


def sku_path() -> str:
    return "/subscribedSkus" + query(SKU_SELECT)


def deleted_path() -> str:
    return "/directory/deletedItems/microsoft.graph.user" + query(records.USER_SELECT, top=999)


def accounts_by(name: str, values: Iterable[str]) -> Iterator[str]:
    """The accounts of which that property is one of the values."""
    for part in chunks(sorted(values), EXPRESSIONS):
        listed = ",".join(map(literal, part))
        yield "/users" + query(records.USER_SELECT, filter=f"{name} in ({listed})", top=999)


def accounts_of_domain(domain: str) -> str:
    """The accounts that sign in with a name of that domain, as far as the index knows them."""
    return advanced(f"endsWith(userPrincipalName,{literal(f'@{domain}')})")


def advanced(condition: str) -> str:
    return "/users" + query(records.USER_SELECT, filter=condition, count="true", top=999)


def literal(text: str) -> str:
    """A text in a filter of Graph's or Exchange's."""
    return "'" + text.replace("'", "''") + "'"


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
