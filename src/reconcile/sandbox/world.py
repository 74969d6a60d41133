"""The whole outside world in one object: tenant, DNS, old host full of mail, new host."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pyrage
import pyrage.x25519

from reconcile.sandbox.corpus import EMPTY_FOLDERS, mail_from, sample_mail
from reconcile.sandbox.dns.seed import MICROSOFT_MX, OLD_MX, first_day
from reconcile.sandbox.dns.server import DnsServer
from reconcile.sandbox.first_day import Seed, check_mail
from reconcile.sandbox.folder import SandboxFolder
from reconcile.sandbox.imap.exchange_behaviour import ExchangeBehaviour
from reconcile.sandbox.imap.maildir import write_maildir
from reconcile.sandbox.imap.new import NewHost, TokenIssuer
from reconcile.sandbox.imap.old import Accounts, OldHost
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp
from reconcile.sandbox.settings_tables import KEY_ALGORITHM, KEY_NAME, Parts, settings_tables
from reconcile.sandbox.smtp.exchange import ExchangeSmtp
from reconcile.sandbox.smtp.internet import Internet
from reconcile.sandbox.smtp.listening import SmtpListener
from reconcile.sandbox.smtp.way_out import WayOut
from reconcile.sandbox.tenant.behaviour.profiles import PROFILES
from reconcile.sandbox.tenant.server import TenantOptions, TenantServer

_CORPUS = "sandbox"

#: How the name of a world's folder under the system's temporary one begins.
RUNTIME_PREFIX = "reconcile-sandbox-"


_Server = DnsServer | OldHost | TenantServer | NewHost | SmtpListener | ExchangeSmtp


#: So many mailboxes are filled between two notes of how far it is.
_NOTED_EVERY = 50


class World:
    """All four servers, in this process but for the two Dovecots. A context manager: started on entry, gone on exit.

    ``folder`` receives ``settings.toml`` (an overlay of reconcile.toml), the secrets and a note of what runs;
    everything else stands in one folder of the system's temporary one and goes with the world. ``record`` receives the
    tenant's traffic as HAR. ``profile`` is the tenant's behaviour: calm, realistic or hostile. The two Dovecots are
    this machine's unless other programs are named: they may be of two releases. ``postfix``: the old host also receives
    mail, lets its users send and speaks POP3.
    """

    tenant: TenantServer
    dns: DnsServer
    old: OldHost
    new: NewHost
    internet: Internet
    exchange: ExchangeSmtp

    def __init__(
        self,
        folder: Path,
        seed: Seed,
        record: Path | None = None,
        profile: str = "calm",
        old_dovecot: Path | None = None,
        new_dovecot: Path | None = None,
        *,
        postfix: bool = False,
    ) -> None:
        self.folder = SandboxFolder(folder)
        self._seed = seed
        self._record = record
        self._profile = PROFILES[profile]
        self._dovecots = old_dovecot, new_dovecot
        self._mail_flows = postfix
        # A mailbox of each federation that nobody uses, by which a lock is proved.
        canaries = [f"canari@{domain}" for domain in seed.zones] if postfix else []
        self._canaries = dict.fromkeys(canaries, secrets.token_urlsafe(12))
        self._runtime: Path | None = None
        self._running: list[_Server] = []

    @property
    def settings(self) -> Path:
        return self.folder.settings

    def start(self) -> None:
        """Start everything, fill the old host, write the settings. On a failure nothing is left behind.

        Raises Problem: SBX05, SBX10, SBX11, SBX14, SBX15, SBX16 (a server cannot start), SBX12, SBX20, SBX21 (mail
        that cannot be placed).
        """
        check_mail(self._seed)
        self._runtime = Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX))
        self._runtime.chmod(0o711)  # the mail's owner goes through
        note: dict[str, Any] = {"pid": os.getpid(), "runtime": str(self._runtime), "ready": False}
        self.folder.take_note(note)
        try:
            note |= self._open(self._runtime, note)
        except BaseException:
            self.stop()
            raise
        self.folder.take_note(note | {"ready": True})

    def stop(self) -> None:
        """Stop everything and remove every file. Harmless when stopped already."""
        while self._running:
            self._running.pop().stop()
        if self._runtime is not None:
            shutil.rmtree(self._runtime, ignore_errors=True)
            self._runtime = None
            self.folder.forget()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _open(self, runtime: Path, note: Mapping[str, Any]) -> dict[str, Any]:
        """Start the four servers; the note of where they are. ``note``: what is known so far."""
        dns_secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self.dns = DnsServer(first_day(self._seed.zones), {KEY_NAME: (dns_secret, KEY_ALGORITHM)})
        self.internet = Internet(self.dns.resolve)
        _, new_dovecot = self._dovecots
        self.old = self._old_host(runtime / "old")
        usual = ExchangeBehaviour(renamed_at_sign_in=self._profile.renamed_at_sign_in)
        self.new = NewHost(runtime / "new", new_dovecot, usual, receives=self._mail_flows)
        self.tenant = TenantServer(
            runtime / "tenant",
            resolve=self.dns.resolve,
            mailboxes=self.new,
            record=self._record,
            options=TenantOptions(profile=self._profile, seats=self._seed.seats),
            post=self.internet,
        )
        self._vault_key = pyrage.x25519.Identity.generate()
        messages = self._fill(note)
        self._start(self.dns, self.old, self.tenant)
        self.new.start(
            TokenIssuer(
                self.tenant.issuer,
                self.tenant.signing_key_id,
                self.tenant.public_key_pem,
                self.tenant.client_id,
                self.tenant.copier_principal,
            )
        )
        self._running.append(self.new)
        self._let_mail_flow()
        parts = Parts(self.tenant, self.dns, dns_secret, self.old, self.new, self._vault_key, self._canaries)
        edge = self.exchange.listener.port if self._mail_flows else None
        self.folder.write_settings(settings_tables(parts, self._seed.servers, edge, self.folder.keep_secret))
        return {
            "control": self.tenant.control,
            "control_ca": str(self.tenant.ca_file),
            "servers": {
                "tenant": self.tenant.url,
                "dns": f"127.0.0.1:{self.dns.port}",
                "old": f"127.0.0.1:{self.old.port}",
                "new": f"127.0.0.1:{self.new.port}",
                **self._smtp(),
            },
            "zones": len(self._seed.zones),
            "old_mailboxes": len({box.login for box in self._seed.legacy if box.named}),
            "old_unnamed": sum(not box.named for box in self._seed.legacy)
            + sum(not forward.named for forward in self._seed.forwards),
            "old_messages": messages,
        }

    def _old_host(self, folder: Path) -> OldHost:
        legacy = self._seed.legacy
        readers = {one.login for one in self._seed.public}
        logins = sorted({box.login for box in legacy} | readers | self._canaries.keys())
        accounts = Accounts(
            addresses={box.login.lower(): box.address for box in legacy},
            aliases={forward.address: forward.targets for forward in self._seed.forwards},
            known=self._canaries,
        )
        options: dict[str, Any] = {
            "accounts": accounts,
            "odd": self._profile.odd_old_host,
            "public": [one.name for one in self._seed.public],
        }
        program, _ = self._dovecots
        if not self._mail_flows:
            return OldHost(folder, logins, program, **options)
        way_out = WayOut(self.internet, OLD_MX)
        self._start(way_out.listener)
        return OldHostWithSmtp(folder, logins, program, world=way_out.listener.port, **options)

    def _let_mail_flow(self) -> None:
        """Both hosts can be reached under their public addresses."""
        if isinstance(self.old, OldHostWithSmtp):
            exchange = ExchangeSmtp(self.tenant.world, self.internet, lambda: self.new.lmtp_port)
            self._start(exchange)
            self.exchange = exchange
            self.internet.places |= dict.fromkeys(OLD_MX, self.old.postfix.ports.inbound)
            self.internet.places |= dict.fromkeys(MICROSOFT_MX, exchange.listener.port)

    def _smtp(self) -> dict[str, str]:
        """Where the old host and the tenant receive mail, if they do."""
        if not isinstance(self.old, OldHostWithSmtp):
            return {}
        return {
            "smtp": f"127.0.0.1:{self.old.postfix.ports.inbound}",
            "exchange": f"127.0.0.1:{self.exchange.listener.port}",
            "submission": f"127.0.0.1:{self.exchange.submission.port}",
        }

    def _start(self, *servers: DnsServer | OldHost | TenantServer | SmtpListener | ExchangeSmtp) -> None:
        for server in servers:
            server.start()
            self._running.append(server)

    def _fill(self, note: Mapping[str, Any]) -> int:
        """Mail for every old mailbox; how many messages. How far it is stands in the note, for whoever waits."""
        written = 0
        boxes = {box.login: box for box in self._seed.legacy}.values()
        for number, box in enumerate(boxes):
            if number and number % _NOTED_EVERY == 0:
                self.folder.take_note({**note, "filled": number, "to_fill": len(boxes)})
            maildir, source = self.old.maildir(box.login), self._seed.mail.get(box.address)
            if source is not None:
                written += write_maildir(maildir, self.old.owner, mail_from(source))
            else:
                invented = sample_mail(box.address, _CORPUS, self._seed.messages)
                written += write_maildir(maildir, self.old.owner, invented, EMPTY_FOLDERS)
        for shared in self._seed.public:
            written += self.old.publish(shared.name, sample_mail(shared.address, _CORPUS, self._seed.messages))
        for one in self._seed.filters:
            self.old.filter(one.login, one.name, one.script)
        return written
