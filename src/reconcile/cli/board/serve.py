"""``reconcile serve``: the board while the migration goes on."""

from __future__ import annotations

import ipaddress
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from reconcile.cli.board.report import words
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.cli.session.signals import graceful_shutdown
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.settings.tables.board import BoardAccess
    from reconcile.web.app import Authentication


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of this machine to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8055, show_default=True, help="0: any that is free.")
@click.option(
    "--plan", type=click.Path(path_type=Path), help="The saved plan to show; the newest of plans/ unless said."
)
@click.option("--sign-in", is_flag=True, help="Let those look who sign in as [board] of reconcile.toml says.")
@as_of_option
@click.pass_obj
def serve(session: Session, host: str, port: int, plan: Path | None, sign_in: bool) -> int:
    """Serve the board: its figures follow what happens, until Ctrl-C.

    Everything is told from the files, the state and the list of copies: nothing outside is asked, nothing is changed.
    On this machine alone, unless whoever looks signs in.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError:
        raise Problem("BRD03", "The board's server is not installed.", "pip install 'reconcile[board]'") from None
    from reconcile.cli.board.gathering import Gathering
    from reconcile.web.app import NoAuthentication, board_app
    from reconcile.web.server import BoardServer
    from reconcile.web.watching import Watched

    access = _access(session) if sign_in else None
    if access is None:
        _refuse_others(host)
    authentication = _authentication(session, access) if access else NoAuthentication()
    watched = Watched(Gathering(session, plan), words(session), session.warn)
    with _listening(host, port) as listener:
        name, number = listener.getsockname()[:2]
        own = (f"{each}:{number}" for each in ("127.0.0.1", "localhost", "[::1]"))
        hosts = frozenset([urlsplit(access.address).netloc] if access else own)
        server = BoardServer(
            lambda ending: board_app(watched, authentication, hosts, ending, secure=access is not None), watched.wake
        )
        with graceful_shutdown(server.end):
            shown = f"[{name}]" if ":" in name else name
            called = Phrase(", called {address}", address=access.address) if access else ""
            session.warn(
                Phrase(
                    "The board is at http://{shown}:{number}/{called}; Ctrl-C ends it.",
                    shown=shown,
                    number=number,
                    called=called,
                )
            )
            server.run(sockets=[listener])
    return DONE


def _access(session: Session) -> BoardAccess:
    access = session.settings.board
    if access is None:
        raise Problem(
            "BRD08", "reconcile.toml does not say who may look at the board.", "see docs/board.md, [board]", 3
        )
    return access


def _authentication(session: Session, access: BoardAccess) -> Authentication:
    from reconcile.web.entra import MsalEntra
    from reconcile.web.signing_in import ByEntra

    tenant = session.settings.tenant
    secret = session.secret("RECONCILE_BOARD_SECRET", access.client_secret_file, "client secret of the board's app")
    entra = MsalEntra(
        f"{tenant.authority.rstrip('/')}/{tenant.id}",
        access.client_id,
        secret,
        access.address,
        str(tenant.ca_file) if tenant.ca_file else True,
    )
    return ByEntra(entra, access.role, access.hours, words(session), session.warn, time.monotonic)


def _refuse_others(host: str) -> None:
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise click.UsageError(Phrase("--host: {host!r} is no address, like 127.0.0.1.", host=host)) from None
    if not loopback:
        raise Problem(
            "BRD04",
            Phrase("Whoever reaches {host} could look at the board without signing in.", host=host),
            "say --sign-in, or listen on 127.0.0.1",
            5,
        )


def _listening(host: str, port: int) -> socket.socket:
    """Raises ``Problem`` BRD05 when the address or the port cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        hint = "another board may be there: choose another --port"
        raise Problem(
            "BRD05",
            Phrase("Cannot listen on {host}, port {port}: {strerror}.", host=host, port=port, strerror=error.strerror),
            hint,
        ) from None
    return listener
