"""``reconcile copy`` as the postmaster runs it: sandbox hosts, real sign-in to the sandbox's tenant, XOAUTH2, TLS."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyrage
import pyrage.x25519
import pytest
from tests.mailcopy.dovecot import MAILDIR, PASSWORD, Dovecot
from tests.mailcopy.post import Box, letter
from tests.postgresql import Cluster

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.jobs import JobList
from reconcile.mailcopy.queue.location import PostgresLocation
from reconcile.sandbox.corpus import sample_mail
from reconcile.sandbox.imap.maildir import StoredMessage, write_maildir
from reconcile.sandbox.imap.new import NewHost, TokenIssuer
from reconcile.sandbox.imap.old import MASTER_USER, OldHost
from reconcile.sandbox.tenant.server import TenantServer

BOXES = ["contact@spf55.org", "tresorerie@spf55.org", "secretariat@spf55.org"]
SETTINGS = """
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
port = {new.port}
ca_file = "{new.ca_file}"
[legacy.ovh]
host = "127.0.0.1"
port = {old.port}
ca_file = "{old.ca_file}"
master_user = "{master}"
"""


class Office:
    """A postmaster's folder on a machine that reaches both hosts."""

    def __init__(self, folder: Path, old: OldHost, new: NewHost, tenant: TenantServer) -> None:
        self.folder = folder
        self.old = old
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "RECONCILE_CLIENT_SECRET": tenant.client_secret,
            "RECONCILE_LEGACY_PASSWORD": old.master_password,
        }
        text = SETTINGS.format(tenant=tenant, old=old, new=new, master=MASTER_USER)
        (folder / "reconcile.toml").write_text(text)
        self.jobs = JobList.in_file(folder / "spfstate" / "copies" / "queue.sqlite", SystemClock())

    def share(self, url: str) -> None:
        """From now on the list is in a database."""
        with (self.folder / "reconcile.toml").open("a") as settings:
            settings.write(f'[copies]\ndatabase = "{url}"\n')
        self.jobs = PostgresLocation(url, "", SystemClock()).jobs

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from reconcile.cli.main import main; main()", "copy", *words]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        running = self.start(*words, **environment)
        said, _ = running.communicate(timeout=120)
        return running.returncode, said

    def queue(self, addresses: Sequence[str]) -> None:
        for address in addresses:
            self.jobs.enqueue(f"spf55/copy/{address}", "ovh", address, address, "")

    def messages(self, address: str) -> int:
        """How many the new mailbox holds, by the ledgers' own count of confirmed UIDs."""
        return next(job.messages for job in self.jobs.list() if address in job.key)


@pytest.fixture(scope="module")
def outside() -> Iterator[tuple[OldHost, NewHost, TenantServer, dict[str, list[StoredMessage]]]]:
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        mail = {address: list(sample_mail(address, "tests")) for address in BOXES}
        old, new = OldHost(folder / "old", [*BOXES, "grande@spf55.org"]), NewHost(folder / "new")
        tenant = TenantServer(folder / "tenant", resolve=lambda *_: [])
        for address, messages in mail.items():
            write_maildir(old.maildir(address), old.owner, messages)
        letter = next(iter(mail.values()))[0]
        write_maildir(old.maildir("grande@spf55.org"), old.owner, [letter] * 3000)
        for number, address in enumerate([*BOXES, "grande@spf55.org"]):
            new.mailbox_exists(f"00000000-0000-4000-8000-{number:012d}", [address], True)
        old.start()
        tenant.start()
        new.start(
            TokenIssuer(
                tenant.issuer,
                tenant.signing_key_id,
                tenant.public_key_pem,
                tenant.client_id,
                tenant.copier_principal,
            )
        )
        try:
            yield old, new, tenant, mail
        finally:
            for server in (old, new, tenant):
                server.stop()


@pytest.fixture
def office(outside: tuple[OldHost, NewHost, TenantServer, object], tmp_path: Path) -> Office:
    return Office(tmp_path, *outside[:3])


