"""What Exchange's mail flow rules make of a message: who is signed, with what, and where it stands. Pure.

Tokens and their meaning: Microsoft's page New-TransportRule (ApplyHtmlDisclaimerText) and "Signatures" ("Message
disclaimers, signatures, footers, or headers"), which name some attributes differently; ``vocabulary`` says which of
the two a tenant understands. An unknown token stays as it is written. A message in plain text gets the text of the
HTML; one that is signed or encrypted (S/MIME) cannot be changed and follows the rule's fallback action.
"""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Collection, Iterable, Mapping
from email.message import EmailMessage
from typing import Any

#: Token → Graph's property, in both of Microsoft's lists.
_BOTH = {
    "displayname": "displayName", "firstname": "givenName", "lastname": "surname", "title": "jobTitle",
    "department": "department", "company": "companyName", "office": "officeLocation", "city": "city",
    "initials": "initials", "notes": "notes", "manager": "manager",
}  # fmt: skip
#: The two vocabularies: the page of the cmdlet, and the names of ADAttribute.
VOCABULARIES: Mapping[str, Mapping[str, str]] = {
    "cmdlet": {
        **_BOTH,
        "phone": "businessPhones", "mobilephone": "mobilePhone", "fax": "faxNumber", "streetaddress": "streetAddress",
        "postalcode": "postalCode", "stateorprovince": "state", "countryorregion": "country",
        "userprincipalname": "userPrincipalName", "windowsemailaddress": "mail", "postofficebox": "", "homephone": "",
        "pager": "",
    },
    "attribute": {
        **_BOTH,
        "phonenumber": "businessPhones", "mobilenumber": "mobilePhone", "faxnumber": "faxNumber",
        "street": "streetAddress", "zipcode": "postalCode", "state": "state", "country": "country",
        "userlogonname": "userPrincipalName", "email": "mail", "pobox": "", "homephonenumber": "", "pagernumber": "",
    },
}  # fmt: skip


def passed_through(
    message: bytes,
    rules: Iterable[Mapping[str, Any]],
    sender: str,
    attributes: Mapping[str, Any],
    accepted: Collection[str],
    vocabulary: str = "cmdlet",
) -> bytes:
    """The message as it leaves the rules. ``sender``: the address of its From, who signed in to send it.
    ``attributes``: the sender's properties in the directory. ``accepted``: the organization's domains."""
    parsed = email.message_from_bytes(message, policy=email.policy.SMTP)
    changed = False
    for rule in rules:
        if rule["State"] != "Enabled" or rule["Mode"] != "Enforce" or not rule["ApplyHtmlDisclaimerText"]:
            continue
        if not _applies(rule, parsed, sender.lower(), accepted):
            continue
        text = _filled(rule["ApplyHtmlDisclaimerText"], attributes, VOCABULARIES[vocabulary])
        if _closed(parsed):
            if rule["ApplyHtmlDisclaimerFallbackAction"] == "Wrap":
                parsed = _wrapped(parsed, text)
                changed = True
        else:
            _add(parsed, text, prepend=rule["ApplyHtmlDisclaimerLocation"] == "Prepend")
            changed = True
        if rule["StopRuleProcessing"]:
            break
    return parsed.as_bytes() if changed else message


def _applies(rule: Mapping[str, Any], message: EmailMessage, sender: str, accepted: Collection[str]) -> bool:
    domain = sender.rpartition("@")[2]
    inside = any(f".{domain}".endswith(f".{own}") for own in accepted)
    if rule["FromScope"] and (rule["FromScope"] == "InOrganization") != inside:
        return False
    if rule["SenderDomainIs"] and not any(f".{domain}".endswith(f".{one.lower()}") for one in rule["SenderDomainIs"]):
        return False
    if rule["From"] and sender not in {one.lower() for one in rule["From"]}:
        return False
    return not _excepted(rule, message, sender)


