"""Secrets quoted back by a server are taken out, however they were written on the way."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.mailcopy.imap.grammar import quoted, readable
from reconcile.masking import masked

SECRETS = ['mot"de\\passe', "clé d'été", "a  b\tc", "p%40ss/w+rd=", "пароль", "x" * 40]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_echo_shows_it(secret: str) -> None:
    echoes = [
        secret,
        quoted(secret.encode()).decode(),
        readable(quoted(secret.encode())),
        readable(secret.encode("latin-1", "replace")),
        secret.encode().decode("latin-1"),
        json.dumps(secret),
        repr(secret),
        quote(secret, safe=""),
        base64.b64encode(secret.encode()).decode(),
    ]
    for echo in echoes:
        shown = masked(f"NO no such user: {echo}.", secret)
        assert "…" in shown
        assert secret not in shown
        assert secret.strip("?")[:12] not in shown or len(secret) < 6


@given(st.text('abcdé"\\ ', min_size=4), st.text('xyz"\\ '))
def test_it_is_never_left_as_it_is(secret: str, around: str) -> None:
    assert masked(around + secret + around, secret).count(secret) == masked(around, secret).count(secret) == 0