def test_the_queued_mailboxes_are_copied_and_a_second_run_says_there_is_nothing_new(
    office: Office, outside: tuple[OldHost, NewHost, TenantServer, dict[str, list[StoredMessage]]]
) -> None:
    mail = outside[3]
    office.queue(BOXES)
    code, said = office.run("work")
    assert code == 0, said
    total = sum(map(len, mail.values()))
    assert f"spf55 {BOXES[0]}: {len(mail[BOXES[0]])} messages copied" in said
    assert "3 mailboxes in" in said
    assert f"{total} messages copied" in said
    code, said = office.run("work")
    assert code == 0, said
    assert "nothing new to copy" in said
    code, said = office.run("status", "--json")
    rows = json.loads(said)
    assert {row["state"] for row in rows} == {"done"}
    assert sum(row["messages"] for row in rows) == total


def test_a_wrong_master_password_leaves_a_clear_sentence_and_no_secret(office: Office) -> None:
    office.queue(BOXES)
    code, said = office.run("work", "--once", RECONCILE_LEGACY_PASSWORD="tout-faux")
    assert code == 6
    assert "COPY02" in said
    assert "master_password_file or RECONCILE_LEGACY_PASSWORD" in said
    assert "tout-faux" not in said
    assert "Traceback" not in said


def test_an_interrupted_run_finishes_what_is_in_flight_and_the_next_one_the_rest(office: Office) -> None:
    office.queue(["grande@spf55.org"])
    running = office.start("work")
    deadline = time.monotonic() + 30
    while not any(job.state == "running" for job in office.jobs.list()) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "Stopping once what is in flight has arrived" in said
    assert "Traceback" not in said
    code, said = office.run("work")
    assert code == 0, said
    assert office.messages("grande@spf55.org") == 3000


def test_an_empty_queue_is_reported(office: Office) -> None:
    assert office.run("work") == (0, office.run("work")[1])
    assert "No copy is queued" in office.run("work")[1]


def test_a_mailbox_of_an_unknown_server_is_reported(office: Office) -> None:
    office.jobs.enqueue("spf55/copy/x@spf55.org", "gandi", "x@spf55.org", "x@spf55.org", "")
    code, said = office.run("work", "--once")
    assert code == 6
    assert "COPY09" in said
    assert "[legacy.gandi]" in said


@pytest.mark.parametrize("login", ["zoe@spf88.org", f"{BOXES[0]}*copier", "k0412"])
def test_a_queued_copy_of_somebody_elses_mailbox_is_not_opened(office: Office, login: str) -> None:
    office.jobs.enqueue(f"spf55/copy/{BOXES[0]}", "ovh", login, BOXES[0], "")
    code, said = office.run("work", "--once")
    assert code == 6
    assert "COPY17" in said
    assert office.messages(BOXES[0]) == 0


def test_a_queued_copy_of_a_public_folder_that_is_not_given_is_not_opened(office: Office) -> None:
    office.jobs.enqueue(f"spf55/copy/{BOXES[0]}", "ovh", BOXES[0], BOXES[0], "", "Partages/Direction")
    code, said = office.run("work", "--once")
    assert code == 6
    assert "COPY17" in said
    assert "[legacy.ovh.public_folders]" in said
    assert office.messages(BOXES[0]) == 0


def test_a_paused_copy_is_left_alone_until_it_is_resumed(office: Office) -> None:
    office.queue(BOXES)
    assert office.run("pause", "spf55") == (0, "3 copies paused.\n")
    assert "No copy is queued" in office.run("work")[1]
    assert office.run("resume", BOXES[0]) == (0, "1 copy queued again.\n")
    code, said = office.run("work")
    assert code == 0, said
    assert sorted(job.state for job in office.jobs.list()) == ["done", "paused", "paused"]


def test_a_name_that_means_no_copy_is_an_error_not_silence(office: Office) -> None:
    office.queue(BOXES)
    code, said = office.run("work", "spf56")
    assert code == 1
    assert "COPY11 No copy of spf56 is queued." in said


