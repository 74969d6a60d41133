"""Numbers and sizes as a sentence says them, for each language has its own signs within them."""

from __future__ import annotations

from decimal import Decimal

from reconcile.language.phrase import Phrase


def decimal(number: float | Decimal, places: int) -> Phrase:
    """``27.52``, to that many places, one or more."""
    whole, _, part = f"{number:.{places}f}".partition(".")
    return Phrase("{whole}.{part}", whole=whole, part=part)


def shortest(number: float) -> str:
    """``2.5``, ``300``: with no more places than it needs."""
    whole, _, part = f"{number:g}".partition(".")
    return Phrase("{whole}.{part}", whole=whole, part=part) if part else whole


def grouped(number: int) -> str:
    """``1,234,567``; what is below a thousand has no sign."""
    if number < 1000:
        return str(number)
    return Phrase("{thousands},{rest}", thousands=grouped(number // 1000), rest=f"{number % 1000:03}")


def euros(amount: Decimal) -> Phrase:
    """``27.52 €``"""
    return Phrase("{amount} €", amount=decimal(amount, 2))


def size(volume: float) -> Phrase:
    """``812 B``, ``9.6 MB``: powers of a thousand, as quotas and disks are sold."""
    if volume < 1000:
        return Phrase("{volume} B", volume=f"{volume:.0f}")
    if volume < 999.95e3:
        return Phrase("{volume} kB", volume=decimal(volume / 1e3, 1))
    if volume < 999.95e6:
        return Phrase("{volume} MB", volume=decimal(volume / 1e6, 1))
    return Phrase("{volume} GB", volume=decimal(volume / 1e9, 1))
