"""The server that mail for unknown addresses is relayed to: one host, never a list of hosts by DNS."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from reconcile.config.settings.tables.legacy.relay import Relay


@pytest.mark.parametrize("host", ["smtp.mutualise.example", "SMTP.Mutualise.Example", "203.0.113.25"])
def test_a_server_by_name_or_address(host: str) -> None:
    assert Relay(host=host).host == host.lower()


@pytest.mark.parametrize(
    "host", ["", "localhost", "smtp://mx.example", "mx.example:25", "a b.example", "*.example", "x" * 260]
)
def test_what_is_no_server_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="neither a server's name"):
        Relay(host=host)


@pytest.mark.parametrize(
    "given", [{"tls": "name"}, {"name": "mx.example"}, {"tls": "certificate", "name": "mx.example"}]
)
def test_a_name_goes_with_the_comparison_of_names(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="go together"):
        Relay(host="mx.example", **given)  # type: ignore[arg-type]
