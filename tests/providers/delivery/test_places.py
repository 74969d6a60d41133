"""One contract, three real places: a file is laid once, whole, and in nobody's stead."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.providers.delivery.servers import PASSWORD, USER, openssh, user, webdav

from reconcile.problem import Problem
from reconcile.providers.delivery.deposit import deposit
from reconcile.providers.delivery.folder import Folder
from reconcile.providers.delivery.place import Occupied, Place, Unsure
from reconcile.providers.delivery.sftp import connected
from reconcile.providers.delivery.webdav import WebDav

CONTENT = bytes(range(256)) * 400
NAME = "spf55-mots-de-passe-2025-01-19-1a2b3c4d.xlsx"
WAYS = ("folder", "webdav", "sftp")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    root = tmp_path_factory.mktemp("places")
    shared = root / "accounts"
    shared.mkdir()
    with openssh(root / "ssh") as ssh, webdav(shared) as dav:
        yield {"ssh": ssh, "dav": dav, "folder": shared}


@pytest.fixture
def account(servers: dict[str, Any], request: pytest.FixtureRequest) -> Path:
    """A folder of its own for each test, as the account that receives."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    folder = Path(servers["folder"]) / name
    folder.mkdir()
    return folder


@contextlib.contextmanager
def opened(way: str, servers: dict[str, Any], account: Path) -> Iterator[Place]:
    if way == "folder":
        yield Folder(account)
    elif way == "webdav":
        yield WebDav(servers["dav"], account.name, USER, PASSWORD, None)
    else:
        port, key, known = servers["ssh"]
        with connected("127.0.0.1", port, user(), str(account), known, key_file=key) as place:
            yield place


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_there_whole_and_only_once(way: str, servers: dict[str, Any], account: Path) -> None:
    with opened(way, servers, account) as place:
        assert place.read(NAME) is None
        deposit(place, NAME, CONTENT)
        deposit(place, NAME, CONTENT)
        assert place.read(NAME) == CONTENT
    assert [one.name for one in account.iterdir()] == [NAME]
    assert (account / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("way", WAYS)
def test_another_file_of_that_name_stays_as_it_is(way: str, servers: dict[str, Any], account: Path) -> None:
    (account / NAME).write_bytes(b"somebody else's")
    with opened(way, servers, account) as place:
        with pytest.raises(Occupied):
            place.put(NAME, CONTENT)
        with pytest.raises(Problem) as refusal:
            deposit(place, NAME, CONTENT)
    assert refusal.value.code == "SEC11"
    assert (account / NAME).read_bytes() == b"somebody else's"
    assert [one.name for one in account.iterdir()] == [NAME]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cut", [0, 1, len(CONTENT) - 1])
def test_what_a_broken_upload_left_is_replaced_by_the_whole(
    way: str, cut: int, servers: dict[str, Any], account: Path
) -> None:
    (account / NAME).write_bytes(CONTENT[:cut])
    with opened(way, servers, account) as place:
        deposit(place, NAME, CONTENT)
    assert (account / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("way", ["webdav", "sftp"])
def test_an_account_that_is_not_there_is_said_and_not_made(way: str, servers: dict[str, Any], account: Path) -> None:
    account.rmdir()
    with opened(way, servers, account) as place, pytest.raises(Problem, match="has no folder") as refusal:
        deposit(place, NAME, CONTENT)
    assert refusal.value.code in ("SEC14", "SEC15")
    assert not account.exists()


def test_a_folder_of_our_own_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    deposit(Folder(tmp_path / "meuse"), NAME, CONTENT)
    assert (tmp_path / "meuse").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "meuse" / NAME).stat().st_mode & 0o777 == 0o600


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"kept")
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Problem) as refusal:
        deposit(Folder(tmp_path), NAME, CONTENT)
    assert refusal.value.code == "SEC13"
    assert (tmp_path / "elsewhere").read_bytes() == b"kept"


def test_a_wrong_password_is_said_without_it(servers: dict[str, Any], account: Path) -> None:
    with pytest.raises(Problem) as refusal:
        deposit(WebDav(servers["dav"], account.name, USER, "Faux-mot-de-passe", None), NAME, CONTENT)
    assert refusal.value.code == "SEC14"
    assert "Faux" not in f"{refusal.value} {refusal.value.hint}"


def test_another_key_or_an_unknown_host_is_refused(servers: dict[str, Any], account: Path, tmp_path: Path) -> None:
    port, key, known = servers["ssh"]
    with (
        pytest.raises(Problem, match="does not let") as refusal,
        connected("127.0.0.1", port, user(), str(account), known, key_file=key.with_name("other")),
    ):
        pytest.fail("it was let in")
    assert refusal.value.code == "SEC15"
    (tmp_path / "known_hosts").write_text("")
    with (
        pytest.raises(Problem, match="not in known_hosts_file"),
        connected("127.0.0.1", port, user(), str(account), tmp_path / "known_hosts", key_file=key),
    ):
        pytest.fail("a stranger was trusted")
    stranger = key.with_name("other.pub").read_text().split()[:2]
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(stranger)}\n")
    with (
        pytest.raises(Problem, match="another host key"),
        connected("127.0.0.1", port, user(), str(account), tmp_path / "known_hosts", key_file=key),
    ):
        pytest.fail("another host was trusted")


Faulty = Callable[[dict[str, Any], Callable[..., Any]], Any]


def losing(*, done: bool, cut: bool = False) -> tuple[list[str], Callable[[Any], Any]]:
    """An application whose first PUT is answered 500: after it was carried out, halfway, or not at all."""
    struck: list[str] = []

    def between(app: Any) -> Any:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            if environ["REQUEST_METHOD"] != "PUT" or struck:
                return app(environ, start)
            struck.append(environ["PATH_INFO"])
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            if done or cut:
                import io

                whole = body[: len(body) // 2] if cut else body
                environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(whole), str(len(whole))
                list(app(environ, lambda *_: None))
            start("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]

        return answer

    return struck, between


@pytest.mark.parametrize(("done", "cut"), [(True, False), (False, False), (False, True)])
def test_a_lost_answer_is_settled_by_looking(tmp_path: Path, done: bool, cut: bool) -> None:
    (tmp_path / "meuse").mkdir()
    struck, between = losing(done=done, cut=cut)
    with webdav(tmp_path, between) as url:
        deposit(WebDav(url, "meuse", USER, PASSWORD, None), NAME, CONTENT)
    assert struck
    assert (tmp_path / "meuse" / NAME).read_bytes() == CONTENT


def test_a_server_that_keeps_nothing_is_told(tmp_path: Path) -> None:
    class Forgetful:
        def read(self, name: str) -> bytes | None:
            return None

        def put(self, name: str, content: bytes) -> None:
            raise Unsure("it answered 500")

        def remove(self, name: str) -> None:
            raise AssertionError("nothing to remove")

    with pytest.raises(Problem, match="laid 3 times") as refusal:
        deposit(Forgetful(), NAME, CONTENT)
    assert refusal.value.code == "SEC12"


def test_a_server_that_ends_is_said(tmp_path: Path) -> None:
    with webdav(tmp_path) as url:
        pass
    with pytest.raises(Problem, match="did not answer") as refusal:
        deposit(WebDav(url, "meuse", USER, PASSWORD, None), NAME, CONTENT)
    assert refusal.value.code == "SEC14"
