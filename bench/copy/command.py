"""The whole command ``reconcile copy work``: sign-in to a tenant, XOAUTH2 and TLS at the new host, the list."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.before import BEFORE, COMMAND, environment, sources
from bench.copy.corpus import corpus
from bench.copy.hosts import MEMORY, fill, own
from bench.copy.peers import Ports, Result, mbsync_all, timed
from tests.mailcopy.dovecot import MAILDIR, MASTER, MASTER_PASSWORD, SDBOX, Dovecot

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.jobs import Job, JobList
from reconcile.sandbox.imap.new import NewHost, TokenIssuer
from reconcile.sandbox.tenant.server import TenantServer

_SETTINGS = """
[tenant]
id = "{tenant.tenant_id}"
initial_domain = "{tenant.initial_domain}"
client_id = "{tenant.client_id}"
authority = "{tenant.url}"
ca_file = "{tenant.ca_file}"
copier_principal = "{tenant.copier_principal}"
[dns]
host = "127.0.0.1"
key_name = "reconcile"
[destination]
host = "127.0.0.1"
port = {port}
ca_file = "{new.ca_file}"
[legacy.ovh]
host = "127.0.0.1"
port = {old.port}
tls = false
master_user = "{master}"
"""
#: Seconds after which a service with nothing to do is looked at, and for which.
SETTLED, IDLE = 15.0, 30.0


class Office:
    """A folder with a list of copies, an old host with their mail, and a new host of the tenant, reached without the
    front that imitates Exchange."""

    def __init__(self, folder: Path, boxes: int) -> None:
        self.addresses = [f"contact{number}@spf55.org" for number in range(boxes)]
        self.project = folder / "project"
        self.project.mkdir()
        self.old = Dovecot(folder, "old", mail=MAILDIR).start()
        self.tenant = TenantServer(folder / "tenant", resolve=lambda *_: [])
        self.tenant.start()
        self.new = NewHost(folder / "new")
        for number, address in enumerate(self.addresses):
            self.new.mailbox_exists(self._guid(number), [address], True)
        tenant = self.tenant
        signed = (tenant.issuer, tenant.signing_key_id, tenant.public_key_pem)
        self.new.start(TokenIssuer(*signed, tenant.client_id, tenant.copier_principal))
        self.dovecot = self.new._dovecot
        self.door = self._with_passwords(folder).start()
        settings = _SETTINGS.format(tenant=tenant, new=self.new, port=self.dovecot.port, old=self.old, master=MASTER)
        (self.project / "reconcile.toml").write_text(settings)
        self.environment = {
            **os.environ,
            "RECONCILE_CLIENT_SECRET": tenant.client_secret,
            "RECONCILE_LEGACY_PASSWORD": MASTER_PASSWORD,
        }

    def fill(self) -> int:
        """The same 500 messages in every old mailbox; how many."""
        first, *others = self.addresses
        messages = fill(self.old, corpus("tiny"), first)
        for other in others:
            shutil.copytree(self.old.mail / first, self.old.mail / other, dirs_exist_ok=True)
        own(self.old)
        return messages

    def begin(self) -> None:
        """Empty new mailboxes, and a list with all copies queued."""
        for number in range(len(self.addresses)):
            shutil.rmtree(self.home(number), ignore_errors=True)
        shutil.rmtree(self.project / "spfstate", ignore_errors=True)
        jobs = JobList.in_file(self.project / "spfstate" / "copies" / "queue.sqlite", SystemClock())
        for address in self.addresses:
            jobs.enqueue(f"spf55/copy/{address}", "ovh", address, address, "")

    def home(self, number: int) -> Path:
        """Of a new mailbox."""
        return self.dovecot.mail / self._guid(number)

    def stored(self, number: int) -> int:
        """How many messages a new mailbox holds."""
        return sum(1 for _ in self.home(number).glob("sdbox/mailboxes/**/dbox-Mails/u.*"))

    def _with_passwords(self, folder: Path) -> Dovecot:
        """Another door to the new mailboxes, for who has no XOAUTH2: a password over TLS."""
        owner = self.dovecot.mail.stat()
        home = f"{self.dovecot.mail}/%{{user}}"
        userdb = {"fields": {"uid": owner.st_uid, "gid": owner.st_gid, "home": home}, "static_allow_all_users": True}
        return Dovecot(folder, "door", mail=SDBOX, tls=True, settings={"mail_home": home, "userdb static": userdb})

    def stop(self) -> None:
        self.door.stop()
        self.old.stop()
        self.new.stop()
        self.tenant.stop()

    @staticmethod
    def _guid(number: int) -> str:
        return f"00000000-0000-4000-8000-{number:012d}"


@contextlib.contextmanager
def office(boxes: int) -> Iterator[Office]:
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-", dir=MEMORY, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        one = Office(folder, boxes)
        try:
            yield one
        finally:
            one.stop()


def first_message(rounds: int, commit: str = BEFORE) -> dict[str, list[float]]:
    """Seconds from the command's start to the first message stored, of the commit and of now, in turn; the first of
    each is not counted."""
    found: dict[str, list[float]] = {"before": [], "now": []}
    with office(1) as place, sources(commit) as trees:
        place.fill()
        for number in range(rounds + 1):
            for name, taken in found.items():
                # An earlier list is not this one's: each release makes its own.
                seconds = _until_stored(place, environment(trees[name], place.environment, place.project / name), name)
                if number:
                    taken.append(seconds)
    return found


def _until_stored(place: Office, env: Mapping[str, str], name: str) -> float:
    place.begin()
    if name == "before":
        _enqueue_before(place, env)
    words = [*COMMAND, "copy", "work"]
    with (place.project / "log").open("ab") as log:
        began = time.perf_counter()
        with subprocess.Popen(words, cwd=place.project, env=env, stdout=log, stderr=log) as child:
            while not place.stored(0):
                if child.poll() is not None:
                    raise RuntimeError((place.project / "log").read_text()[-2000:])
                time.sleep(0.003)
            seconds = time.perf_counter() - began
    return seconds


def _enqueue_before(place: Office, env: Mapping[str, str]) -> None:
    """The list as that commit writes it, for it opens none of a later release."""
    shutil.rmtree(place.project / "spfstate")
    script = (
        "import sys; from pathlib import Path; from reconcile.clock import SystemClock;"
        "from reconcile.mailcopy.queue.jobs import Job, JobList;"
        "jobs = JobList.in_file(Path('spfstate/copies/queue.sqlite'), SystemClock());"
        "[jobs.enqueue(f'spf55/copy/{one}', 'ovh', one, one, '') for one in sys.argv[1:]]"
    )
    subprocess.run([sys.executable, "-c", script, *place.addresses], cwd=place.project, env=env, check=True)


def forty_command(boxes: int, rounds: int, *, peer: bool = True) -> dict[str, list[Result]]:
    """The command for so many mailboxes of 500 messages at once, and as many mbsyncs side by side, in turn."""
    runs: dict[str, list[Result]] = {"mbsync": [], "ours": []} if peer else {"ours": []}
    with office(boxes) as place:
        expected = place.fill()
        for number in range(rounds):
            for name, results in runs.items():
                place.begin()
                folder = place.project / f"{number}-{name}"
                folder.mkdir()
                if name == "ours":
                    results.append(timed(work(boxes), place.project, place.environment))
                else:
                    homes = [place.home(one).name for one in range(boxes)]
                    ends = list(zip(place.addresses, homes, strict=True))
                    results.append(
                        mbsync_all(folder, Ports(place.old.port, place.door.tls_port, new_ca=place.door.ca_file), ends)
                    )
                if any(place.stored(one) != expected for one in (0, boxes - 1)):
                    raise RuntimeError(f"{name} did not copy all")
    return runs


def staying() -> tuple[float, float]:
    """MB held by a service that has nothing to do, and the share of a core it takes."""
    with office(4) as place:
        place.fill()
        place.begin()
        with subprocess.Popen(
            [*work(4), "--stay", "15"], cwd=place.project, env=place.environment, stdout=subprocess.DEVNULL
        ) as child:
            while any(one.state != "done" for one in _listed(place)):
                time.sleep(0.2)
            time.sleep(SETTLED)
            before = _processor(child.pid)
            time.sleep(IDLE)
            share = (_processor(child.pid) - before) / IDLE
            held = _resident(child.pid)
            child.terminate()
    return held, share


def work(at_once: int) -> Sequence[str]:
    return [*COMMAND, "copy", "work", "--jobs", str(at_once)]


def _listed(place: Office) -> Sequence[Job]:
    return JobList.in_file(place.project / "spfstate" / "copies" / "queue.sqlite", SystemClock()).list()


def _processor(pid: int) -> float:
    """Processor seconds that a process has used so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    """MB that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
