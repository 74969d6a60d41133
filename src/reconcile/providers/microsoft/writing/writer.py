"""One writer for every kind of the tenant; refusals become problems that name the address."""

from __future__ import annotations

from typing import TypeVar

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import AtOnce, Order, StepWriter, Writer
from reconcile.providers.microsoft.wire.refusals import LostAnswer, Refused, explained
from reconcile.providers.microsoft.writing.access.access import AccessWriter
from reconcile.providers.microsoft.writing.access.copy_access import CopyAccessWriter
from reconcile.providers.microsoft.writing.domain.connector import ConnectorWriter
from reconcile.providers.microsoft.writing.domain.dkim import DkimSigningWriter, DkimWriter
from reconcile.providers.microsoft.writing.domain.domain import DomainWriter, VerificationWriter
from reconcile.providers.microsoft.writing.domain.mail_flow import MailFlowWriter
from reconcile.providers.microsoft.writing.mailbox.accounts import NewPassword
from reconcile.providers.microsoft.writing.mailbox.mailbox import MailboxWriter
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.providers.microsoft.writing.signature import SignatureWriter
from reconcile.resources.resource import Live
from reconcile.steps import Steps

T = TypeVar("T")


class MicrosoftWriter:
    """Carries orders out in the tenant, in steps. Thread-safe. Raises ``Problem`` with a code M365-… or AUTH…, nothing
    else."""

    def __init__(self, surfaces: Surfaces, password: NewPassword) -> None:
        hasty: dict[str, Writer] = {
            "domain": DomainWriter(surfaces),
            "domain_verification": VerificationWriter(surfaces),
            "mail_flow": MailFlowWriter(surfaces),
            "connector": ConnectorWriter(surfaces),
            "dkim": DkimWriter(surfaces),
            "dkim_signing": DkimSigningWriter(surfaces),
            "signature": SignatureWriter(surfaces),
        }
        self._by_kind: dict[str, StepWriter] = {kind: AtOnce(writer) for kind, writer in hasty.items()}
        self._by_kind |= {
            "mailbox": MailboxWriter(surfaces, password),
            "access": AccessWriter(surfaces),
            "copy_access": CopyAccessWriter(surfaces),
        }

    def create(self, order: Order) -> Steps[Live]:
        return _explaining_refusals(order, self._by_kind[order.address.kind].create(order))

    def update(self, order: Order) -> Steps[Live]:
        return _explaining_refusals(order, self._by_kind[order.address.kind].update(order))

    def delete(self, order: Order) -> Steps[None]:
        return _explaining_refusals(order, self._by_kind[order.address.kind].delete(order))


def _explaining_refusals(order: Order, write: Steps[T]) -> Steps[T]:
    try:
        return (yield from write)
    except Refused as refused:
        raise explained(refused, order.address) from None
    except LostAnswer as lost:
        raise Problem(
            "M365-07",
            Phrase("{key}: {lost}; whether it was done is not known.", key=order.address.key, lost=lost),
            "run plan to see; apply completes what was begun",
        ) from None
