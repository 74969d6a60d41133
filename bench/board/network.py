"""A network in the middle of its evening, written to a folder: files, inventories, rehearsals, state, journal, copies.

Nothing of it happened: the board reads all this and asks nobody, so that it cannot tell.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import unittest.mock
from collections.abc import Sequence
from pathlib import Path

import pyrage

from reconcile.clock import AsOfClock, Clock, SystemClock
from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.config.load import load_federations
from reconcile.config.rehearsal import Rehearsal
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.settings import Settings
from reconcile.mailcopy.queue.jobs import FIELDS, Job, JobList
from reconcile.planning.plan.plan import Action, Basis, Cause, Change, FieldChange, Plan
from reconcile.planning.plan.planfile import encode
from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.resources.desired.federations import compile_federations
from reconcile.resources.resource import Live, Reference
from reconcile.state.inventory import InventoryFolder
from reconcile.state.journal.journal import Journal, new_run_id
from reconcile.state.rehearsals import RehearsalFolder
from reconcile.state.snapshot.snapshot import Record, Snapshot
from reconcile.state.stores.folder import FolderStore

ROOT = Path(__file__).resolve().parents[2]
DAY = dt.date(2025, 1, 20)
#: The evening that is shown, to be given as ``--as-of``.
EVENING = "2025-01-19T20:40"
_NOW = dt.datetime(2025, 1, 19, 19, 40, tzinfo=dt.UTC)
_NAMES = (
    "de l’Ain", "de l’Aisne", "de l’Allier", "des Alpes-de-Haute-Provence", "des Hautes-Alpes", "des Alpes-Maritimes",
    "de l’Ardèche", "des Ardennes", "de l’Ariège", "de l’Aube", "de l’Aude", "de l’Aveyron", "des Bouches-du-Rhône",
    "du Calvados", "du Cantal",
    "de la Charente", "de la Charente-Maritime", "du Cher", "de la Corrèze", "de la Côte-d’Or", "des Côtes-d’Armor",
    "de la Creuse", "de la Dordogne", "du Doubs", "de la Drôme", "de l’Eure", "d’Eure-et-Loir", "du Finistère",
    "du Gard",
    "de la Haute-Garonne", "du Gers", "de la Gironde", "de l’Hérault", "d’Ille-et-Vilaine", "de l’Indre",
    "d’Indre-et-Loire", "de l’Isère", "du Jura", "des Landes", "de Loir-et-Cher",
)  # fmt: skip
_SAID = """
[network]
language = "fr"

[passwords]
seal_to = ["{key}"]