def _excepted(rule: Mapping[str, Any], message: EmailMessage, sender: str) -> bool:
    if sender in {one.lower() for one in rule["ExceptIfFrom"]}:
        return True
    if rule["ExceptIfMessageTypeMatches"] == "Calendaring" and any(
        part.get_content_type() == "text/calendar" for part in message.walk()
    ):
        return True
    if header := rule["ExceptIfHeaderContainsMessageHeader"]:
        said = " ".join(message.get_all(header, []))
        if any(_holds_word(said, word) for word in rule["ExceptIfHeaderContainsWords"]):
            return True
    if header := rule["ExceptIfHeaderMatchesMessageHeader"]:
        said = " ".join(message.get_all(header, []))
        if any(re.search(pattern, said, re.IGNORECASE) for pattern in rule["ExceptIfHeaderMatchesPatterns"]):
            return True
    text = _searched(message)
    return any(_holds_word(text, word) for word in rule["ExceptIfSubjectOrBodyContainsWords"])


def _holds_word(text: str, word: str) -> bool:
    """Whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def _searched(message: EmailMessage) -> str:
    """The subject and every text of the body; of HTML what stands in comments too."""
    parts = [str(message.get("Subject", ""))]
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.get_filename():
            body = str(part.get_content())
            parts += [body, _as_text(body)] if part.get_content_subtype() == "html" else [body]
    return "\n".join(parts)


_CLOSED = {"multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}


def _closed(message: EmailMessage) -> bool:
    """Signed or encrypted: its content cannot be read, or not be changed."""
    kinds = {part.get_content_type() for part in message.walk()}
    return bool(
        kinds & {"multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
    )


def _filled(text: str, attributes: Mapping[str, Any], vocabulary: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = vocabulary.get(found[1].lower())
        if name is None:
            return found[0]
        held = attributes.get(name) or ""
        return html.escape(str(held[0] if isinstance(held, list) else held), quote=True)

    return re.sub("%%([A-Za-z0-9]+)%%", value, text)


def _add(message: EmailMessage, text: str, *, prepend: bool) -> None:
    bodies = [
        part
        for part in message.walk()
        if part.get_content_type() in ("text/plain", "text/html") and part.get_content_disposition() != "attachment"
    ]
    done: set[str] = set()
    for part in bodies:
        kind = part.get_content_type()
        if kind in done:
            continue  # a forwarded message has bodies of its own
        done.add(kind)
        body = str(part.get_content())
        if kind == "text/plain":
            plain = _as_text(text)
            new = f"{plain}\n\n{body}" if prepend else f"{body.rstrip()}\n\n{plain}\n"
        else:
            new = _into_html(body, text, prepend=prepend)
        headers = {name: value for name, value in part.items() if name.lower() not in _OF_CONTENT}
        part.set_content(new, subtype=kind.partition("/")[2], charset="utf-8")
        for name, value in headers.items():
            if name not in part:
                part[name] = value


_OF_CONTENT = ("content-type", "content-transfer-encoding", "mime-version")


def _into_html(body: str, text: str, *, prepend: bool) -> str:
    if prepend:
        opened = re.search("<body[^>]*>", body, re.IGNORECASE)
        at = opened.end() if opened else 0
    else:
        closed = re.search("</body>", body, re.IGNORECASE)
        at = closed.start() if closed else len(body)
    return f"{body[:at]}{text}{body[at:]}"


def _wrapped(message: EmailMessage, text: str) -> EmailMessage:
    outer = EmailMessage(policy=email.policy.SMTP)
    for name in ("From", "To", "Cc", "Subject", "Date", "Message-ID"):
        if message.get(name):
            outer[name] = message[name]
    outer.set_content(text, subtype="html")
    outer.add_attachment(message)
    return outer


def _as_text(markup: str) -> str:
    text = re.sub("<!--.*?-->", "", markup, flags=re.DOTALL)
    text = re.sub(r"(?i)<(br|/p|/div|/tr|/table|hr)\b[^>]*>", "\n", text)
    text = html.unescape(re.sub("<[^>]+>", "", text))
    return "\n".join(line for line in (re.sub(r"[ \t\r]+", " ", one).strip() for one in text.split("\n")) if line)
