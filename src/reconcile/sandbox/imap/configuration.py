"""Dovecot's configuration, described once in the words of Dovecot 2.4 and written for the release that is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from reconcile.sandbox.imap.configuration_2_3 import as_2_3
from reconcile.sandbox.imap.installed import Installed

#: Names in Dovecot 2.4's words; a section's name is its keyword and its own name: ``service imap-login``.
Settings: TypeAlias = Mapping[str, "str | int | bool | Settings"]

#: 2.4 asks for both first. Later 2.4 releases keep to the defaults and file formats of the one named.
_FIRST = {"dovecot_config_version": "2.4.0", "dovecot_storage_version": "2.4.0"}


def write_configuration(settings: Settings, installed: Installed, folder: Path) -> Path:
    """Write ``dovecot.conf``, and what else that release wants beside it, in ``folder``; the path of the former."""
    if installed.release == (2, 3):
        settings, beside = as_2_3(settings, folder)
    else:
        settings, beside = {**_FIRST, **settings}, {}
    for name, its_settings in beside.items():
        (folder / name).write_text(_text(its_settings), encoding="utf-8")
    configuration = folder / "dovecot.conf"
    configuration.write_text(_text(settings), encoding="utf-8")
    return configuration


def _text(settings: Settings, indent: str = "") -> str:
    lines = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            lines.append(f"{indent}{name} {{\n{_text(value, indent + '  ')}{indent}}}\n")
        else:
            written = ("no", "yes")[value] if isinstance(value, bool) else str(value)
            lines.append(f"{indent}{name} = {written}\n")
    return "".join(lines)
