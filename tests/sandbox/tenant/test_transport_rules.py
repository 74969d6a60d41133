"""Mail flow rules: what the tenant refuses of one, and what it makes of a message."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest
from tests.sandbox.tenant.client import Client

from reconcile.sandbox.tenant.exchange.disclaimers import passed_through
from reconcile.sandbox.tenant.exchange.transport_rules import PROPERTIES

RULE: dict[str, Any] = {"Name": "signature", "ApplyHtmlDisclaimerText": "<p>%%DisplayName%%</p>"}
LOU = {"displayName": "Lou <Petit>", "businessPhones": ["03 53 01 00 02"]}


@pytest.mark.parametrize(
    "change",
    [
        {"ApplyHtmlDisclaimerText": "x" * 5001},
        {"Name": "n" * 65},
        {"Comments": "c" * 1025},
        {"SenderDomainIs": ["d" * 129]},
        {"ExceptIfMessageTypeMatches": "Invitation"},
        {"ExceptIfHeaderContainsMessageHeader": "X-SPF-Letter"},
        {"SenderDomainIs": [f"spf{number}.example.org" for number in range(500)]},
        {"Priority": 7},
        {"ApplyHtmlDisclaimerText": ""},
        {"SenderIsNice": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_exchange_does_not_take_is_refused(change: dict[str, Any], client: Client) -> None:
    assert client.invoke("New-TransportRule", **{**RULE, **change}).status_code == 400
    assert client.rows("Get-TransportRule") == []


def test_a_rule_is_made_changed_switched_off_and_removed(client: Client) -> None:
    [made] = client.rows("New-TransportRule", **RULE, SenderDomainIs=["spf55.org"])
    assert (made["State"], made["ApplyHtmlDisclaimerFallbackAction"], made["Priority"]) == ("Enabled", "Wrap", 0)
    assert client.invoke("New-TransportRule", **RULE).status_code == 400, "a name once"
    client.rows("New-TransportRule", **{**RULE, "Name": "first"}, Priority=0)
    assert [row["Name"] for row in client.rows("Get-TransportRule")] == ["first", "signature"]
    client.rows("Set-TransportRule", Identity=made["Guid"], Comments="ours", SenderDomainIs=["spf88.org"])
    assert client.invoke("Set-TransportRule", Identity="signature", Enabled=False).status_code == 400
    client.rows("Disable-TransportRule", Identity="signature")
    [row] = client.rows("Get-TransportRule", Identity="signature")
    assert (row["State"], row["Comments"], row["SenderDomainIs"]) == ("Disabled", "ours", ["spf88.org"])
    assert [row["Name"] for row in client.rows("Get-TransportRule", State="Enabled")] == ["first"]
    client.rows("Remove-TransportRule", Identity="first")
    assert client.invoke("Remove-TransportRule", Identity="first").status_code != 200


def rule(**set_to: Any) -> dict[str, Any]:
    return {**PROPERTIES, **RULE, "State": "Enabled", "ApplyHtmlDisclaimerLocation": "Append", **set_to}


def passed(message: EmailMessage, *rules: dict[str, Any], vocabulary: str = "cmdlet") -> EmailMessage:
    data = passed_through(message.as_bytes(), rules, "lou@spf55.org", LOU, ["spf55.org"], vocabulary)
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def written(text: str = "Bonjour.", markup: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "lou@spf55.org", "Essai"
    message.set_content(text)
    if markup:
        message.add_alternative(markup, subtype="html")
    return message


def test_values_are_filled_in_escaped_and_what_is_no_token_stays() -> None:
    text = "<p>%%displayname%% %%Phone%% %%PhoneNumber%% %%Fax%%|</p>"
    signed = passed(written(markup="<html><body>Bonjour.</body></html>"), rule(ApplyHtmlDisclaimerText=text))
    markup, plain = signed.get_body(("html",)), signed.get_body(("plain",))
    assert markup is not None
    assert plain is not None
    assert "<p>Lou &lt;Petit&gt; 03 53 01 00 02 %%PhoneNumber%% |</p></body>" in markup.get_content()
    assert plain.get_content().splitlines()[-1] == "Lou <Petit> 03 53 01 00 02 %%PhoneNumber%% |"
    other = passed(written(), rule(ApplyHtmlDisclaimerText=text), vocabulary="attribute")
    assert "%%Phone%% 03 53 01 00 02" in other.get_content()


def test_who_is_not_meant_is_not_signed() -> None:
    assert passed(written(), rule(SenderDomainIs=["spf55.org"])).as_string() != written().as_string()
    for other in (
        rule(SenderDomainIs=["55.org"]),
        rule(FromScope="NotInOrganization"),
        rule(From=["camille@spf55.org"]),
        rule(ExceptIfFrom=["LOU@spf55.org"]),
        rule(ExceptIfSubjectOrBodyContainsWords=["essai"]),
        rule(State="Disabled"),
        rule(Mode="Audit"),
    ):
        assert passed(written(), other).get_content() == written().get_content()
    assert "Lou" in passed(written("Essaim"), rule(ExceptIfSubjectOrBodyContainsWords=["essaims"])).get_content()


def test_a_word_of_a_header_is_a_whole_word_and_a_pattern_is_any_part() -> None:
    letter = written()
    letter["X-SPF-Letter"] = "spf55/opening"
    header = {"ExceptIfHeaderContainsMessageHeader": "X-SPF-Letter"}
    assert "Lou" in passed(letter, rule(**header, ExceptIfHeaderContainsWords=["spf"])).get_content()
    assert "Lou" not in passed(letter, rule(**header, ExceptIfHeaderContainsWords=["spf55"])).get_content()
    matching = rule(ExceptIfHeaderMatchesMessageHeader="X-SPF-Letter", ExceptIfHeaderMatchesPatterns=[r"\w"])
    assert "Lou" not in passed(letter, matching).get_content()
    assert "Lou" in passed(written(), matching).get_content()


def test_a_message_that_cannot_be_changed_follows_the_fallback() -> None:
    raw = b"From: lou@spf55.org\r\nContent-Type: application/pkcs7-mime\r\n\r\nAAAA\r\n"
    assert passed_through(raw, [rule(ApplyHtmlDisclaimerFallbackAction="Ignore")], "lou@spf55.org", LOU, []) == raw
    wrapped = passed_through(raw, [rule(ApplyHtmlDisclaimerFallbackAction="Wrap")], "lou@spf55.org", LOU, [])
    assert b"message/rfc822" in wrapped
    assert b"AAAA" in wrapped


def test_two_rules_sign_twice_unless_one_stops_the_other() -> None:
    assert passed(written(), rule(), rule()).get_content().count("Lou") == 2
    assert passed(written(), rule(StopRuleProcessing=True), rule()).get_content().count("Lou") == 1
