"""Delivery reports of other people's servers: what is ours in them is read, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.providers.post.bounces import Bounce, bounces

LETTER = "<spf55.93c75f374f6444b3611a@secourspopulaire.example>"
REPORT = f"""\
From: MAILER-DAEMON@mail.example
To: postmaster@secourspopulaire.example
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; Camille@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <camille@example.net>: Recipient address rejected

--b
Content-Type: message/rfc822

Message-ID: {LETTER}
Subject: x

body
--b--
"""


def test_a_report_names_the_letter_the_recipient_and_the_reason() -> None:
    assert list(bounces(REPORT.encode())) == [
        Bounce(LETTER, "camille@example.net", "5.1.1", "550 5.1.1 <camille@example.net>: Recipient address rejected")
    ]


def test_headers_alone_name_the_letter_as_well() -> None:
    shorter = REPORT.replace("Content-Type: message/rfc822", "Content-Type: text/rfc822-headers")
    assert [one.message_id for one in bounces(shorter.encode())] == [LETTER]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Action: failed", "Action: delayed"),
        ("Action: failed", "Action: delivered"),
        ("multipart/report; report-type=delivery-status;", "multipart/mixed;"),
        (f"Message-ID: {LETTER}\n", ""),
        ("message/delivery-status", "message/disposition-notification"),
    ],
)
def test_a_delay_a_receipt_and_an_answer_are_no_bounces(old: str, new: str) -> None:
    assert list(bounces(REPORT.replace(old, new).encode())) == []


def test_what_a_report_says_is_one_harmless_line() -> None:
    hostile = REPORT.replace("Recipient address rejected", "\x1b[2Jgone\n and more " + "x" * 5000)
    [one] = bounces(hostile.encode())
    assert one.sentence.isprintable()
    assert len(one.sentence) < 600


@given(st.data())
def test_a_damaged_report_raises_nothing(data: st.DataObject) -> None:
    octets = bytearray(REPORT.encode())
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
        if not octets:
            break
    for one in bounces(bytes(octets)):
        assert one.sentence.isprintable()
