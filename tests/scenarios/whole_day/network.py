"""Federations that migrate on one day, the world they live in, and everybody who writes to them meanwhile."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import dataclasses
import datetime as dt
import json
import re
import smtplib
import ssl
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.message
import dns.query
import requests
from tests.scenarios.handover import name_the_way
from tests.scenarios.stage import Stage, copy_settings
from tests.scenarios.test_calendar import PARIS
from tests.scenarios.whole_day.generator import Message, Period, messages

from reconcile.sandbox.clock import SandboxClock

#: What becomes of some of them; all others just move.
UNLISTED, ROLLED_BACK, POSTPONED, LATE, ZONE, FILE = "spf02", "spf03", "spf04", "spf05", "spf06", "spf07"
STAYS = frozenset({ROLLED_BACK, POSTPONED})
#: So long before the date both sides agree on it.
AGREED = dt.timedelta(days=5)
#: On the same old host, moved on a later date: its canary writes to the others, and proves the handover.
NEIGHBOUR = "spf99"

STRANGER = "quelqu.un@orange.example"
COLLEAGUE = "helene.marchand@national.example"

LETTERS = """
[letters]
transport = "folder"
sender = "messagerie@secourspopulaire.example"
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    federations: int
    mailboxes: int
    #: Messages to each federation, in all.
    messages: int

    @property
    def codes(self) -> list[str]:
        return [f"{number:02}" for number in range(1, self.federations + 1)]


