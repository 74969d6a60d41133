"""Keys of age (age-encryption.org/v1): X25519 and SSH ones, from the text people keep them as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


def recipient(text: str, code: str, where: str) -> Any:
    """The public key. Raises ``Problem`` with that code, naming ``where`` it was read, for what is none."""
    import pyrage
    import pyrage.ssh
    import pyrage.x25519

    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise Problem(
            code,
            Phrase("{text} in {where} is not an age or SSH public key.", text=text, where=where),
            "make one with: age-keygen",
        ) from None


def identities(text: str, code: str, where: str) -> list[Any]:
    """The private keys in a text: one SSH key, or a line for each of age's as age-keygen writes them.

    Raises ``Problem`` with that code, without a word of the text, for what is none.
    """
    import pyrage
    import pyrage.ssh
    import pyrage.x25519

    try:
        if text.lstrip().startswith("-----"):
            return [pyrage.ssh.Identity.from_buffer(text.strip().encode() + b"\n")]
        return [pyrage.x25519.Identity.from_str(line) for line in _keys(text.splitlines())]
    except pyrage.IdentityError:
        raise Problem(
            code, Phrase("{where} is not an age identity.", where=where), "it begins with AGE-SECRET-KEY-1"
        ) from None


def _keys(lines: Iterable[str]) -> Iterable[str]:
    return (line for line in map(str.strip, lines) if line and not line.startswith("#"))
