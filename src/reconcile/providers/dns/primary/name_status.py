"""What stands at a name itself, apart from what a wildcard, an alias or a DNAME answers in its place."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

import dns.exception
import dns.name
import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.problem import Problem
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.records.keys import RecordKey

#: Below an existing name nothing answers for ``label.*.name``; below one that a wildcard only stands in for, the
#: wildcard does (RFC 4592 §2.2.2: synthesis starts at the closest *existing* name). The asterisk in the middle keeps a
#: wildcard of the name's own children from answering.
_PROBE = dns.name.Name((b"reconcile-probe", b"*"))

_Answers = Mapping[Question, Answer | Failure]


def ask_rrsets(primary: Primary, keys: Iterable[RecordKey]) -> _Answers:
    """Everything ``rrset_at`` needs to know about these records, in one round of questions."""
    return primary.ask(questions_about(keys))


def questions_about(keys: Iterable[RecordKey]) -> Iterator[Question]:
    """What there is to ask, so that it can be asked along with something else."""
    keys = set(keys)
    return itertools.chain(map(_question, keys), *map(_doubts, keys))


def rrset_at(key: RecordKey, answers: _Answers) -> dns.rdataset.Rdataset | None:
    """The RRset at the name itself, None when there is none.

    Raises the Problem of a failed read, and DNS10 when nothing can or should be published there: the name is an alias
    (RFC 1034 §3.6.2) or below a DNAME (RFC 6672 §2.4), or a wildcard's data would vanish by publishing.
    """
    answer = answers[_question(key)]
    if isinstance(answer, Failure):
        raise answer.problem
    if answer.dname is not None:
        raise _blocked(key, f"it is below the redirection (DNAME) of {_text(answer.dname)}", "ask the zone's owner")
    if _synthesised(key.name, key.rdtype, answers):
        # An alias of ours may shadow one: nobody needs the wildcard's answer at autodiscover or at a selector.
        if key.rdtype == RdataType.CNAME:
            _refuse_uncovering(key, answers)
            return None
        raise _blocked(
            key, "a wildcard answers for it", "publish the same records at the name itself first, then plan again"
        )
    if answer.alias is not None:
        target = _text(answer.alias)
        raise _blocked(
            key,
            f"{key.owner} is an alias (CNAME) of {target}, beside which no other record can stand",
            "replace the alias by the A and AAAA records of its target",
        )
    if answer.rdataset is None:
        _refuse_uncovering(key, answers)
    return answer.rdataset


def _refuse_uncovering(key: RecordKey, answers: _Answers) -> None:
    """A name published below a mail domain makes the domain exist, and a wildcard MX above stops applying to it."""
    for domain in _above(key.name):
        if _synthesised(domain, RdataType.MX, answers):
            raise _blocked(
                key,
                f"it would hide from {_text(domain)} the wildcard that gives it its MX, and its mail would stop",
                f"publish the MX of {_text(domain)} explicitly first, then plan again",
            )


def _doubts(key: RecordKey) -> Iterator[Question]:
    """Asked along, wanted or not: a question costs less than a second round trip."""
    yield from _probe(key.name, key.rdtype)
    for domain in _above(key.name):
        yield from _probe(domain, RdataType.MX)


def _above(name: dns.name.Name) -> Iterator[dns.name.Name]:
    """The names above that may receive mail: not a service's (``_domainkey``), not a top-level domain."""
    parent = name.parent()
    while len(parent.labels) > 2:
        if not parent.labels[0].startswith(b"_"):
            yield parent
        parent = parent.parent()


def _synthesised(name: dns.name.Name, rdtype: RdataType, answers: _Answers) -> bool:
    return any(
        isinstance(answer, Answer) and answer.positive
        for answer in (answers.get(probe) for probe in _probe(name, rdtype))
    )


def _probe(name: dns.name.Name, rdtype: RdataType) -> Iterator[Question]:
    try:
        yield Question(_PROBE.concatenate(name), rdtype)
    except dns.name.NameTooLong:
        return


def _question(key: RecordKey) -> Question:
    return Question(key.name, key.rdtype)


def _blocked(key: RecordKey, why: str, hint: str) -> Problem:
    return Problem("DNS10", f"{key} cannot be published: {why}.", hint)


def _text(name: dns.name.Name) -> str:
    return name.canonicalize().to_text(omit_final_dot=True)
