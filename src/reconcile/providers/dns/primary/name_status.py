"""What stands at a name itself, apart from what a wildcard, an alias or a DNAME answers in its place."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence

import dns.exception
import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary.answers import NOTHING_KNOWN, Answer, Answers, Failure, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.records.keys import RecordKey

#: Below an existing name nothing answers for ``label.*.name``; below one that a wildcard only stands in for, the
#: wildcard does (RFC 4592 §2.2.2: synthesis starts at the closest *existing* name). The asterisk in the middle keeps a
#: wildcard of the name's own children from answering.
_PROBE = dns.name.Name((b"reconcile-probe", b"*"))


#: Types looked for at a name that is to become an alias. An alias stands alone (RFC 1034 §3.6.2).
OTHER_TYPES = (
    *(RdataType.A, RdataType.AAAA, RdataType.MX, RdataType.TXT, RdataType.SRV, RdataType.NS, RdataType.CAA),
    *(RdataType.HTTPS, RdataType.SVCB, RdataType.SSHFP, RdataType.TLSA, RdataType.NAPTR, RdataType.PTR),
    *(RdataType.HINFO, RdataType.LOC, RdataType.RP, RdataType.URI, RdataType.OPENPGPKEY),
)


def ask_rrsets(
    primary: Primary, keys: Iterable[RecordKey], others: Iterable[Question] = (), known: Answers = NOTHING_KNOWN
) -> Answers:
    """Everything ``rrset_at`` needs to know about these records, and ``others``, in one round of questions.

    A second round only where a name that is to become an alias exists already. ``known``: what was just answered, and
    is not asked again.
    """
    keys = set(keys)
    unknown = [one for one in itertools.chain(others, questions_about(keys)) if one not in known]
    answers = {**known, **primary.ask(unknown)}
    existing = [key for key in keys if _is_bare_name(key, answers)]
    more = (Question(at, rdtype) for key in existing for rdtype in OTHER_TYPES for at in (key.name, *_probed(key.name)))
    return {**answers, **primary.ask(one for one in more if one not in answers)} if existing else answers


def questions_about(keys: Iterable[RecordKey]) -> Iterator[Question]:
    """What there is to ask, so that it can be asked along with something else."""
    keys = set(keys)
    return itertools.chain(map(_question, keys), *map(_doubts, keys))


def rrset_at(key: RecordKey, answers: Answers, along: Collection[RecordKey] = ()) -> dns.rdataset.Rdataset | None:
    """The RRset at the name itself, None when there is none or only a wildcard answers.

    ``along``: records read or changed together with it; those are not in its way.

    Raises the Problem of a failed read, and DNS10 when nothing can or should be published there: the name is an alias
    or is to become one beside other records (RFC 1034 §3.6.2), is below a DNAME (RFC 6672 §2.4), or a wildcard's MX
    would vanish by publishing.
    """
    answer = answers[_question(key)]
    if isinstance(answer, Failure):
        raise answer.problem
    if answer.dname is not None:
        raise blocked(
            key,
            Phrase("it is below the redirection (DNAME) of {dname}", dname=_text(answer.dname)),
            Phrase("ask the zone's owner"),
        )
    if synthesised(key.name, key.rdtype, answers):
        if key.rdtype == RdataType.MX:
            why = Phrase("a wildcard answers for it")
            raise blocked(key, why, Phrase("publish the same records at the name itself first, then plan again"))
        _refuse_uncovering(key, answers)
        return None
    if answer.alias is not None and RecordKey(key.name, RdataType.CNAME) in along:
        return None
    if answer.alias is not None:
        target = _text(answer.alias)
        raise blocked(
            key,
            Phrase(
                "{owner} is an alias (CNAME) of {target}, beside which no other record can stand",
                owner=key.owner,
                target=target,
            ),
            Phrase("replace the alias by the A and AAAA records of its target"),
        )
    if answer.rdataset is None:
        others = other_rrsets(key, answers)
        if not all(RecordKey(key.name, rdtype) in along for rdtype in others):
            raise cname_conflict(key, others_at(key, answers))
        _refuse_uncovering(key, answers)
    return answer.rdataset


def others_at(key: RecordKey, answers: Answers) -> list[str]:
    """The types of other records at a name that is to become an alias, none for another type or where none was seen."""
    return [dns.rdatatype.to_text(rdtype) for rdtype in other_rrsets(key, answers)]


def other_rrsets(key: RecordKey, answers: Answers) -> dict[RdataType, dns.rdataset.Rdataset]:
    """The other records at a name that is to become an alias, by type."""
    if key.rdtype != RdataType.CNAME:
        return {}
    found = {rdtype: _own(key.name, rdtype, answers) for rdtype in OTHER_TYPES}
    return {rdtype: rdataset for rdtype, rdataset in found.items() if rdataset is not None}


def elsewhere(key: RecordKey, answers: Answers) -> str:
    """Where a name leads that holds no record itself: an alias, or a delegation to other servers. "" for neither."""
    answer = answers[_question(key)]
    if isinstance(answer, Failure):
        cut = answer.cut
        return Phrase("{name} is delegated to other name servers", name=_text(cut)) if cut is not None else ""
    if answer.rdataset is not None or answer.alias is None or synthesised(key.name, key.rdtype, answers):
        return ""
    return Phrase("{name} is an alias (CNAME) of {other}", name=key.owner, other=_text(answer.alias))


def cname_conflict(key: RecordKey, others: Sequence[str]) -> Problem:
    """DNS10 for a name that is to become an alias and holds other records."""
    return Problem(
        "DNS10",
        Phrase(
            "{key} cannot be published: {owner} holds other records ({others}), and an alias stands alone.",
            key=key,
            owner=key.owner,
            others=", ".join(others),
        ),
        "remove them if nothing uses them any more, then plan again",
    )


def _is_bare_name(key: RecordKey, answers: Answers) -> bool:
    answer = answers[_question(key)]
    if key.rdtype != RdataType.CNAME or not isinstance(answer, Answer) or answer.dname is not None:
        return False
    return answer.exists and not answer.positive


def _own(name: dns.name.Name, rdtype: RdataType, answers: Answers) -> dns.rdataset.Rdataset | None:
    answer = answers.get(Question(name, rdtype))
    if not isinstance(answer, Answer) or synthesised(name, rdtype, answers):
        return None
    return answer.rdataset


def _refuse_uncovering(key: RecordKey, answers: Answers) -> None:
    """A name published below a mail domain makes the domain exist, and a wildcard MX above stops applying to it."""
    for domain in _hidden_by(key):
        if synthesised(domain, RdataType.MX, answers):
            raise blocked(
                key,
                Phrase(
                    "it would hide from {domain} the wildcard that gives it its MX, and its mail would stop",
                    domain=_text(domain),
                ),
                Phrase("publish the MX of {domain} explicitly first, then plan again", domain=_text(domain)),
            )


def _doubts(key: RecordKey) -> Iterator[Question]:
    """Asked along, wanted or not: a question costs less than a second round trip."""
    yield from _probe(key.name, key.rdtype)
    for domain in _hidden_by(key):
        yield from _probe(domain, RdataType.MX)


def _hidden_by(key: RecordKey) -> Iterator[dns.name.Name]:
    """The names that may receive mail by a wildcard, until a record is published at this one."""
    if key.rdtype not in (RdataType.CNAME, RdataType.MX) and not key.name.labels[0].startswith(b"_"):
        yield key.name
    yield from _above(key.name)


def _above(name: dns.name.Name) -> Iterator[dns.name.Name]:
    """The names above that may receive mail: not a service's (``_domainkey``), not a top-level domain."""
    parent = name.parent()
    while len(parent.labels) > 2:
        if not parent.labels[0].startswith(b"_"):
            yield parent
        parent = parent.parent()


