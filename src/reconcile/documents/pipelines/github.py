"""The workflows of GitHub Actions (docs.github.com, "Workflow syntax"; ``schedule.timezone`` since March 2026)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from reconcile.documents.pipelines.network import Network
from reconcile.documents.pipelines.template import filled

#: Pinned by commit; the first releases that run on Node.js 24.
ACTIONS = {
    "checkout": "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
    "python": "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0",
    "upload": "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
}
FOLDER = ".github/workflows"


def workflows(network: Network) -> Mapping[str, str]:
    """The text of each file, by its path in the repository."""
    values = {
        **ACTIONS,
        "branch": network.branch,
        "timezone": network.timezone,
        "identity": "id-token: write # the tenant trusts the job" if network.lent else "",
        "reading_environment": "environment: reading" if network.environments else "",
        "writing_environment": "environment: production" if network.environments else "",
        "reading": _secrets(network.reading, "READER"),
        "writing": _secrets(network.writing, ""),
        "schedule": _schedule(network.starts, network.timezone),
    }
    return {
        f"{FOLDER}/{name}.yml": filled(f"github-{name}.yml", **values) for name in ("plan", "apply", "day", "drift")
    }


def _secrets(names: Iterable[str], infix: str) -> str:
    """The tenant's secret is the reader's in a job that only reads: another application's."""
    own = {name: name.replace("RECONCILE_CLIENT", f"RECONCILE_{infix}") if infix else name for name in names}
    return "\n".join(f"{name}: ${{{{ secrets.{secret} }}}}" for name, secret in own.items())


def _schedule(starts: Iterable[dt.datetime], timezone: str) -> str:
    lines = [
        f'- cron: "{start.minute} {start.hour} {start.day} {start.month} *" # {start:%d/%m/%Y}\n  timezone: {timezone}'
        for start in starts
    ]
    return "\n".join(["schedule:", *("  " + line.replace("\n", "\n  ") for line in lines)]) if lines else ""
