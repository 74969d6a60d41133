"""Federation files compiled as a plan would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from reconcile.config.load import load_federations
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.settings import Settings
from reconcile.resources.desired.federations import compile_federations
from reconcile.resources.resource import Desired

ROOT = Path(__file__).resolve().parents[2]


def compiled(folder: Path, now: dt.datetime, settings: Settings | None = None) -> Sequence[Desired]:
    """What the files of a folder ask of the world at that moment; by the example settings without others."""
    loaded = load_federations(folder)
    assert not loaded.errors, loaded.errors
    return compile_federations(loaded.federations, settings or load_settings([ROOT / "reconcile.toml"]), now)
