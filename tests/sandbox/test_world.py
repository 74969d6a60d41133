"""The whole world at once: in this process, and behind ``reconcile sandbox``."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import msal
import pytest
import requests
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from reconcile.config.settings.load import load_settings
from reconcile.config.settings.settings import Settings
from reconcile.problem import Problem
from reconcile.sandbox.first_day import Seed
from reconcile.sandbox.habits import LegacyBox
from reconcile.sandbox.processes import stop_orphan
from reconcile.sandbox.world import World

ROOT = Path(__file__).parents[2]
SEED = Seed(
    zones={"spf55.org": ["verdun.spf55.org"], "spf88.org": []},
    legacy=[
        LegacyBox("camille.dupont@spf55.org", "k0412"),
        LegacyBox("accueil@verdun.spf55.org", "accueil@verdun.spf55.org"),
    ],
    messages=6,
)


FEDERATION = """\
schema: 1
code: "55"
name: Fédération de la Meuse
domain: spf55.org
subdomains: [verdun.spf55.org]
contact: {name: Camille Dupont, phone: "03 53 01 00 01", email: camille.dupont@example.net, poptransfert: meuse}
migration: {dates: [2025-01-20], date: 2025-01-20}
legacy: {server: mutualise}
mailboxes:
  camille.dupont@spf55.org:
    licence: E3
    legacy_login: k0412
    aliases: [{address: secretariat@spf55.org, legacy_mail: merge}]
    directory: {last_name: Dupont, first_name: Camille, job_title: Secrétaire, phone: "03 53 01 00 01"}
  lou.petit@verdun.spf55.org:
    licence: E1
    new: true
    directory: {last_name: Petit, first_name: Lou, job_title: Trésorier, phone: null}
not_migrated: [noel2016@spf55.org]
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's temporary folder, as this test alone sees it; in no deep place, for sockets want short paths."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    folder.chmod(0o711)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    folder.rmdir()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("project") / ".sandbox", SEED) as running:
        yield running


@pytest.fixture(scope="module")
def settings(world: World) -> Settings:
    """What a command sees: the repository's own reconcile.toml under the sandbox's overlay."""
    return load_settings([ROOT / "reconcile.toml", world.settings])


def imap(port: int, ca_file: Path | None) -> IMAPClient:
    context = ssl.create_default_context(cafile=str(ca_file))
    return IMAPClient("127.0.0.1", port, ssl_context=context, timeout=30)


