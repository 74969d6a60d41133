"""The network beside its federations: what reconcile.toml asks of the tenant as a whole, under a state of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.resources.address import NETWORK

if TYPE_CHECKING:
    from reconcile.config.load import Loaded
    from reconcile.planning.plan.plan import Basis
    from reconcile.resources.resource import Desired
    from reconcile.state.snapshot.snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class Network:
    """``digest``: of what its resources are made from."""

    desired: tuple[Desired, ...]
    digest: str

    def basis(self, snapshot: Snapshot) -> dict[str, Basis]:
        from reconcile.planning.plan.plan import Basis

        return {NETWORK: Basis(Phrase("the network"), self.digest, snapshot.lineage, snapshot.serial)}


def network_of(session: Session, loaded: Loaded, recorded: Collection[str]) -> Network | None:
    """What the network asks for; None when there is nothing to plan of it.

    A file that is not valid, or a probe that is missing, would take domains or facts out of what is there: it is then
    left as it is, and said. Raises Problem SIG01 to SIG03.
    """
    from reconcile.resources.desired.federations import declared_domains
    from reconcile.resources.network import compile_network, network_digest

    settings = session.settings
    if settings.signature is None and NETWORK not in recorded:
        return None
    proof = session.proof_folder.newest()
    if settings.signature is not None and proof is None:
        hint = Phrase("reconcile signature probe ADDRESS")
        session.warn(
            Phrase(
                "SIG04 No probe has shown which tokens the tenant fills in: nothing is signed.\n  → {hint}", hint=hint
            )
        )
        return None
    if loaded.errors:
        session.warn("SIG11 The signature is left as it is: a file that is not valid may declare a domain of it.")
        return None
    domains = declared_domains(loaded.federations)
    return Network(compile_network(settings, domains, proof), network_digest(settings, domains, proof))
