"""The command signs in to a tenant as reconcile.toml says, without any sandbox's help, and leaves no token behind."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.providers.microsoft.identities import AUDIENCE, Forge, certificate
from tests.providers.microsoft.world import World

from reconcile.sandbox.dns.server import DnsServer

COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()", "rehearse"]
SUBJECT = "repo:spf/mailboxes:environment:production"
FEDERATION = """\
schema: 1
code: "55"
name: Fédération de la Meuse
domain: spf55.org
mailboxes:
  lou.petit@spf55.org: {licence: E1, directory: {last_name: Petit, first_name: Lou}}
"""
SETTINGS = """\
[tenant]
id = "{tenant.id}"
initial_domain = "{tenant.initial_domain}"
client_id = "{tenant.client_id}"
copier_principal = "{tenant.copier_principal}"
authority = "{tenant.authority}"
graph = "{tenant.graph}"
exchange = "{tenant.exchange}"
ca_file = "{tenant.ca_file}"
sign_in = "{sign_in}"
{more}

[dns]
host = "127.0.0.1"
port = {dns.port}
key_name = "reconcile"

[legacy]
"""
ZONE = """\
@ 3600 SOA ns1.mutualise.example. hostmaster.mutualise.example. 1 3600 600 1209600 300
@ 3600 NS ns1.mutualise.example.
@ 3600 MX 10 mx1.mutualise.example.
@ 3600 TXT "v=spf1 mx -all"
"""


class Project:
    """A folder with one federation, before a tenant that is nobody's sandbox as far as the command can tell."""

    def __init__(self, folder: Path, world: World, dns: DnsServer) -> None:
        self.folder = folder
        self.world = world
        self.dns = dns
        (folder / "federations").mkdir()
        (folder / "federations" / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")

    def start(self, sign_in: str, more: str = "", **environment: str) -> subprocess.Popen[str]:
        text = SETTINGS.format(tenant=self.world.settings.tenant, dns=self.dns, sign_in=sign_in, more=more)
        (self.folder / "reconcile.toml").write_text(text, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "ACTIONS_"))}
        return subprocess.Popen(
            COMMAND,
            cwd=self.folder,
            env={**kept, "NO_COLOR": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def ready(self, process: subprocess.Popen[str]) -> None:
        """Graph and Exchange took the token, and it was written nowhere. There is no DNS to rehearse with."""
        said, warned = process.communicate(timeout=120)
        assert "✓ Exchange answers the application." in said, said + warned
        assert "✓ The application has every permission it needs." in said
        for text in (said, warned, *(path.read_text(encoding="utf-8") for path in self.folder.rglob("*.*"))):
            assert not re.search(r"eyJ[\w-]+\.eyJ", text)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    world = World(tmp_path / "tenant")
    folder = tmp_path / "project"
    folder.mkdir()
    dns = DnsServer({"spf55.org": ZONE}, {})
    dns.start()
    yield Project(folder, world, dns)
    dns.stop()
    world.stop()


@pytest.fixture
def forge(project: Project) -> Forge:
    """What lends the jobs their identity; the application trusts it."""
    made = Forge("https://token.example")
    project.world.control("credential", {"issuer": made.issuer, "subject": SUBJECT, "keys": made.keys()})
    return made


def test_with_a_certificate(project: Project, tmp_path: Path) -> None:
    held = certificate()
    project.world.control("credential", {"certificate": held.public_certificate})
    (tmp_path / "app.pem").write_text(held.private_key + held.public_certificate, encoding="ascii")
    project.ready(project.start("certificate", f'certificate_file = "{tmp_path / "app.pem"}"'))


def test_with_the_identity_of_a_gitlab_job(project: Project, forge: Forge) -> None:
    project.ready(project.start("gitlab", RECONCILE_ID_TOKEN=forge.token(SUBJECT)))


def test_with_the_identity_of_a_github_job(project: Project, forge: Forge) -> None:
    class Lender(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            known = self.headers["Authorization"] == "Bearer of-the-job" and asked["audience"] == [AUDIENCE]
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps({"value": forge.token(SUBJECT)} if known else {}).encode())

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lender) as lender:
        threading.Thread(target=lender.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{lender.server_port}/token"
        lent = {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}
        project.ready(project.start("github", NO_PROXY="127.0.0.1", **lent))
        lender.shutdown()


def test_as_the_person_at_the_keyboard(project: Project) -> None:
    process = project.start("device")
    assert process.stderr is not None
    shown = process.stderr.readline()
    code = re.search(r"enter the code (\w+)", shown)
    assert code, shown
    project.world.control("device", {"user_code": code[1], "as": project.world.administrator})
    project.ready(process)
