"""Which zone holds a name, as the primary itself says it: never guessed from the name."""

from __future__ import annotations

import threading

import dns.name
from dns.rdatatype import RdataType

from reconcile.problem import Problem
from reconcile.providers.dns.primary import Failure, Primary, Question


class Zones:
    """Zones found by SOA, each name asked once; delegated subdomains have their own. One lock per zone."""

    def __init__(self, primary: Primary) -> None:
        self._primary = primary
        self._apexes: dict[dns.name.Name, dns.name.Name] = {}
        self._locks: dict[dns.name.Name, threading.Lock] = {}
        self._guard = threading.Lock()

    def of(self, name: dns.name.Name) -> dns.name.Name:
        """The apex of the zone ``name`` lives in. Raises the Problem of a failed read, DNS06 when there is no zone."""
        with self._guard:
            known = self._apexes.get(name)
        if known is None:
            known = self._find(name)
            with self._guard:
                self._apexes[name] = known
        return known

    def lock(self, apex: dns.name.Name) -> threading.Lock:
        """Held while a zone is read, changed and read back, so that our own writes never conflict."""
        with self._guard:
            return self._locks.setdefault(apex, threading.Lock())

    def _find(self, name: dns.name.Name) -> dns.name.Name:
        asked = name
        while asked != dns.name.root:
            answer = self._primary.ask([Question(asked, RdataType.SOA)])[Question(asked, RdataType.SOA)]
            if isinstance(answer, Failure):
                raise answer.problem
            if answer.zone is not None:
                return answer.zone
            asked = asked.parent()  # an alias hides the zone it stands in
        raise Problem("DNS06", f"{self._primary} says nothing of the zone of {name.to_text(omit_final_dot=True)}.")
