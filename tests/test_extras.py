"""Whoever lacks an optional package is told the one command that mends it, and that command names an extra we have."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.problem import Problem
from reconcile.providers.dns.hosted.backends import open_backend
from reconcile.providers.dns.primary.gss import _library
from reconcile.state.stores.cloud import CloudBucket

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

#: What is asked for, the package it lacks, the extra that brings it.
NEEDS: list[tuple[Callable[[], object], str, str]] = [
    (lambda: CloudBucket.at("s3://bucket/state"), "obstore.exceptions", "stores"),
    (lambda: open_backend("ovh", {}), "octodns_ovh", "hosted"),
    (lambda: open_backend("gandi", {}), "octodns_gandi", "hosted"),
    (lambda: open_backend("cloudflare", {}), "octodns_cloudflare", "hosted"),
    (lambda: open_backend("powerdns", {}), "octodns_powerdns", "hosted"),
    (lambda: open_backend("azure", {}), "octodns_azure", "azure"),
    (_library, "gssapi", "kerberos"),
]


@pytest.mark.parametrize(("asked", "package", "extra"), NEEDS, ids=[package for _, package, _ in NEEDS])
def test_a_missing_package_names_the_command_that_brings_it(
    asked: Callable[[], object], package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Problem) as told:
        asked()
    assert told.value.code in ("STA10", "DNS16")
    assert told.value.hint.startswith(f"pip install 'reconcile[{extra}]'")
    brought = {re.split(r"[\[<>=;]", requirement)[0].replace("-", "_") for requirement in EXTRAS[extra]}
    assert package.split(".", maxsplit=1)[0] in brought


def test_no_page_names_an_extra_that_does_not_exist() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    named = {extra for page in pages for extra in re.findall(r"reconcile\[(\w+)\]", page.read_text())}
    assert named == {"stores", "hosted", "verify", "kerberos", "azure", "board"}
    assert named <= EXTRAS.keys()