def synthesised(name: dns.name.Name, rdtype: RdataType, answers: Answers) -> bool:
    """Whether only a wildcard answers for the name, as far as it was asked."""
    return any(
        isinstance(answer, Answer) and answer.positive
        for answer in (answers.get(probe) for probe in _probe(name, rdtype))
    )


def _probe(name: dns.name.Name, rdtype: RdataType) -> Iterator[Question]:
    yield from (Question(at, rdtype) for at in _probed(name))


def _probed(name: dns.name.Name) -> tuple[dns.name.Name, ...]:
    """The name that nobody has, below which the answer tells a wildcard; none when it would be too long."""
    return _below(name.labels)


@functools.lru_cache(maxsize=16384)  # asked for several times a record; names themselves are slow to hash
def _below(labels: tuple[bytes, ...]) -> tuple[dns.name.Name, ...]:
    with contextlib.suppress(dns.name.NameTooLong):
        return (_PROBE.concatenate(dns.name.Name(labels)),)
    return ()


def _question(key: RecordKey) -> Question:
    return Question(key.name, key.rdtype)


def blocked(key: RecordKey, why: str, hint: str) -> Problem:
    """DNS10, with what is in the way."""
    return Problem("DNS10", Phrase("{key} cannot be published: {why}.", key=key, why=why), hint)


def _text(name: dns.name.Name) -> str:
    return name.canonicalize().to_text(omit_final_dot=True)
