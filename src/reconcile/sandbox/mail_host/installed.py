"""Which Postfix there is, and what is missing to run it beside the old Dovecot."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Self

from reconcile.language.lists import both
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.imap.installed import Installed

#: Debian's packages beside Dovecot's own, by the file below ``lib/dovecot`` that shows each is there.
_DOVECOT_PARTS = {"dovecot-lmtpd": "lmtp", "dovecot-pop3d": "pop3"}
_DAEMONS = ("/usr/lib/postfix/sbin", "/usr/libexec/postfix", "/usr/lib/postfix")


@dataclasses.dataclass(frozen=True, slots=True)
class InstalledPostfix:
    """Where a Postfix that can be run keeps its daemons and its commands."""

    daemons: Path
    commands: Path

    @classmethod
    def found(cls, dovecot: Path | None = None) -> Self:
        """This machine's, which delivers into the Dovecot at ``dovecot``, else this machine's too.

        Raises Problem SBX16: there is none, Dovecot lacks LMTP or POP3, or we are not root, as whom alone its master
        runs.
        """
        why = missing_for_smtp(dovecot)
        if why is not None:
            raise why
        postconf = shutil.which("postconf", path=_COMMANDS) or ""
        return cls(_daemons(), Path(postconf).parent)


def missing_for_smtp(dovecot: Path | None = None) -> Problem | None:
    """Why the old host can have no SMTP here; None when it can. Raises Problem SBX10, as without it."""
    installed = Installed.found(dovecot)
    packages = [] if shutil.which("postconf", path=_COMMANDS) and _daemons().is_dir() else ["postfix"]
    libraries = installed.program.parent.parent / "lib" / "dovecot"
    if libraries.is_dir():  # other systems keep them elsewhere, and Dovecot's own words must do
        packages += [package for package, file in _DOVECOT_PARTS.items() if not (libraries / file).exists()]
    if packages:
        install = Phrase("as root: apt-get install --no-install-recommends {packages}", packages=" ".join(packages))
        return Problem(
            "SBX16",
            Phrase("The old host's SMTP needs {packages}, which this machine lacks.", packages=both(packages)),
            install,
        )
    if os.geteuid() != 0:
        return Problem("SBX16", "Postfix starts as root alone, so the old host has no SMTP here.", "run it as root")
    return None


_COMMANDS = "/usr/sbin:/usr/local/sbin:/sbin"


def _daemons() -> Path:
    return next((Path(one) for one in _DAEMONS if (Path(one) / "master").exists()), Path(_DAEMONS[0]))
