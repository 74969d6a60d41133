"""What each file of a folder that begins says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from importlib import resources

from reconcile.documents.pipelines.template import Template

#: What the tool writes and git is not to hold, and secrets (docs/state.md).
IGNORED = ("/spfstate/", "/plans/", "/sheets/", "/secrets/", "/.sandbox/")


@dataclasses.dataclass(frozen=True, slots=True)
class OldHost:
    """An old mail host: its name in the files, its IMAP server, and the user who may open every mailbox."""

    name: str
    host: str
    master_user: str


@dataclasses.dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of a network before its first federation file.

    ``forge``: github, gitlab or none. ``dns_host`` empty: every zone will be at a DNS host or changed by hand.
    """

    tenant: str
    initial_domain: str
    client_id: str
    copier_principal: str
    protected: tuple[str, ...]
    dns_host: str
    dns_key: str
    old: OldHost | None
    batches: tuple[dt.date, ...]
    state: str
    forge: str


def files(beginning: Beginning, schema: str) -> Mapping[str, str]:
    """Path → text. ``schema`` is the JSON Schema of a federation file."""
    return {
        "reconcile.toml": settings_text(beginning),
        ".gitignore": "".join(f"{line}\n" for line in IGNORED),
        "schemas/federation.schema.json": schema,
        ".vscode/settings.json": _editor(),
        ".editorconfig": _packaged("editorconfig"),
        "federations/.gitkeep": "",
    }


def settings_text(beginning: Beginning) -> str:
    """reconcile.toml, with a comment wherever something is left to say."""
    sign_in = beginning.forge if beginning.forge != "none" else "secret"
    return Template(_packaged("reconcile.toml")).substitute(
        protected=_list(beginning.protected),
        state=f"state = {_quoted(beginning.state)}" if beginning.state else '# state = "s3://bucket/folder"',
        tenant=_quoted(beginning.tenant),
        initial_domain=_quoted(beginning.initial_domain),
        client_id=_quoted(beginning.client_id),
        copier_principal=_quoted(beginning.copier_principal),
        sign_in=_quoted(sign_in),
        dns=_dns(beginning),
        legacy=_legacy(beginning.old),
        batches=_batches(beginning.batches),
    )


def _dns(beginning: Beginning) -> str:
    if not beginning.dns_host:
        return (
            "[dns]                                   # every zone is at a DNS host or changed by hand: docs/dns.md\n"
            '# [dns.hosted.ovh]\n# service = "ovh"\n# zones = ["spf55.org"]\n# options = {endpoint = "ovh-eu"}'
        )
    return (
        f"[dns]\nhost = {_quoted(beginning.dns_host)}\nkey_name = {_quoted(beginning.dns_key)}"
        "    # TSIG; its secret: RECONCILE_DNS_KEY"
    )


def _legacy(old: OldHost | None) -> str:
    if old is None:
        return "[legacy]                                # none: nothing is copied"
    name = old.name
    return (
        f"[legacy.{name}]\nhost = {_quoted(old.host)}\nport = 993\n"
        f"master_user = {_quoted(old.master_user)}    # its password: RECONCILE_LEGACY_PASSWORD\n\n"
        f"# How it refuses the users of a federation that moves; without it none is moved (docs/lock.md).\n"
        f"# [legacy.{name}.lock]\n\n"
        f"# Where the tenant sends mail for addresses it does not know, after the switch (docs/cutover.md).\n"
        f"# [legacy.{name}.relay]\n\n"
        f"# Where its addresses and sizes are read from (docs/inventory.md).\n"
        f"# [legacy.{name}.inventory.csv]"
    )


def _batches(dates: Iterable[dt.date]) -> str:
    told = "\n\n".join(f"[[batches]]\ndate = {date.isoformat()}" for date in sorted(set(dates)))
    return told or "# [[batches]]                           # day J of each batch\n# date = 2027-01-18"


def _editor() -> str:
    """Both editors and language servers that read VS Code's settings complete and check federation files by it."""
    return json.dumps({"yaml.schemas": {"./schemas/federation.schema.json": "federations/*.yaml"}}, indent=2) + "\n"


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL, which TOML wants escaped (TOML 1.0, String)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _packaged(name: str) -> str:
    return (resources.files(__package__) / "texts" / name).read_text(encoding="utf-8")