[legacy.mutualise.lock]
impossible = "essai"
"""


@dataclasses.dataclass(frozen=True)
class Network:
    """A made network. ``jobs``: its list of copies."""

    folder: Path
    jobs: JobList
    settings: Settings

    def finish_a_copy(self) -> bool:
        """Let the next copy that is under way end, as a worker would write it; whether there was one."""
        job = next((one for one in self.jobs.list() if one.state == "running"), None)
        if job is None:
            return False
        with self.jobs.database.changing() as run:
            run.change("UPDATE job SET state='done', messages=messages_total, updated=? WHERE key=?", _since(), job.key)
        return True


def make(folder: Path, federations: int = 40, mailboxes: int = 50, clock: Clock | None = None) -> Network:
    """Write the network there: at 20:40 on the eve, some federations are done, most are at it, a few are in trouble."""
    # None of this has to survive a power cut.
    with unittest.mock.patch("os.fdatasync"), unittest.mock.patch("os.fsync"):
        return _made(folder, federations, mailboxes, clock or SystemClock())


def _made(folder: Path, federations: int, mailboxes: int, clock: Clock) -> Network:
    settings = _settings(folder)
    (folder / "federations").mkdir()
    for place in range(federations):
        code = f"{place + 1:02}"
        text = _file(code, f"Fédération {_NAMES[place % len(_NAMES)]}", mailboxes, place)
        (folder / "federations" / f"spf{code}.yaml").write_text(text, encoding="utf-8")
    loaded = load_federations(folder / "federations")
    assert not loaded.errors, loaded.errors[:3]
    jobs = JobList.in_file(_copies(folder), clock)
    spfstate = folder / "spfstate"
    when = AsOfClock(SystemClock(), _NOW - dt.timedelta(hours=2, minutes=38))
    header = {"who": "postmaster", "operation": "apply", "tool": "0.2.0"}
    with Journal.create(spfstate / "runs", new_run_id(when, "5f3a9c"), header, when) as journal:
        tally = {"done": 0, "failed": 0, "not due yet": 0}
        for place, federation in enumerate(loaded.federations):
            _told(spfstate, federation, rehearsed=place % 13 != 12)
            snapshot = _state(federation, settings, place, journal, tally, jobs)
            FolderStore(spfstate / "federations").write(snapshot)
        journal.end(tally)
    return Network(folder, jobs, settings)


def save_plan(network: Network) -> Path:
    """A saved plan of what is still to be done there, with a deletion and a drift to look at."""
    federations = load_federations(network.folder / "federations").federations
    store = FolderStore(network.folder / "spfstate" / "federations")
    changes: list[Change] = []
    for federation in federations:
        kept = store.read(federation.slug)
        there = kept.records if kept else {}
        changes += [
            Change(one.address, Action.CREATE, Cause.YAML, None, one.fields, due=one.due)
            for one in compile_federations([federation], network.settings, _NOW)
            if one.address not in there
        ]
    box = Address(federations[0].slug, "mailbox", f"ancien@{federations[0].file.domain}")
    live = Live(box, {"licence": "E1", "display_name": "Ancien bénévole"})
    changes.append(Change(box, Action.DELETE, Cause.YAML, live, {}))
    first = next(one for one in changes if one.address.kind == "mailbox")
    moved = FieldChange("licence", "E1", "E3", Cause.DRIFT)
    held = Live(first.address, {"licence": "E1"})
    changes.append(Change(first.address, Action.UPDATE, Cause.DRIFT, held, {"licence": "E3"}, (moved,)))
    basis = {one.slug: Basis(one.file.name, one.digest, "", 0) for one in federations}
    plan = Plan(_NOW, _NOW + dt.timedelta(days=1), "0.2.0", basis, tuple(changes), unchanged=1234)
    path = network.folder / "plans" / "soir.json"
    path.parent.mkdir()
    path.write_text(encode(plan), encoding="utf-8")
    return path


def _settings(folder: Path) -> Settings:
    shutil.copy(ROOT / "reconcile.toml", folder)
    with (folder / "reconcile.toml").open("a", encoding="utf-8") as file:
        file.write(_SAID.format(key=pyrage.x25519.Identity.generate().to_public()))
    return load_settings([folder / "reconcile.toml"])


def _file(code: str, name: str, mailboxes: int, place: int) -> str:
    domain, later = f"spf{code}.org", place % 8 == 7
    confirmed = "" if place % 9 == 8 else "confirmed: 2025-01-15, "
    date = "2025-03-03" if later else DAY.isoformat()
    lines = [
        "schema: 1", f'code: "{code}"', f"name: {name}", f"domain: {domain}", "atrium_id: 1",
        'structures: [{atrium_id: 1, name: Siège, street: 1 rue des Lilas, postal_code: "55000", city: Bar}]',
        f"contact: {{name: Lou Petit, email: lou{code}@example.net, phone: '01 99 00 00 00', poptransfert: p{code}}}",
        f"migration: {{{confirmed}date: {date}, rehearsed: 2025-01-13}}",
        "legacy: {server: mutualise}", "mailboxes:",
    ]  # fmt: skip
    for number in range(mailboxes):
        licence = "E3" if number % 4 == 0 else "E1"
        lines.append(
            f"  personne{number:02}@{domain}: "
            f"{{licence: {licence}, directory: {{last_name: Nom{number:02}, first_name: Prénom{code}}}}}"
        )
    return "\n".join(lines) + "\n"


def _told(spfstate: Path, federation: Federation, *, rehearsed: bool) -> None:
    slug, domain = federation.slug, federation.file.domain
    held = {
        address: LegacyAddress(address, "mailbox", "", size=10**8 * (1 + place % 30), messages=900)
        for place, address in enumerate(federation.file.mailboxes)
    }
    taken = dt.datetime(2025, 1, 6, 8, tzinfo=dt.UTC)
    InventoryFolder(spfstate / "inventory").write(Inventory(slug, "mutualise", taken, (domain,), ("csv",), held))
    if rehearsed:
        when = dt.datetime(2025, 1, 13, 9, tzinfo=dt.UTC)
        RehearsalFolder(spfstate / "rehearsals").write(Rehearsal(slug, when, {domain: "free"}))


def _copies(folder: Path) -> Path:
    (folder / "spfstate" / "copies").mkdir(parents=True)
    return folder / "spfstate" / "copies" / "queue.sqlite"


def _state(
    federation: Federation,
    settings: Settings,
    place: int,
    journal: Journal,
    tally: dict[str, int],
    jobs: JobList,
) -> Snapshot:
    """What is recorded of one federation: nothing, half of its mailboxes, or everything; and its copies."""
    snapshot = journal.opens(Snapshot(federation.slug, lineage=f"{place:032x}", serial=0))
    ready = federation.file.migration.date == DAY and federation.file.migration.confirmed and place % 13 != 12
    share = (1.0, 1.0, 0.6, 0.9, 1.0)[place % 5] if ready else 0.0
    desired = compile_federations([federation], settings, _NOW)
    boxes = [one for one in desired if one.address.kind == "mailbox"]
    there = {one.address.key for one in boxes[: round(len(boxes) * share)]}
    queued: list[str] = []
    for one in desired:
        address = one.address
        of_box = address.kind in ("mailbox", "copy_access", "copy", "access")
        if not ready or address.kind == "credentials" or (of_box and address.key not in there):
            tally["not due yet"] += 1
            continue
        journal.intent(address, "create")
        if place == 3 and address.kind == "mailbox" and address.key.startswith("personne07"):
            error = Problem("M365-08", "Graph refused it: the proxy address is already used by another object.")
            journal.outcome(address, "create", "failed", error=error, seconds=1.2)
            tally["failed"] += 1
            continue
        fields = {name: value for name, value in one.fields.items() if not isinstance(value, Reference)}
        record = recorded(address, fields, journal.run)
        journal.outcome(address, "create", "done", record, seconds=1.5)
        tally["done"] += 1
        snapshot = snapshot.put(record)
        if address.kind == "copy":
            queued.append(str(address))
    _copied(jobs, queued, place)
    return snapshot


def recorded(address: Address, fields: dict[str, object], run: str) -> Record:
    """A resource as an apply records it."""
    return Record(address, f"id-{address.key}", fields, run, run, _NOW.isoformat())  # type: ignore[arg-type]


def _copied(jobs: JobList, keys: Sequence[str], place: int) -> None:
    """The copies of a federation, and how far they are; all in one transaction, for a disk takes its time for each."""
    share, now = (1.0, 0.7, 0.3, 0.5, 0.85)[place % 5], _since()
    with jobs.database.changing() as run:
        for number, key in enumerate(keys):
            address, total = key.rpartition("/")[2], 400 + 37 * number
            far = 1.0 if number < len(keys) * share else 0.4 if number < len(keys) * share + 2 else 0.0
            state, error = "done" if far == 1.0 else "running" if far else "queued", ""
            if place == 6 and number == 2:
                state, error, far = "failed", "COPY05 the old server closed the connection three times", 0.3
            job = Job(
                *(key, "mutualise", address, address, ""),
                state=state,
                messages=int(total * far),
                messages_total=total,
                volume=int(total * far) * 90_000,
                volume_total=total * 90_000,
                error=error,
                updated=now,
            )
            row = (*dataclasses.astuple(job), "")  # an error of no parts
            run.change(f"INSERT INTO job({FIELDS}) VALUES({','.join('?' * len(row))})", *row)
        for back in range(60):
            run.change(
                "INSERT INTO pace(source, minute, messages) VALUES('mutualise', ?, ?) ON CONFLICT DO NOTHING",
                *(int(now // 60) - back, 2200 + 37 * (back * 29 % 23) - 14 * back),
            )


def _since() -> float:
    return SystemClock().now().timestamp()
