"""How many writes at once: what a provider allows, less while its outside system asks to slow down."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconcile.providers.base import Provider
from reconcile.resources.kinds import KINDS

#: Seconds without being asked to slow down after which a halved pace has doubled again.
RECOVERY = 20.0


class Pace:
    """The limit of each kind at this moment. Called by the walk's own thread alone.

    Halves a provider's limits each time its system throttles, never below one, and lets them come back with time.
    ``monotonic`` tells seconds.
    """

    def __init__(self, providers: Mapping[str, Provider], monotonic: Callable[[], float]) -> None:
        self._providers = providers
        self._monotonic = monotonic
        self._heard = {name: provider.throttled() for name, provider in providers.items()}
        self._share = dict.fromkeys(providers, 1.0)
        self._since = dict.fromkeys(providers, monotonic())

    def __call__(self, kind: str) -> int:
        provider = self._providers[KINDS[kind].provider]
        most = provider.parallel.get(kind, provider.default_parallel)
        return max(1, round(most * self._share_of(provider)))

    def _share_of(self, provider: Provider) -> float:
        name, now = provider.name, self._monotonic()
        share = min(1.0, self._share[name] * 2 ** ((now - self._since[name]) / RECOVERY))
        heard = provider.throttled()
        if heard > self._heard[name]:
            self._heard[name] = heard
            share = max(share / 2, 1 / 64)
        self._share[name], self._since[name] = share, now
        return share