def test_a_cancelled_copy_may_be_queued_again(office: Office) -> None:
    office.queue(BOXES)
    assert office.run("cancel", BOXES[0]) == (0, "1 copy cancelled.\n")
    assert "Nothing to change" in office.run("cancel", BOXES[0])[1]
    office.queue([BOXES[0]])
    assert {job.state for job in office.jobs.list()} == {"queued"}


def test_the_report_names_every_folder_and_the_check_finds_all_of_it(
    office: Office, outside: tuple[OldHost, NewHost, TenantServer, dict[str, list[StoredMessage]]]
) -> None:
    address, mail = BOXES[1], outside[3][BOXES[1]]
    office.queue([address])
    assert "nothing copied yet" in office.run("verify")[1]
    assert office.run("work")[0] == 0
    (seen,) = json.loads(office.run("report", "--json")[1])
    assert sum(seen["folders"].values()) == len(mail)
    assert seen["refused"] == []
    code, said = office.run("verify", "--digests")
    assert code == 0, said
    assert f"{len(mail)} messages copied, all accounted for" in said


def test_the_list_can_be_read_by_prometheus(office: Office) -> None:
    office.queue(BOXES)
    code, said = office.run("status", "--prometheus")
    assert code == 0
    assert 'reconcile_copies{federation="spf55",state="queued"} 3\n' in said
    assert 'reconcile_copy_messages_done{federation="spf55"} 0\n' in said


def test_a_log_or_a_pipe_gets_every_address_whole(office: Office) -> None:
    longest = "secretariat.du-comite-departemental-de-la-meuse@spf55.org"
    office.queue([longest])
    code, said = office.run("status", COLUMNS="80")
    assert code == 0
    assert f"spf55 {longest}" in said
    assert "queued" in said


def test_the_doctor_names_a_copy_whose_worker_is_gone(office: Office) -> None:
    office.queue(BOXES[:1])
    assert office.run("doctor") == (0, "No problem found.\n")
    with office.jobs.database.changing() as run:
        run.change("UPDATE job SET state='running', worker='parti', updated=1")
    code, said = office.run("doctor")
    assert code == 6
    assert f"spf55 {BOXES[0]}: its worker parti is gone, for " in said
    assert "reconcile copy work" in said


def test_in_a_database_every_command_works_as_in_a_folder(office: Office, cluster: Cluster) -> None:
    office.share(cluster.database())
    assert "No copy is queued" in office.run("status")[1]
    office.queue(BOXES[1:2])
    assert office.run("pause", "spf55") == (0, "1 copy paused.\n")
    assert office.run("resume", "spf55") == (0, "1 copy queued again.\n")
    code, said = office.run("work", "--id", "hote-1")
    assert code == 0, said
    assert json.loads(office.run("status", "--json")[1])[0]["state"] == "done"
    assert json.loads(office.run("report", "--json")[1])[0]["folders"]
    assert "all accounted for" in office.run("verify")[1]
    assert office.run("doctor") == (0, "No problem found.\n")
    assert not (office.folder / "spfstate").exists()


def test_an_unreachable_database_or_a_url_with_a_password_is_reported_without_the_password(office: Office) -> None:
    office.share("postgresql://spf@127.0.0.1:1/copies")
    code, said = office.run("status", RECONCILE_COPIES_PASSWORD="s3cr3t")
    assert code == 1
    assert "COPY12 The database postgresql://127.0.0.1/copies cannot be reached" in said
    settings = office.folder / "reconcile.toml"
    settings.write_text(settings.read_text().replace("spf@127", "spf:s3cr3t@127"))
    code, said = office.run("status")
    assert code == 1
    assert "COPY13" in said
    assert "s3cr3t" not in said
    settings.write_text(settings.read_text().replace("postgresql://", "mysql://"))
    code, said = office.run("status")
    assert code == 3
    assert "copies.database: the address does not begin with postgresql://" in said
    assert "s3cr3t" not in said


