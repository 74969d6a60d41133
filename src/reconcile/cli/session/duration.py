"""Durations as people write them: 45s, 90m, 2h."""

from __future__ import annotations

import re

import click

from reconcile.language.phrase import Phrase

_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[float]):
    """``90m`` → 5400.0 seconds."""

    name = "duration"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        written = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", value.strip())
        if written is None or not float(written[1]):
            self.fail(Phrase("{value!r} is not a duration such as 45s, 90m or 2h.", value=value), param, ctx)
        return float(written[1]) * _SECONDS[written[2]]
