"""The world as the providers show it: each is asked once, at the same time as the others.

Handed readers only: nothing here can write.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Mapping

from reconcile.language.phrase import Phrase
from reconcile.planning.diff.renames import declared_renames, handed_over
from reconcile.planning.inputs import Inputs
from reconcile.providers.base import Observation, Observed, Reader, Scope, Unknown, Wanted
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Live, Reference, Value


def observe(inputs: Inputs, readers: Mapping[str, Reader]) -> Observation:
    """Ask every provider at once about everything desired or recorded; one answer each."""
    records = inputs.records
    moves = declared_renames(inputs.desired, records)
    known_as = {**handed_over(inputs.desired, records), **moves}
    wanted: dict[str, list[Wanted]] = {name: [] for name in readers}
    for resource in inputs.desired:
        record = records.get(known_as.get(resource.address, resource.address))
        question = Wanted(
            resource.address,
            resource,
            record.identity if record else "",
            record.fields if record else {},
        )
        wanted[KINDS[resource.address.kind].provider].append(question)
    described = {resource.address for resource in inputs.desired} | set(moves.values())
    for address, record in records.items():
        if address not in described:
            question = Wanted(address, None, record.identity, record.fields)
            wanted[KINDS[address.kind].provider].append(question)

    names = [name for name in readers if wanted[name]]
    reading: dict[str, concurrent.futures.Future[Observation]] = {
        name: concurrent.futures.Future[Observation]() for name in names
    }

    def resolve(reference: Reference) -> Value:
        there = reading.get(KINDS[reference.address.kind].provider)
        shown = there.result().observed.get(reference.address) if there else None
        return shown.outputs.get(reference.output) if isinstance(shown, Live) else None

    def ask(name: str) -> Observation:
        try:
            answer = readers[name].observe(
                Scope(wanted[name], inputs.domains, resolve, len(inputs.owners), inputs.whole)
            )
        except BaseException as error:
            reading[name].set_exception(error)  # whoever waits for it must not wait for ever
            raise
        reading[name].set_result(answer)
        return answer

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(readers)) as pool:
        answers = list(pool.map(ask, names))
    observed: dict[Address, Observed] = {}
    for answer in answers:
        observed.update(answer.observed)
    for questions in wanted.values():
        for question in questions:
            # A reader that forgot one has not seen it: that is unknown, never absent.
            observed.setdefault(question.address, Unknown(Phrase("the provider gave no answer about it")))
    unmanaged = tuple(address for answer in answers for address in answer.unmanaged)
    seats = next((answer.seats for answer in answers if answer.seats), None)
    findings = tuple(finding for answer in answers for finding in answer.findings)
    return Observation(observed, unmanaged, seats, findings)
