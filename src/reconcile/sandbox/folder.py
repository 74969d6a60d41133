"""What a sandbox leaves in its folder: the settings to reach it, its secrets, and the note of what runs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Values = Mapping[str, str | int | list[str]]


class SandboxFolder:
    """``.sandbox`` of a project. Everything in it was written here and can be written again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = path / "settings.toml"
        self.log = path / "server.log"
        self.order = path / "order.json"
        self._note = path / "world.json"
        self._secrets = path / "secrets"
        self._deliveries = path / "deliveries"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Only one command at a time starts or stops a sandbox here; a second one waits its turn."""
        project = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(project, fcntl.LOCK_EX)
            yield
        finally:
            os.close(project)

    def note(self) -> dict[str, Any]:
        """What runs, or ran when it was killed; empty when nothing does."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def take_note(self, note: Mapping[str, Any]) -> None:
        """Replace the note at once: a reader sees the old one or the new one."""
        self.path.mkdir(parents=True, exist_ok=True)
        draft = self._note.with_suffix(".part")
        draft.write_text(json.dumps(note, indent=2, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._note)

    def keep_secret(self, name: str, secret: str) -> str:
        """Write a secret only its owner can read; the name to put in the settings, relative to them."""
        self._secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._secrets / name
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(secret + "\n", encoding="utf-8")
        return str(file.relative_to(self.path))

    def write_settings(self, tables: Mapping[str, Values]) -> None:
        """The overlay of reconcile.toml, one table after another."""
        lines = ["# Written by the sandbox; it goes when the sandbox stops.\n"]
        for name, values in tables.items():
            lines.append(f"\n[{name}]\n")
            lines.extend(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
        self.settings.write_text("".join(lines), encoding="utf-8")

    def forget(self) -> None:
        """Remove what would lead to a world that is gone. The log stays, to be read."""
        for file in (self.settings, self._note, self._note.with_suffix(".part")):
            file.unlink(missing_ok=True)
        shutil.rmtree(self._secrets, ignore_errors=True)
        shutil.rmtree(self._deliveries, ignore_errors=True)
        self._drop_if_empty()

    def remove(self) -> None:
        """Remove everything a sandbox ever wrote here."""
        for file in (self.log, self.order):
            file.unlink(missing_ok=True)
        self.forget()

    def _drop_if_empty(self) -> None:
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()
