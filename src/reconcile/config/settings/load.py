"""From reconcile.toml, and the files that override it, to settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reconcile.config.settings.errors import told
from reconcile.config.settings.settings import Settings
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


def load_settings(paths: Sequence[Path], texts: Mapping[Path, str] | None = None) -> Settings:
    """Read settings files; each later one overrides the earlier, table by table. ``texts``: of those that are read from
    elsewhere.

    Paths named in a file are relative to it. Raises ``Problem`` CFG01 (unreadable) or CFG02 (invalid).
    """
    merged: dict[str, Any] = {}
    for path in paths:
        try:
            known = (texts or {}).get(path)
            tree = tomllib.loads(path.read_text(encoding="utf-8") if known is None else known)
        except OSError as error:
            hint = Phrase("run from the project's folder, or give --chdir")
            raise Problem(
                "CFG01", Phrase("Cannot read {path}: {strerror}.", path=path, strerror=error.strerror), hint, 3
            ) from None
        except UnicodeDecodeError:
            raise Problem("CFG02", Phrase("{path} is not in UTF-8.", path=path), "save it again as UTF-8", 3) from None
        except tomllib.TOMLDecodeError as error:
            raise Problem(
                "CFG02", Phrase("{path} is not valid TOML: {error}.", path=path, error=error), exit_code=3
            ) from None
        merged = _overlay(merged, _anchored(tree, path.parent))
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        said, advice = told(error, Settings, merged)
        raise Problem("CFG02", Phrase("{path}: {said}", path=paths[0], said=said), advice, exit_code=3) from None


#: Old mailboxes are opened in one way: a later file that names one replaces the other.
_INSTEAD = {"master_user": "mailbox_passwords_file", "mailbox_passwords_file": "master_user"}


def _overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        # Sources complete each other, a lock or a handover has one way: the sandbox's alone are those of its old host.
        alone = key in ("inventory", "lock", "handover")
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict) and not alone
        merged[key] = _overlay(merged[key], value) if nested else value
        if (other := _INSTEAD.get(key)) and other not in over:
            merged.pop(other, None)
    return merged


def _anchored(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Names of files and folders relative to the settings file that holds them."""
    anchored: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            anchored[key] = _anchored(value, folder)
        elif (key == "file" or key.endswith(("_file", "_folder"))) and isinstance(value, str):
            anchored[key] = folder / value
        else:
            anchored[key] = value
    return anchored