class Application:
    """An application signed in to the tenant with what the settings say."""

    def __init__(self, settings: Settings) -> None:
        tenant = settings.tenant
        assert tenant.client_secret_file is not None
        self.tenant = tenant
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = str(tenant.ca_file)
        self._app = msal.ConfidentialClientApplication(
            tenant.client_id,
            client_credential=tenant.client_secret_file.read_text().strip(),
            authority=f"{tenant.authority}/{tenant.id}",
            instance_discovery=False,
            http_client=self.http,
        )

    def token(self) -> str:
        answer = self._app.acquire_token_for_client(["https://outlook.office365.com/.default"])
        return str(answer["access_token"])

    def invoke(self, cmdlet: str, **parameters: object) -> None:
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "X-AnchorMailbox": f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{self.tenant.id}",
            "client-request-id": str(uuid.uuid4()),
        }
        url = f"{self.tenant.exchange}/adminapi/beta/{self.tenant.id}/InvokeCommand"
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        answer = self.http.post(url, json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def wait(self, control: str, **time: float) -> None:
        now = dt.datetime.fromisoformat(self.http.get(f"{control}/clock").json()["now"])
        self.http.post(f"{control}/clock", json={"advance_to": (now + dt.timedelta(**time)).isoformat()})


class TestWorld:
    def test_the_old_mail_is_there_for_the_master_user(self, settings: Settings) -> None:
        old = settings.legacy["mutualise"]
        assert old.master_password_file is not None
        for login in ("k0412", "accueil@verdun.spf55.org"):
            with imap(old.port, old.ca_file) as client:
                client.login(f"{login}{old.separator}{old.master_user}", old.master_password_file.read_text().strip())
                names = [name for flags, _, name in client.list_folders() if b"\\Noselect" not in flags]
                assert sum(client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for name in names) == 6

    def test_dns_takes_updates_under_the_key_of_the_settings(self, world: World, settings: Settings) -> None:
        server = settings.dns
        assert server.key_file is not None
        keyring = dns.tsigkeyring.from_text({server.key_name: (server.key_algorithm, server.key_file.read_text())})
        change = dns.update.UpdateMessage("spf88.org.", keyring=keyring)
        change.add("@", 300, "TXT", "MS=ms12345678")
        assert dns.query.tcp(change, server.host, port=server.port).rcode() == dns.rcode.NOERROR
        assert "MS=ms12345678" in world.dns.resolve("spf88.org", "TXT")

    def test_every_mail_domain_starts_at_the_old_host(self, world: World) -> None:
        for name in ("spf55.org", "verdun.spf55.org", "spf88.org"):
            assert world.dns.resolve(name, "MX") == ["10 mx1.mutualise.example.", "20 mx2.mutualise.example."]
            assert any(text.startswith("v=spf1 ") for text in world.dns.resolve(name, "TXT"))
        assert world.dns.resolve("mx1.mutualise.example", "A")
        assert world.dns.resolve("spf55-org.k-v1.mx.microsoft", "A"), "where the tenant will send the mail"
        assert world.dns.resolve("spf.protection.outlook.com", "TXT")
        assert world.dns.resolve("_spf.mutualise.example", "TXT")

    def test_a_mailbox_of_the_tenant_opens_to_the_copier_once_it_has_access(
        self, world: World, settings: Settings
    ) -> None:
        application = Application(settings)
        shared = f"contact@{_national_domain(application, settings)}"
        with imap(settings.destination.port, settings.destination.ca_file) as client, pytest.raises(LoginError):
            client.oauth2_login(shared, application.token())
        application.invoke(
            "Add-MailboxPermission", Identity=shared, User=settings.tenant.copier_principal,
            AccessRights=["FullAccess"], AutoMapping=False,
        )  # fmt: skip
        assert settings.sandbox is not None
        application.wait(settings.sandbox.control, hours=2)
        with imap(settings.destination.port, settings.destination.ca_file) as client:
            client.oauth2_login(shared, application.token())
            assert client.append("Sent Items", b"Subject: copie\r\n\r\n")

    def test_secrets_are_readable_by_their_owner_alone(self, world: World) -> None:
        files = list((world.folder.path / "secrets").iterdir())
        assert len(files) == 4
        for file in files:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            for shown in (world.settings, world.folder.path / "world.json"):
                assert file.read_text().strip() not in shown.read_text()

    def test_everything_listens_on_loopback_only(self, world: World) -> None:
        ports = [world.dns.port, world.old.port, world.new.port, int(world.tenant.url.rpartition(":")[2])]
        for port in ports:
            assert _listening_on(port) == {"0100007F"}  # 127.0.0.1, as the kernel writes it

    def test_another_world_beside_it_shares_nothing_and_leaves_nothing(
        self, world: World, temporary: Path, tmp_path: Path
    ) -> None:
        with World(tmp_path / ".sandbox", SEED) as other:
            assert list(temporary.iterdir())
            assert other.dns.port != world.dns.port
            assert other.old.master_password != world.old.master_password
            ports = [other.dns.port, other.old.port, other.new.port]
        assert list(temporary.iterdir()) == []
        assert list(tmp_path.iterdir()) == []
        assert [port for port in ports if _accepts(port)] == []


class TestMailOfOnesOwn:
    def test_a_named_mailbox_is_filled_from_a_folder(self, tmp_path: Path) -> None:
        mail = tmp_path / "mail" / "Archives"
        mail.mkdir(parents=True)
        (mail / "a.eml").write_bytes(b"Subject: a\n\n")
        own = {"camille.dupont@spf55.org": tmp_path / "mail"}
        with World(tmp_path / ".sandbox", Seed(SEED.zones, SEED.legacy, mail=own, messages=2)) as world:
            assert len(list(world.old.maildir("k0412").glob("**/cur/*"))) == 1
            assert len(list(world.old.maildir("accueil@verdun.spf55.org").glob("**/cur/*"))) == 2

    @pytest.mark.parametrize(
        ("address", "folder", "code", "hint"),
        [
            ("camille.dupond@spf55.org", ".", "SBX21", "did you mean camille.dupont@spf55.org?"),
            ("camille.dupont@spf55.org", "nowhere", "SBX20", ""),
        ],
    )
    def test_mail_that_cannot_be_placed_stops_the_start_and_leaves_nothing(
        self, temporary: Path, tmp_path: Path, address: str, folder: str, code: str, hint: str
    ) -> None:
        with pytest.raises(Problem) as told:
            World(tmp_path / ".sandbox", Seed(SEED.zones, SEED.legacy, mail={address: tmp_path / folder})).start()
        assert told.value.code == code
        assert hint in told.value.hint
        assert list(temporary.iterdir()) == []
        assert not (tmp_path / ".sandbox").exists()


class Project:
    """A folder with federations, and the command run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "federations").mkdir()
        (folder / "federations" / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
        shutil.copy(ROOT / "reconcile.toml", folder)

    def run(self, *words: str, code: int = 0) -> str:
        command = [str(Path(sys.executable).with_name("reconcile")), "sandbox", *words]
        environment = os.environ | {"COLUMNS": "200"}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def note(self) -> dict[str, object]:
        note: dict[str, object] = json.loads((self.folder / ".sandbox" / "world.json").read_text())
        return note


@pytest.fixture
def project(tmp_path: Path, temporary: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    made.run("down")
    assert list(temporary.iterdir()) == []


class TestCommand:
    def test_up_says_what_runs_where_and_what_to_try_and_down_leaves_nothing(self, project: Project) -> None:
        said = project.run("up")
        assert "3 mailboxes" in said
        for words in ("tenant", "DNS", "old mail host", "new mail host", "reconcile --sandbox plan"):
            assert words in said
        assert "already runs" in project.run("up")
        assert "DOWN" not in project.run("status")
        note = project.note()
        assert "stopped" in project.run("down")
        assert not _read(Path(f"/proc/{note['pid']}/cmdline"))
        assert not Path(str(note["runtime"])).exists()
        assert not (project.folder / ".sandbox").exists()
        assert "No sandbox runs" in project.run("status", code=1)
        assert "No sandbox runs" in project.run("down")

    def test_status_tells_which_server_is_down(self, project: Project) -> None:
        project.run("up")
        assert stop_orphan(Path(str(project.note()["runtime"])) / "old", "dovecot.conf")
        lines = {line.split("127.0.0.1")[0].strip(): line for line in project.run("status", code=1).splitlines()}
        assert "DOWN" in lines["old mail host"]
        assert "DOWN" not in lines["new mail host"]

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the mail hosts as somebody else")
    def test_a_temporary_folder_closed_to_the_mail_hosts_is_reported(self, project: Project, temporary: Path) -> None:
        temporary.chmod(0o700)
        said = project.run("up", code=1)
        assert "SBX15" in said
        assert "TMPDIR" in said

    def test_after_a_kill_9_status_says_so_and_down_finds_the_orphans(self, project: Project) -> None:
        project.run("up")
        note = project.note()
        os.kill(int(str(note["pid"])), signal.SIGKILL)
        assert "killed" in project.run("status", code=1)
        assert _processes_of(str(note["runtime"]))
        assert "stopped" in project.run("down")
        assert _processes_of(str(note["runtime"])) == []
        assert not Path(str(note["runtime"])).exists()

    def test_up_after_a_kill_9_starts_afresh(self, project: Project) -> None:
        project.run("up")
        note = project.note()
        os.kill(int(str(note["pid"])), signal.SIGKILL)
        assert "The sandbox runs" in project.run("up")
        assert _processes_of(str(note["runtime"])) == []
        assert project.note()["pid"] != note["pid"]

    def test_reset_is_a_new_world_with_the_same_options(self, project: Project, tmp_path: Path) -> None:
        mail = tmp_path / "courrier"
        mail.mkdir()
        (mail / "a.eml").write_bytes(b"Subject: a\n\n")
        project.run("up", "--mail", "camille.dupont@spf55.org=courrier")
        first = project.note()
        project.run("reset")
        second = project.note()
        assert second["old_messages"] == first["old_messages"]
        assert second["runtime"] != first["runtime"]
        assert not Path(str(first["runtime"])).exists()

    def test_two_ups_at_once_make_one_sandbox(self, project: Project) -> None:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            said = sorted(pool.map(lambda _: project.run("up"), range(2)))
        assert "The sandbox already runs" in said[0]
        assert "The sandbox runs" in said[1]

    def test_an_interrupted_up_leaves_nothing(self, project: Project, temporary: Path) -> None:
        command = [str(Path(sys.executable).with_name("reconcile")), "sandbox", "up"]
        running = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not (project.folder / ".sandbox" / "order.json").exists():
            time.sleep(0.005)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=120)
        assert running.returncode in (0, 130)
        if running.returncode == 130:
            assert not (project.folder / ".sandbox").exists()

    def test_mail_for_an_unknown_address_is_told_and_nothing_runs(self, project: Project) -> None:
        said = project.run("up", "--mail", "camille.dupond@spf55.org=federations", code=1)
        assert "SBX21" in said
        assert "camille.dupont@spf55.org" in said
        assert "No sandbox runs" in project.run("down")
        assert "ADDRESS=DIR" in project.run("up", "--mail", "federations", code=64)

    def test_the_portal_changes_the_tenant_by_hand(self, project: Project) -> None:
        assert "SBX01" in project.run("portal", "x@spf55.org", "--licence", "E1", code=1)
        project.run("up")
        assert "nobody@spf55.org" in project.run("portal", "nobody@spf55.org", "--licence", "E1", code=1)
        project.run("portal", "nobody@spf55.org", code=64)

    def test_traffic_is_recorded_where_one_asks(self, project: Project, tmp_path: Path) -> None:
        project.run("up", "--record", "har")
        settings = load_settings([tmp_path / "reconcile.toml", tmp_path / ".sandbox" / "settings.toml"])
        Application(settings).token()
        project.run("down")
        assert list((tmp_path / "har").iterdir())

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    def test_in_the_foreground_it_stops_with_the_command(self, project: Project, how: signal.Signals) -> None:
        command = [str(Path(sys.executable).with_name("reconcile")), "sandbox", "up", "--foreground"]
        running = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None
        for line in running.stdout:
            if "Ctrl-C" in line:
                break
        runtime = str(project.note()["runtime"])
        running.send_signal(how)
        assert running.wait(20) == 0
        running.stdout.close()
        assert not Path(runtime).exists()
        assert not (project.folder / ".sandbox").exists()


def _national_domain(application: Application, settings: Settings) -> str:
    assert settings.sandbox is not None
    domains = application.http.get(f"{settings.sandbox.control}/status").json()["domains"]
    return next(name for name in domains if name != settings.tenant.initial_domain)


def _listening_on(port: int) -> set[str]:
    """The addresses a port is open on, TCP and UDP, of either family."""
    rows = [
        line.split()
        for table in ("tcp", "tcp6", "udp", "udp6")
        for line in _read(Path("/proc/net") / table).decode().splitlines()[1:]
    ]
    local = [row[1].split(":") for row in rows if row[3] in ("0A", "07")]
    return {address for address, its_port in local if int(its_port, 16) == port}


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _processes_of(runtime: str) -> list[str]:
    """The processes whose command line or open files lead into a folder, the dying given a moment to go."""
    for _ in range(40):
        found = [
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and runtime.encode() in _read(entry / "cmdline")
        ]
        if not found:
            return []
        time.sleep(0.01)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
