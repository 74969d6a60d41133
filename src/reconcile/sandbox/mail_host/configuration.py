"""main.cf and master.cf of an instance of its own: all it writes stands in one folder, all it hears is on loopback."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from reconcile.sandbox.mail_host.installed import InstalledPostfix

HOST_NAME = "mail.ancien-hebergeur.example"


@dataclasses.dataclass(frozen=True, slots=True)
class Ports:
    """Of 127.0.0.1. ``inbound``: where the world delivers; ``submission``: where users send, after STARTTLS and their
    password; ``local``: where the host's own forms and scripts send, without one. ``lmtp`` and ``sasl`` are Dovecot's.
    """

    inbound: int
    submission: int
    local: int
    lmtp: int
    sasl: int


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """The folder of an instance, and its server's certificate and key."""

    folder: Path
    certificate: Path
    key: Path


def main_cf(place: Place, installed: InstalledPostfix, ports: Ports, tables: Mapping[str, str], world: int) -> str:
    """``world`` is the port of 127.0.0.1 that takes what is not delivered here, in place of a look-up of its MX; 0
    when nothing does, and such mail waits in the queue.
    """
    onwards = f"[127.0.0.1]:{world or 1}"
    parameters = {
        "compatibility_level": "3.6",
        "queue_directory": f"{place.folder}/queue",
        "data_directory": f"{place.folder}/lib",
        "daemon_directory": str(installed.daemons),
        "command_directory": str(installed.commands),
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "maillog_file": f"{place.folder}/postfix.log",
        "maillog_file_prefixes": str(place.folder),
        "myhostname": HOST_NAME,
        "mydestination": "",
        "alias_maps": "",
        "local_recipient_maps": "",
        "inet_protocols": "ipv4",
        "inet_interfaces": "127.0.0.1",
        # The whole world is on loopback here, so being there is no right to send.
        "mynetworks": "",
        "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": f"inet:127.0.0.1:{ports.sasl}",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": str(place.certificate),
        "smtpd_tls_key_file": str(place.key),
        "smtpd_tls_auth_only": "yes",
        "virtual_transport": f"lmtp:inet:127.0.0.1:{ports.lmtp}",
        "default_transport": f"smtp:{onwards}",
        "relay_transport": f"relay:{onwards}",
        # Mail ends there: reports say delivered, and not that it was passed on to another server of this machine.
        "lmtp_assume_final": "yes",
        "biff": "no",
        # Delays are for strangers; here they would only slow the tests down.
        "smtpd_error_sleep_time": "0",
        "smtpd_client_connection_count_limit": "0",
        "smtpd_hard_error_limit": "1000",
        "smtpd_soft_error_limit": "1000",
        "minimal_backoff_time": "5s",
        "queue_run_delay": "5s",
        **tables,
    }
    return "".join(f"{name} = {value}\n" for name, value in parameters.items())


def master_cf(ports: Ports) -> str:
    """The services, none in a folder of its own (chroot), which would have to be filled."""
    sender = "-o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
    lines = [
        f"127.0.0.1:{ports.inbound} inet n - n - - smtpd",
        f"127.0.0.1:{ports.submission} inet n - n - - smtpd {sender} -o smtpd_recipient_restrictions=",
        f"127.0.0.1:{ports.local} inet n - n - - smtpd -o mynetworks=127.0.0.0/8",
        "pickup unix n - n 60 1 pickup",
        "cleanup unix n - n - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "tlsmgr unix - - n 1000? 1 tlsmgr",
        "rewrite unix - - n - - trivial-rewrite",
        *(f"{name} unix - - n - 0 bounce" for name in ("bounce", "defer", "trace")),
        "verify unix - - n - 1 verify",
        "flush unix n - n 1000? 0 flush",
        "proxymap unix - - n - - proxymap",
        "proxywrite unix - - n - 1 proxymap",
        *(f"{name} unix - - n - - smtp" for name in ("smtp", "relay")),
        "showq unix n - n - - showq",
        *(f"{name} unix - - n - - error" for name in ("error", "retry")),
        "discard unix - - n - - discard",
        "lmtp unix - - n - - lmtp",
        "anvil unix - - n - 1 anvil",
        "scache unix - - n - 1 scache",
        "postlog unix-dgram n - n - 1 postlogd",
    ]
    return "".join(f"{line}\n" for line in lines)