def boxes(code: str, size: Size) -> list[str]:
    """Its mailboxes: people, and for each ten of them three shared ones, one at least."""
    shared = max(1, size.mailboxes * 3 // 10)
    people = [f"p{place}@spf{code}.org" for place in range(size.mailboxes - shared)]
    return [*people, *(f"service{place}@spf{code}.org" for place in range(shared))]


def forgotten(slug: str) -> list[str]:
    """Addresses of the old host that its federation's file does not name."""
    return [f"oubli{number}@{slug}.org" for number in range(3)] if slug == UNLISTED else []


def text(code: str, size: Size, day: dt.date) -> str:
    domain = f"spf{code}.org"
    lines = [
        f'code: "{code}"', f"name: Fédération {code}", f"domain: {domain}", "atrium_id: 1",
        f"contact: {{name: Lou, email: lou{code}@example.net, poptransfert: p{code}}}",
        f"migration: {{date: {day}, rehearsed: {day - dt.timedelta(days=9)}, confirmed: {day - AGREED}}}",
        "overrides: {GAT02: essai, GAT03: essai, GAT08: essai}",
        "legacy: {server: mutualise}", "mailboxes:",
    ]  # fmt: skip
    for place, address in enumerate(boxes(code, size)):
        if address.startswith("service"):
            lines.append(f"  {address}: {{licence: shared, delegates: [p0@{domain}]}}")
        else:
            licence = "E3" if place % 5 == 0 else "E1"
            alias = f", aliases: [a{place}@{domain}]" if place % 4 == 0 else ""
            lines.append(f"  {address}: {{licence: {licence}{alias}, directory: {{last_name: P, first_name: Q}}}}")
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def network_in(folder: Path, size: Size, *options: str) -> Iterator[Network]:
    """``options``: of ``sandbox up``."""
    try:
        yield Network(folder, size, *options)
    finally:
        Stage(folder).run("sandbox", "down")


class Network:
    """The federations, the sandbox, its clock, and the generator's messages, each sent once its time came."""

    def __init__(self, folder: Path, size: Size, *options: str, seed: int = 1) -> None:
        (folder / "federations").mkdir()
        copy_settings(folder)
        self.stage, self.size = Stage(folder), size
        somewhen = dt.date(2025, 1, 20)
        for code in (*size.codes, NEIGHBOUR.removeprefix("spf")):
            self.stage.write(f"spf{code}", text(code, size if f"spf{code}" != NEIGHBOUR else Size(1, 2, 0), somewhen))
        named = (
            (folder / "federations" / f"{UNLISTED}.yaml").read_text(encoding="utf-8") if size.federations > 1 else ""
        )
        if named:
            self.stage.write(UNLISTED, named + self.entries(forgotten(UNLISTED)))
        self.stage.run("sandbox", "up", "--postfix", "--messages", "1", *options, expect=0, timeout=1800)
        self._look_around()
        self.day = (self.clock.now() + dt.timedelta(days=15)).astimezone(PARIS).date()
        self.later = self.day + dt.timedelta(days=28)
        for code in size.codes:
            self.stage.write(f"spf{code}", text(code, size, self.day))
        self.stage.write(NEIGHBOUR, text("99", Size(1, 2, 0), self.later))
        for day in (self.day, self.later):
            self.stage.add_batch(day)
        with (folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
            settings.write(LETTERS)
        name_the_way(self.stage, self._note["runtime"], f"canari@{NEIGHBOUR}.org")
        self.sent: list[Message] = []
        self.refused: list[str] = []
        self._waiting = collections.deque(self._generated(seed))

    @staticmethod
    def entries(addresses: Sequence[str]) -> str:
        return "".join(f"  {one}: {{licence: E1, directory: {{last_name: O, first_name: O}}}}\n" for one in addresses)

    def addresses(self, slug: str) -> list[str]:
        held = [*boxes(slug.removeprefix("spf"), self.size), *forgotten(slug)]
        return [*held, f"a0@{slug}.org"]

    @property
    def slugs(self) -> list[str]:
        return [f"spf{code}" for code in self.size.codes]

    def at(self, days: int, time: str) -> dt.datetime:
        """That time of day, so many days from J."""
        civil = dt.datetime.combine(self.day + dt.timedelta(days=days), dt.time.fromisoformat(time), PARIS)
        return civil.astimezone(dt.UTC)

    # ---- time, commands and mail

    def come(self, days: int, time: str) -> None:
        """Everything that is written until then is sent, and it is then."""
        self.clock.advance_to(self.at(days, time))
        self.post()

    def postpone(self, slug: str) -> None:
        """Its date is the later one, and both sides agreed on it."""
        for was, now in ((self.day, self.later), (self.day - AGREED, self.later - AGREED)):
            self.stage.edit(slug, f" {was}", f" {now}")

    def apply(self, times: int = 1) -> str:
        said = ""
        for _ in range(times):
            said = self.stage.run("apply", "--yes", timeout=1800).said
        return said

    def copy(self) -> str:
        return self.stage.run("copy", "work", "--jobs", "16", "--once", timeout=3600).said

    def carried_through_the_day(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``reconcile day`` from beginning to end, and mail all the while."""
        process = self.stage.start("day", self.day.isoformat(), *words)
        with concurrent.futures.ThreadPoolExecutor(1) as reader:
            said = reader.submit(process.communicate)
            while not said.done():
                self.post()
                concurrent.futures.wait([said], timeout=0.2)
            out, _ = said.result()
        return subprocess.CompletedProcess(process.args, process.returncode, out, "")

    def post(self) -> None:
        """Send what is due."""
        now, due = self.clock.now(), []
        while self._waiting and self._waiting[0].at <= now:
            due.append(self._waiting.popleft())
        with concurrent.futures.ThreadPoolExecutor(4) as writers:
            list(writers.map(self._send, due))
        self.sent += due

    def _send(self, message: Message) -> None:
        sender = {"tenant": COLLEAGUE, "neighbour": f"canari@{NEIGHBOUR}.org"}.get(message.way, STRANGER)
        lines = [f"From: {sender}", f"To: {message.to}", f"Subject: {message.mark}"]
        body = "".join(f"{line}\r\n" for line in [*lines, f"Message-ID: <{message.mark}@x.example>", ""])
        with smtplib.SMTP("127.0.0.1", self._door(message), timeout=120) as session:
            if message.way == "neighbour":
                session.starttls(context=self._tls)
                session.login(sender, self.stage.secret("canary-password").strip())
            try:
                session.sendmail(sender, [message.to], body)
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as no:
                self.refused.append(f"{message}: {no}")

    def _door(self, message: Message) -> int:
        match message.way:
            case "outside":
                return self._ports["exchange" if self.switched(message.to.partition("@")[2]) else "smtp"]
            case "stale":
                return self._ports["smtp"]
            case "tenant":
                return self._ports["submission"]
            case _:
                return self._old_submission

    def switched(self, domain: str) -> bool:
        query = dns.message.make_query(domain, "MX", flags=0)
        (answer,) = dns.query.tcp(query, "127.0.0.1", 30, port=self._ports["dns"]).answer
        return "mx.microsoft" in answer.to_text()

    def moved(self) -> set[str]:
        return {slug for slug in self.slugs if self.switched(f"{slug}.org")}

    # ---- what goes wrong

    def take_away(self, address: str) -> None:
        """Somebody made a contact of that address in the tenant, so that no mailbox can have it."""
        self._control("POST", "recipient", kind="contact", address=address)

    def give_back(self, address: str) -> None:
        self._control("DELETE", f"recipient/{address}")

    # ---- where messages ended

    def held(self) -> tuple[collections.Counter[str], collections.Counter[str]]:
        """Subject → how many old mailboxes hold it, and how many new ones."""
        runtime = Path(self._note["runtime"])
        return (
            _subjects(runtime / "old" / "mail", "*/Maildir/**/[0-9]*"),
            _subjects(runtime / "new", "**/u.*"),
        )

    def astray(self) -> list[str]:
        """Each message that is not in exactly one mailbox, the one where its reader looks."""
        old, new = self.held()
        found = []
        for one in self.sent:
            slug = one.to.partition("@")[2].removesuffix(".org")
            there = old if slug in STAYS or slug == NEIGHBOUR else new
            if there[one.mark] != 1:
                found.append(f"{one}: {old[one.mark]} in old mailboxes, {new[one.mark]} in new ones")
        return found

    # ---- the wiring

    def _look_around(self) -> None:
        home = self.stage.folder / ".sandbox"
        settings = tomllib.loads((home / "settings.toml").read_text(encoding="utf-8"))
        note = next(path for path in home.glob("*.json") if "control_ca" in path.read_text(encoding="utf-8"))
        self._note = json.loads(note.read_text(encoding="utf-8"))
        self._ports = {name: int(at.rpartition(":")[2]) for name, at in self._note["servers"].items()}
        old = settings["legacy"]["mutualise"]
        self._old_submission = int(old["lock"]["submission"].rpartition(":")[2])
        self._tls = ssl.create_default_context(cafile=old["ca_file"])
        self._tls.check_hostname = False
        self._control_page, self._ca_file = settings["sandbox"]["control"], settings["tenant"]["ca_file"]
        self.clock = SandboxClock(self._control_page, self._ca_file)

    def _control(self, method: str, page: str, **body: object) -> None:
        address = f"{self._control_page}/{page}"
        requests.request(method, address, json=body, verify=self._ca_file, timeout=60).raise_for_status()

    def _generated(self, seed: int) -> Iterator[Message]:
        share = max(1, self.size.messages // 8)
        periods = [
            Period(self.at(-7, "18:30"), self.at(-1, "15:00"), share),
            Period(self.at(-1, "15:30"), self.at(-1, "18:00"), share),
            Period(self.at(-1, "18:00"), self.at(-1, "18:20"), share * 2),
            Period(self.at(-1, "19:00"), self.at(0, "08:00"), share),
            Period(self.at(0, "09:30"), self.at(1, "17:00"), share),
            Period(self.at(1, "18:00"), self.at(5, "17:00"), share),
            Period(self.at(5, "17:30"), self.at(9, "12:00"), share),
        ]
        return messages({slug: self.addresses(slug) for slug in self.slugs}, periods, self.at(-1, "18:00"), seed)


def _subjects(store: Path, pattern: str) -> collections.Counter[str]:
    found: collections.Counter[str] = collections.Counter()
    for file in store.glob(pattern):
        if file.is_file() and (match := re.search(rb"Subject: (m\d+-\d+-[a-z]+)", file.read_bytes())):
            found[match[1].decode()] += 1
    return found
