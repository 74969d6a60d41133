"""What a host's own name server shows otherwise than the host lists it: switched off, proxied, not published."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import dns.name

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.hosted.zone import HostedZone
from reconcile.providers.dns.primary.answers import Answer, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.keys import RecordKey


def served_otherwise(
    server: Primary, keys: Collection[RecordKey], read: Mapping[dns.name.Name, HostedZone | Problem]
) -> Iterator[tuple[RecordKey, str]]:
    """Each record that differs, and a sentence that says how. ``read``: the zones as listed, by the records' names."""
    whole = [key for key in keys if not key.part]
    answers = server.ask(Question(key.name, key.rdtype) for key in whole)
    for key in whole:
        zone, answer = read[key.name], answers[Question(key.name, key.rdtype)]
        if isinstance(zone, Problem) or not isinstance(answer, Answer) or answer.alias is not None:
            continue
        listed, served = texts_of(zone.records.get(Question(key.name, key.rdtype))), texts_of(answer.rdataset)
        if listed != served and listed:
            yield (
                key,
                Phrase(
                    "{server} shows {served} for {key}, where the DNS host lists {listed}.",
                    server=server,
                    served=", ".join(served) or Phrase("nothing"),
                    key=key,
                    listed=", ".join(listed),
                ),
            )
