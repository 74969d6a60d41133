"""Places to keep state in: a folder, memory, servers of our own, and others that answer as clouds are documented to."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.ports import free_port
from tests.postgresql import Cluster

from reconcile.clock import SystemClock
from reconcile.state.stores.cloud import CloudBucket
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.http import HttpStore, Login
from reconcile.state.stores.objects import ObjectStore
from reconcile.state.stores.postgres import PostgresStore
from reconcile.state.stores.store import Store

Another = Callable[[], Store]


def folder(tmp_path: Path) -> Another:
    return lambda: FolderStore(tmp_path)


def memory() -> Another:
    from obstore.store import MemoryStore

    bucket = CloudBucket(MemoryStore(), "memory")
    return lambda: ObjectStore(bucket, SystemClock(), lambda: None)


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """An emulated S3 with an empty bucket, "spf"; its address."""
    import requests
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        requests.put(f"http://127.0.0.1:{port}/spf", timeout=10).raise_for_status()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def s3_bucket(address: str, location: str, *, retries: int = 5, **client: Any) -> CloudBucket:
    config = {"endpoint": address, "access_key_id": "AKIA", "secret_access_key": "s3cr3t", "region": "us-east-1"}
    retry = {"max_retries": retries}
    return CloudBucket.at(location, config=config, client_options={"allow_http": True, **client}, retry_config=retry)


def s3(address: str) -> Another:
    location = f"s3://spf/{uuid.uuid4()}"
    return lambda: ObjectStore(s3_bucket(address, location), SystemClock(), lambda: None)


@contextlib.contextmanager
def azurite_server() -> Iterator[str]:
    """Azurite with an empty container, "spf"; its address."""
    command = os.environ.get("AZURITE_BLOB") or shutil.which("azurite-blob")
    if not command:
        pytest.fail("azurite-blob is not installed: run make test-stores")
    port = free_port()
    arguments = ["--blobPort", str(port), "--silent", "--inMemoryPersistence", "--skipApiVersionCheck"]
    with subprocess.Popen([command, *arguments, "--disableTelemetry"], stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            address = f"http://127.0.0.1:{port}/devstoreaccount1"
            _make_container(address)
            yield address
        finally:
            process.terminate()


#: The well-known account of every Azure emulator: not a secret.
_EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def _make_container(address: str) -> None:
    import base64
    import hashlib
    import hmac

    import requests

    when = dt.datetime.now(dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-date": when, "x-ms-version": "2021-08-06"}
    signed = "PUT" + "\n" * 12 + f"x-ms-date:{when}\nx-ms-version:2021-08-06\n"
    signed += "/devstoreaccount1/devstoreaccount1/spf\nrestype:container"
    signature = base64.b64encode(
        hmac.new(base64.b64decode(_EMULATOR_KEY), signed.encode(), hashlib.sha256).digest()
    ).decode()
    headers["Authorization"] = f"SharedKey devstoreaccount1:{signature}"
    requests.put(f"{address}/spf?restype=container", headers=headers, timeout=10).raise_for_status()


def azure(address: str) -> Another:
    config: dict[str, Any] = {
        "account_name": "devstoreaccount1",
        "account_key": _EMULATOR_KEY,
        "endpoint": address,
    }
    location = f"az://spf/{uuid.uuid4()}"

    def another() -> Store:
        bucket = CloudBucket.at(location, config=config, client_options={"allow_http": True})
        return ObjectStore(bucket, SystemClock(), lambda: None)

    return another


def google(address: str) -> Another:
    key = {"gcs_base_url": address, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    config: dict[str, Any] = {"service_account_key": json.dumps(key)}
    location = f"gs://spf/{uuid.uuid4()}"

    def another() -> Store:
        bucket = CloudBucket.at(location, config=config, client_options={"allow_http": True})
        return ObjectStore(bucket, SystemClock(), lambda: None)

    return another


def postgres(cluster: Cluster) -> Another:
    url = cluster.database()
    return lambda: PostgresStore(url)


class StrictGitLab:
    """GitLab's Terraform states as its sources describe them: every field of a lock required, a write only under the
    lock it names, a serial only once.
    """

    def __init__(self) -> None:
        self.states: dict[str, dict[int, bytes]] = {}
        self.locks: dict[str, dict[str, str]] = {}
        self.guard = threading.Lock()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        head, _, rest = path.removeprefix("/api/v4/projects/").partition("/terraform/state/")
        if head != "42":
            return 404, b'{"message":"404 Project Not Found"}'
        name, _, lock = rest.partition("/")
        with self.guard:
            match method, lock:
                case "GET", "":
                    versions = self.states.get(name)
                    return (200, versions[max(versions)]) if versions else (404, b'{"message":"404 Not found"}')
                case "POST", "":
                    return self._write(name, query.get("ID", [""])[0], body), b""
                case "POST", "lock":
                    return self._lock(name, json.loads(body))
                case "DELETE", "lock":
                    if self.locks.get(name, {}).get("ID") != json.loads(body)["ID"]:
                        return 409, b""
                    del self.locks[name]
                    return 200, b""
        return 405, b""

    def _write(self, name: str, lock: str, body: bytes) -> int:
        if self.locks.get(name, {}).get("ID", "") != lock:
            return 409
        serial = json.loads(body)["serial"]
        if serial in self.states.get(name, {}):
            return 422
        self.states.setdefault(name, {})[serial] = body
        return 200

    def _lock(self, name: str, body: dict[str, str]) -> tuple[int, bytes]:
        if set(body) != {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}:
            return 400, b""
        if name in self.locks:
            return 409, json.dumps(self.locks[name]).encode()
        self.locks[name] = body
        return 200, json.dumps(body).encode()


@contextlib.contextmanager
def gitlab_server() -> Iterator[str]:
    """A strict GitLab; the address of its states."""
    gitlab = StrictGitLab()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers["Authorization"] != "Basic Z2l0bGFiLWNpLXRva2VuOmpvYg==":
                status, said = 401, b""
            else:
                status, said = gitlab.answer(self.command, parts.path, parse_qs(parts.query), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v4/projects/42/terraform/state"
        server.shutdown()


def gitlab(address: str) -> Another:
    login = Login("gitlab-ci-token", "job")
    return lambda: HttpStore(address, login, ["spf13", "spf55"])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
