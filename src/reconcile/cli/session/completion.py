"""What a shell completes: the federations of the folder the command works in."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from reconcile.cli.session.session import Session


class FederationName(StringParamType):
    """A federation by its slug, or whatever else the argument takes: nothing is refused here."""

    name = "federation"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        folder = Path(ctx.find_root().params.get("chdir") or ".") / Session.federations
        chosen = ctx.params.get(param.name or "") or ()
        return [
            CompletionItem(path.stem)
            for path in sorted(folder.glob("*.yaml"))
            if path.stem.startswith(incomplete) and path.stem not in chosen
        ]


#: For every argument that takes federations.
FEDERATION = FederationName()
