"""Sieve scripts as webmails write them, and what they do that is not carried over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.providers.legacy.inventory.sieve import SieveFacts, read_sieve

ROUNDCUBE = r"""
require ["copy","fileinto","vacation"];
# rule:[Absence]
if true
{
	vacation :days 1 :subject "Absente" text:
Je reviens le 3. En attendant : redirect "nobody@example.org";
.
;
}
# rule:[Vers la maison]
if allof (header :contains "subject" "redirect \"x@example.org\"")
{
	redirect :copy "Lou@Example.net";
	stop;
}
# rule:[Coupée]
if false # allof (true)
{
	if true { redirect "off@example.org"; }
	vacation "off";
}
elsif true { fileinto "Ailleurs"; }
/* redirect "commented@example.org";
   redirect "commented2@example.org"; */
"""


@pytest.mark.parametrize(
    ("script", "facts"),
    [
        (ROUNDCUBE, SieveFacts(True, ("lou@example.net",))),
        ('require "fileinto"; if true { fileinto "vacation"; }', SieveFacts(False, ())),
        ('require ["vacation"]; keep;', SieveFacts(False, ())),
        (
            'redirect "a@example.net"; redirect "a@example.net"; redirect "b@example.net";',
            SieveFacts(False, ("a@example.net", "b@example.net")),
        ),
        ('if false { vacation "x"; }', SieveFacts(False, ())),
        (
            'if header :is "x" "y" { VACATION "x"; } else { Redirect "a@example.net"; }',
            SieveFacts(True, ("a@example.net",)),
        ),
        ('redirect "not an address"; redirect "${var}";', SieveFacts(False, ())),
        ("", SieveFacts(False, ())),
        ('vacation "never closed', SieveFacts(True, ())),
    ],
)
def test_replies_and_redirections_in_force_are_found(script: str, facts: SieveFacts) -> None:
    assert read_sieve(script) == facts
    assert read_sieve(script.replace("\n", "\r\n")) == facts


@given(st.text('vacation redirect"\\{};:#/*\n.text falsei@', max_size=80))
def test_no_text_whatever_raises(script: str) -> None:
    read_sieve(script)
