"""What the primary holds for a mail domain, wanted by us or not: what the checks look at."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary.answers import NOTHING_KNOWN, Answer, Answers, Failure, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.primary.name_status import ask_rrsets, synthesised
from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.keys import RecordKey

#: Asked at the domain (empty) and at names below it.
_ASKED = (
    ("", RdataType.SOA),
    ("", RdataType.NS),
    ("", RdataType.MX),
    ("", RdataType.TXT),
    ("*", RdataType.MX),
    ("autodiscover", RdataType.CNAME),
    ("_autodiscover._tcp", RdataType.SRV),
    ("autoconfig", RdataType.CNAME),
    ("_imaps._tcp", RdataType.SRV),
    ("_submission._tcp", RdataType.SRV),
    ("msoid", RdataType.CNAME),
    ("selector1._domainkey", RdataType.CNAME),
    ("selector2._domainkey", RdataType.CNAME),
    ("_dmarc", RdataType.TXT),
    ("_mta-sts", RdataType.TXT),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """One domain as its primary answers; every name is asked there, so that nothing is planted in anybody's cache."""

    domain: str
    answers: Mapping[Question, Answer | Failure]
    #: The MTA-STS policy, as fetched; None when it was not asked for or could not be had.
    policy: str | None = None
    #: The MX hosts about to be published, lower case, no final dot; none while they are not known.
    new_mx: tuple[str, ...] = ()
    #: Names where our alias may take the place of other records.
    replace: frozenset[dns.name.Name] = frozenset()

    @property
    def silent(self) -> Problem | None:
        """Why nothing of the domain is known, when its server answers nothing at all."""
        answers = [self.answers[Question(_key(self.domain, below, one).name, one)] for below, one in _ASKED]
        silences = [one.silent if isinstance(one, Failure) else None for one in answers]
        return silences[0] if all(silences) else None

    def answer(self, below: str, rdtype: str) -> Answer | Failure:
        """The answer for ``below`` (``""``: the domain itself), as it came."""
        key = _key(self.domain, below, dns.rdatatype.from_text(rdtype))
        return self.answers[Question(key.name, key.rdtype)]

    def rdataset(self, below: str, rdtype: str) -> dns.rdataset.Rdataset | None:
        """The RRset, None when there is none, only a wildcard answers, or it could not be read."""
        key = _key(self.domain, below, dns.rdatatype.from_text(rdtype))
        answer = self.answers[Question(key.name, key.rdtype)]
        if not isinstance(answer, Answer) or (below != "*" and synthesised(key.name, key.rdtype, self.answers)):
            return None
        return answer.rdataset

    def texts(self, below: str, rdtype: str) -> tuple[str, ...]:
        """The values in canonical spelling."""
        return texts_of(self.rdataset(below, rdtype))

    @property
    def mx_hosts(self) -> tuple[str, ...]:
        """The hosts of the MX records, in the order of the records; "" is a null MX (RFC 7505)."""
        return tuple(text.partition(" ")[2].rstrip(".") for text in self.texts("", "MX"))


def read_facts(primary: Primary, domains: Iterable[str], known: Answers = NOTHING_KNOWN) -> list[Facts]:
    """The facts of many domains, in as few round trips as one would take. ``known``: what was just answered."""
    domains = list(domains)
    asked = [_key(domain, below, rdtype) for domain in domains for below, rdtype in _ASKED if below != "*"]
    wildcards = [Question(_key(domain, "*", RdataType.MX).name, RdataType.MX) for domain in domains]
    answers = ask_rrsets(primary, asked, wildcards, known)
    return [Facts(domain, answers) for domain in domains]


@functools.lru_cache(maxsize=8192)
def with_todo(message: str, hint: str) -> Phrase:
    """What is wrong and what to do, as one sentence of a report."""
    return Phrase("{message} To do: {hint}.", message=message, hint=hint)


def _key(domain: str, below: str, rdtype: RdataType) -> RecordKey:
    return RecordKey(dns.name.from_text(f"{below}.{domain}" if below else domain).canonicalize(), rdtype)
