"""What the network as a whole asks of the world, under the name of a federation of its own. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from reconcile.config.settings.settings import Settings
from reconcile.resources.resource import Desired
from reconcile.resources.signature.proof import Proof
from reconcile.resources.signature.rule import signature_rule


def compile_network(settings: Settings, domains: Collection[str], proof: Proof | None) -> tuple[Desired, ...]:
    """The resources reconcile.toml describes: the signature, once a probe has shown which tokens work.

    ``domains``: those of every federation. Raises Problem SIG03 when the rule is too large.
    """
    if settings.signature is None or proof is None or not domains:
        return ()
    return (signature_rule(settings.signature, proof, domains),)


def network_digest(settings: Settings, domains: Collection[str], proof: Proof | None) -> str:
    """What those resources are made from, as one word: a plan holds it, and is stale when it changes."""
    said = (
        settings.signature.model_dump_json() if settings.signature else "",
        ",".join(sorted(domains)),
        str(sorted(proof.tokens.items())) if proof else "",
    )
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
