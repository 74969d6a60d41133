"""``reconcile serve``: the board while the migration goes on."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import click

from reconcile.cli.board.report import words
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.moment import as_of_option
from reconcile.cli.session.session import Session
from reconcile.cli.session.signals import graceful_shutdown
from reconcile.problem import Problem


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of this machine to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8055, show_default=True, help="0: any that is free.")
@click.option(
    "--plan", type=click.Path(path_type=Path), help="The saved plan to show; the newest of plans/ unless said."
)
@as_of_option
@click.pass_obj
def serve(session: Session, host: str, port: int, plan: Path | None) -> int:
    """Serve the board: its figures follow what happens, until Ctrl-C.

    Everything is told from the files, the state and the list of copies: nothing outside is asked, nothing is changed.
    On this machine alone.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError:
        raise Problem("BRD03", "The board's server is not installed.", "pip install 'reconcile[board]'") from None
    from reconcile.cli.board.gathering import Gathering
    from reconcile.web.app import Open, board_app
    from reconcile.web.server import BoardServer
    from reconcile.web.watching import Watched

    _refuse_others(host)
    watched = Watched(Gathering(session, plan), words(session), session.warn)
    with _listening(host, port) as listener:
        name, number = listener.getsockname()[:2]
        hosts = frozenset(f"{each}:{number}" for each in ("127.0.0.1", "localhost", "[::1]"))
        server = BoardServer(lambda ending: board_app(watched, Open(), hosts, ending, secure=False), watched.wake)
        with graceful_shutdown(server.end):
            shown = f"[{name}]" if ":" in name else name
            session.warn(f"The board is at http://{shown}:{number}/; Ctrl-C ends it.")
            server.run(sockets=[listener])
    return DONE


def _refuse_others(host: str) -> None:
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise click.UsageError(f"--host: {host!r} is no address, like 127.0.0.1.") from None
    if not loopback:
        raise Problem(
            "BRD04", f"Whoever reaches {host} could look at the board without signing in.", "listen on 127.0.0.1", 5
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
        raise Problem("BRD05", f"Cannot listen on {host}, port {port}: {error.strerror}.", hint) from None
    return listener
