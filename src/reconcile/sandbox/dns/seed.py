"""The zones of the first day: each federation's domain as the old host left it, and what its records lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: The old host's domain, where the federations' MX and SPF point.
HOST_DOMAIN = "mutualise.example"

#: The public addresses behind which the old host and the tenant receive mail.
OLD_MX = ("203.0.113.25", "203.0.113.26")
MICROSOFT_MX = ("192.0.2.25",)

_SOA = "SOA ns1.{host}. hostmaster.{host}. 2024090101 7200 3600 1209600 300"

_FEDERATION = """\
$TTL 3600
@          {soa}
@          NS    ns1.{host}.
@          A     203.0.113.80
@          TXT   "google-site-verification={token}"
_dmarc     TXT   "v=DMARC1; p=none; rua=mailto:dmarc@{host}"
"""

_MAIL_DOMAIN = """\
{at}       MX    10 mx1.{host}.
{at}       MX    20 mx2.{host}.
{at}       TXT   "v=spf1 include:_spf.{host} ~all"
www{below} CNAME {origin}.
imap{below} CNAME imap.{host}.
smtp{below} CNAME smtp.{host}.
"""

_HOST = """\
$TTL 3600
@     {soa}
@     NS   ns1
ns1   A    127.0.0.1
mx1   A    203.0.113.25
mx2   A    203.0.113.26
imap  A    127.0.0.1
smtp  A    203.0.113.25
_spf  TXT  "v=spf1 ip4:203.0.113.0/24 -all"
"""

#: Microsoft's public names that the tenant's records lead to, so that nobody need ask the Internet for them.
_MICROSOFT = {
    "mx.microsoft": "*  A  192.0.2.25\n",
    "outlook.com": """\
spf.protection     TXT  "v=spf1 ip4:192.0.2.0/24 -all"
*.mail.protection  A    192.0.2.25
autodiscover       A    192.0.2.80
""",
}
_ELSEWHERE = "$TTL 3600\n@  {soa}\n@  NS  ns1.{host}.\n"


def first_day(federations: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Master files by origin: each domain with its subdomains as names inside it, the old host's, Microsoft's."""
    soa = _SOA.format(host=HOST_DOMAIN)
    zones = {origin: _federation(origin, subdomains, soa) for origin, subdomains in federations.items()}
    head = _ELSEWHERE.format(soa=soa, host=HOST_DOMAIN)
    return {origin: head + text for origin, text in _MICROSOFT.items()} | {HOST_DOMAIN: _HOST.format(soa=soa)} | zones


def _federation(origin: str, subdomains: Sequence[str], soa: str) -> str:
    names = ["@", *(subdomain.removesuffix(f".{origin}") for subdomain in subdomains)]
    token = origin.encode().hex()[:24]
    text = _FEDERATION.format(soa=soa, host=HOST_DOMAIN, token=token)
    for name in names:
        below = "" if name == "@" else f".{name}"
        text += _MAIL_DOMAIN.format(at=name, below=below, host=HOST_DOMAIN, origin=origin)
    return text
