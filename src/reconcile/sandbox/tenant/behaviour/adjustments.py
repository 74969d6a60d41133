"""The tenant's behaviour, changed while it runs: another profile, one delay, one switch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.behaviour.delays import Delays
from reconcile.sandbox.tenant.behaviour.profiles import PROFILES, Profile

#: What *never* means: longer than any test lives, and still a valid moment.
NEVER = 10 * 365 * 86400.0


def changed(profile: Profile, settings: Mapping[str, Any]) -> Profile:
    """``profile`` with what the settings say: ``profile`` names another to begin with, ``lags`` maps delays to
    seconds (or ``never``), ``switches`` maps the profile's other fields to values, as text or as they are.

    Raises ValueError for a name nobody knows or a value that does not fit.
    """
    if name := settings.get("profile"):
        if name not in PROFILES:
            raise ValueError(f"no profile is called {name}; there are {', '.join(PROFILES)}")
        profile = PROFILES[name]
    lags = {name: _seconds(name, value) for name, value in (settings.get("lags") or {}).items()}
    switches = {name: _fitting(name, value) for name, value in (settings.get("switches") or {}).items()}
    return dataclasses.replace(profile, delays=dataclasses.replace(profile.delays, **lags), **switches)


def described(profile: Profile) -> dict[str, Any]:
    """The behaviour as plain values."""
    return {
        "profile": profile.name,
        "lags": dataclasses.asdict(profile.delays),
        "switches": {name: getattr(profile, name) for name in _SWITCHES},
    }


_LAGS = tuple(field.name for field in dataclasses.fields(Delays))
_SWITCHES: Mapping[str, type] = {
    name: type(getattr(PROFILES["calm"], name)) for name in Profile.__slots__ if name not in ("name", "delays")
}


def _seconds(name: str, value: Any) -> float:
    if name not in _LAGS:
        raise ValueError(f"no delay is called {name}; there are {', '.join(_LAGS)}")
    seconds = NEVER if value == "never" else float(value)
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{value} is not a delay")
    return min(seconds, NEVER)


def _fitting(name: str, value: Any) -> Any:
    kind = _SWITCHES.get(name)
    if kind is None:
        raise ValueError(f"no switch is called {name}; there are {', '.join(_SWITCHES)}")
    if kind is bool:
        words = {"on": True, "true": True, "off": False, "false": False}
        if str(value).lower() not in words:
            raise ValueError(f"{name} is on or off")
        return words[str(value).lower()]
    if name == "exchange_pages" and value not in PAGING:
        raise ValueError(f"{name} is one of {', '.join(PAGING)}")
    if name == "application_shown_as" and value not in SHOWN_AS:
        raise ValueError(f"{name} is one of {', '.join(SHOWN_AS)}")
    return kind(value)


SHOWN_AS = ("id", "sid", "name")


#: How Exchange's lists of more than a page go on: by links that work, by links that have always expired, or not at all,
#: with a warning.
PAGING = ("linked", "expired", "cut")
