"""Curves as a small SVG: thousands of mailboxes across, processor seconds up, both in powers of ten."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 360, 56, 40, 16


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """``points``: (thousands of mailboxes, seconds)."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]


def picture(curves: Sequence[Curve]) -> str:
    """The curves that have a point."""
    drawn = [curve for curve in curves if curve.points]
    most = max(seconds for curve in drawn for _, seconds in curve.points)
    least = min(seconds for curve in drawn for _, seconds in curve.points)
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))

    def across(thousands: float) -> float:
        return LEFT + (math.log10(thousands) - 0.9) / 1.2 * (WIDTH - LEFT - 16)

    def up(seconds: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(seconds) - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    def lines() -> Iterator[str]:
        letters = 'font-family="sans-serif" font-size="12"'
        yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {letters}>'
        yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        for power in range(low, high + 1):
            y = up(10.0**power)
            yield f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>'
        for thousands in (10, 30, 100):
            yield f'<text x="{across(thousands):.1f}" y="{HEIGHT - 20}" text-anchor="middle">{thousands},000</text>'
        yield f'<text x="{WIDTH - 16}" y="{HEIGHT - 4}" text-anchor="end">mailboxes; processor seconds up</text>'
        for curve in drawn:
            places = [(across(one), up(seconds)) for one, seconds in curve.points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            yield f'<polyline points="{path}" fill="none" stroke="{curve.colour}" stroke-width="2"/>'
            for x, y in places:
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{curve.colour}"/>'
            x, y = places[0]
            yield f'<text x="{x + 8:.1f}" y="{y - 8:.1f}" fill="{curve.colour}">{escape(curve.name)}</text>'
        yield "</svg>"

    return "\n".join(lines()) + "\n"
