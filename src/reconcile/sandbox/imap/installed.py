"""Which Dovecot there is: its program, its release, and whether the parts the mail hosts need came with it."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path
from typing import Self

from reconcile.language.lists import both
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: What the mail hosts were tried on.
RELEASES = ((2, 3), (2, 4))

#: Debian's and Ubuntu's packages, by the file that shows each is there, below ``lib/dovecot``.
_PARTS = {"dovecot-imapd": "imap", "dovecot-sqlite": "modules/libdriver_sqlite.so"}

#: What Debian's dovecot-sieve adds for doveadm. The hosts run without it, and nobody has filters then.
_SIEVE = "modules/doveadm/*doveadm_sieve_plugin.so"


@dataclasses.dataclass(frozen=True, slots=True)
class Installed:
    """A Dovecot that can be run: ``program`` is its master, ``release`` its first two numbers; ``sieve``: whether its
    doveadm knows of filters."""

    program: Path
    release: tuple[int, int]
    sieve: bool = False

    @classmethod
    def found(cls, program: Path | None = None) -> Self:
        """The one at ``program``, else this machine's.

        Raises Problem SBX10: none is there, a part of it is missing, or it is of a release nobody tried.
        """
        place = program or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:/sbin")
        if place is None:
            raise Problem("SBX10", "Dovecot is not installed; the sandbox's mail hosts need it.", _install(*_PARTS))
        version = _version(Path(place))
        numbers = re.match(r"(\d+)\.(\d+)\.", version)
        release = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
        if release not in RELEASES:
            message = Phrase(
                "The sandbox's mail hosts need Dovecot 2.3 or 2.4; {place} is {version}.",
                place=place,
                version=version or Phrase("unreadable"),
            )
            raise Problem("SBX10", message, "Debian 12 and Ubuntu 24.04 come with 2.3, Debian 13 comes with 2.4")
        libraries = Path(place).parent.parent / "lib" / "dovecot"
        missing = [package for package, file in _PARTS.items() if not (libraries / file).exists()]
        if libraries.is_dir() and missing:  # other systems keep them elsewhere, and Dovecot's own words must do
            message = Phrase(
                "Dovecot is installed without {missing}, which the sandbox's mail hosts need.",
                missing=both(missing),
            )
            raise Problem("SBX10", message, _install(*missing))
        return cls(Path(place), release, any(libraries.glob(_SIEVE)))


def _install(*packages: str) -> str:
    return f"as root: apt-get install --no-install-recommends {' '.join(packages)}"


def _version(program: Path) -> str:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip()
