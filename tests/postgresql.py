"""A throw-away PostgreSQL from Debian: its own folder and port, no password on loopback, started and killed at will."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from tests.ports import free_port

_databases = itertools.count(1)


@contextlib.contextmanager
def postgresql() -> Iterator[Cluster]:
    """A cluster that runs for a while. Most tests share the session's (fixture ``cluster``)."""
    with tempfile.TemporaryDirectory(prefix="reconcile-pg-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Path(folder)).start()
        try:
            yield cluster
        finally:
            cluster.stop()


class Cluster:
    """One server and its databases."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        assert found, "PostgreSQL is not installed: run scripts/setup dev"
        self._programs = found[-1].parent
        self._folder = folder / "cluster"
        self._as_user: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._as_user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")
        self.port = free_port()
        self._run("initdb", "-D", str(self._folder), "-A", "trust", "-U", "spf", "--no-sync")

    def start(self) -> Cluster:
        # -F: no test pulls the plug of the machine, and what a killed server wrote the kernel still has.
        options = f"-F -p {self.port} -k '' -h 127.0.0.1 -c max_connections=60"
        self._run(
            "pg_ctl", "-D", str(self._folder), "-w", "-t", "60", "-o", options, "-l", f"{self._folder}/log", "start"
        )
        return self

    def stop(self) -> None:
        """At once: no session is waited for, and the next start recovers."""
        self._run("pg_ctl", "-D", str(self._folder), "-w", "-m", "immediate", "stop", check=False)

    def kill(self) -> None:
        """SIGKILL to the server and all its sessions. Ends when nothing of it is left."""
        master = int((self._folder / "postmaster.pid").read_text().split()[0])
        sessions = _children(master)
        for process in [master, *sessions]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        while any(Path(f"/proc/{process}").exists() for process in [master, *sessions]):
            time.sleep(0.05)

    def database(self) -> str:
        """The URL of an empty one."""
        name = f"spf{next(_databases)}"
        with psycopg.connect(f"postgresql://spf@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://spf@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *words: str, check: bool = True) -> None:
        command = [*self._as_user, str(self._programs / program), *words]
        subprocess.run(command, check=check, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _children(parent: int) -> list[int]:
    """What the kernel lists as started by a process, whichever of its threads did (proc(5))."""
    lists = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text().split()]
