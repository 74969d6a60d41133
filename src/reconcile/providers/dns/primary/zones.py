"""Which zone holds a name, as the primary itself says it: never guessed from the name."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

import dns.name
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary.answers import Failure, Question
from reconcile.providers.dns.primary.client import Primary

Name = dns.name.Name


class Zones:
    """Zones found by SOA, each name asked once; delegated subdomains have their own. One lock per zone."""

    def __init__(self) -> None:
        self._apexes: dict[Name, Name] = {}
        self._locks: dict[Name, threading.Lock] = {}
        self._guard = threading.Lock()

    def of(self, primary: Primary, names: Iterable[Name]) -> Mapping[Name, Name | Problem]:
        """The apex of the zone each name lives in, or the Problem of a failed read (DNS06: there is no such zone)."""
        names = set(names)
        with self._guard:
            found: dict[Name, Name | Problem] = {name: self._apexes[name] for name in names if name in self._apexes}
        asking = {name: name for name in names if name not in found}
        while asking:
            answers = primary.ask([Question(asked, RdataType.SOA) for asked in asking.values()])
            for name, asked in list(asking.items()):
                answer = answers[Question(asked, RdataType.SOA)]
                if isinstance(answer, Failure):
                    found[name] = answer.problem
                elif answer.zone is not None:
                    found[name] = answer.zone
                elif asked == dns.name.root:
                    found[name] = Problem(
                        "DNS06", Phrase("{primary} does not say what zone holds {name}.", primary=primary, name=name)
                    )
                else:
                    asking[name] = asked.parent()  # an alias hides the zone it stands in
                    continue
                del asking[name]
        with self._guard:
            self._apexes.update({name: apex for name, apex in found.items() if not isinstance(apex, Problem)})
        return found

    def lock(self, apex: Name) -> threading.Lock:
        """Held while a zone is read, changed and read back, so that our own writes never conflict."""
        with self._guard:
            return self._locks.setdefault(apex, threading.Lock())