def test_a_service_copies_what_is_queued_while_it_runs_and_stops_gently(office: Office) -> None:
    running = office.start("work", "--stay", "15", "--id", "hote-1")
    office.queue(BOXES[:1])
    deadline = time.monotonic() + 60
    while not (seen := office.jobs.list()) or seen[0].state != "done":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "1 mailbox in " in said
    assert "Traceback" not in said


def test_sizes_and_a_dry_run_say_what_there_is_and_change_nothing(
    office: Office, outside: tuple[OldHost, NewHost, TenantServer, dict[str, list[StoredMessage]]]
) -> None:
    held = len(outside[3][BOXES[1]])
    office.queue(BOXES[1:2])
    code, said = office.run("work", "--sizes")
    assert code == 0, said
    assert f"spf55/copy/{BOXES[1]}: {held} messages held" in said
    code, said = office.run("work", "--dry-run")
    assert code == 0, said
    assert f"spf55/copy/{BOXES[1]}: {held} messages to copy" in said
    assert "Éléments envoyés → Sent Items" in said
    assert [job.state for job in office.jobs.list()] == ["queued"]
    assert not (office.folder / "spfstate" / "copies" / "ledgers").exists()
    office.run("work")
    assert f"spf55/copy/{BOXES[1]}: 0 messages to copy" in office.run("work", "--dry-run")[1]


def test_a_rollback_brings_back_what_arrived_and_only_that(
    office: Office, outside: tuple[OldHost, NewHost, TenantServer, dict[str, list[StoredMessage]]]
) -> None:
    office.queue(BOXES[2:])
    office.run("work")
    new = outside[1]
    deliver = ["doveadm", "-c", str(new.ca_file.parent.parent / "dovecot.conf"), "save", "-u"]
    letter = b"Subject: arrived after the switch\r\n\r\ntext\r\n"
    subprocess.run([*deliver, "00000000-0000-4000-8000-000000000002", "-m", "INBOX"], input=letter, check=True)
    code, said = office.run("back", "--yes", BOXES[2])
    assert code == 0, said
    assert "1 message copied" in said
    code, said = office.run("back", "--yes", BOXES[2])
    assert code == 0, said
    assert "nothing new" in said
    office.run("resume", BOXES[2])
    assert "nothing new" in office.run("work", BOXES[2])[1]


def test_a_host_without_a_master_user_is_opened_by_each_mailbox_s_own_password_from_a_sealed_file(
    outside: tuple[OldHost, NewHost, TenantServer, object], tmp_path: Path
) -> None:
    office = Office(tmp_path, *outside[:3])
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as folder:
        host = Dovecot(Path(folder), "own", mail=MAILDIR, tls=True)
        identity = pyrage.x25519.Identity.generate()
        (tmp_path / "key").write_text(str(identity), encoding="utf-8")
        listed = f"login;password\n{BOXES[0]};{PASSWORD}\n{BOXES[1]};tout-faux\n".encode()
        (tmp_path / "old.csv.age").write_bytes(pyrage.encrypt(listed, [identity.to_public()]))
        table = (
            f'[legacy.ovh]\nhost = "127.0.0.1"\nport = {host.port}\ntls = "starttls"\nca_file = "{host.ca_file}"\n'
            'mailbox_passwords_file = "old.csv.age"\n[passwords]\nidentity_file = "key"\n'
        )
        settings = (tmp_path / "reconcile.toml").read_text(encoding="utf-8").partition("[legacy.ovh]")[0]
        (tmp_path / "reconcile.toml").write_text(settings + table, encoding="utf-8")
        try:
            host.start()
            Box(host, BOXES[0]).put("INBOX", letter(1), letter(2))
            office.queue(BOXES)
            code, said = office.run("work", "--once")
        finally:
            host.stop()
    assert code == 6, said
    assert f"{BOXES[0]}: 2 messages copied" in said
    assert f"refuses the login {BOXES[1]}" in said
    assert "correct its line in mailbox_passwords_file" in said
    assert f"COPY82 No password of {BOXES[2]} is in old.csv.age" in said
    written = b"".join(path.read_bytes() for path in (tmp_path / "spfstate").rglob("*") if path.is_file())
    assert b"tout-faux" not in written + said.encode()
