"""The board beyond its own machine: whoever looks signs in to the tenant, by real msal against the sandbox's, and holds
the role. What is forged, stale or of another browser opens nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.board import Served, served
from tests.providers.microsoft.world import World
from tests.web.test_serving import invented

from reconcile.web.sessions import Sessions

ADDRESS = "https://board.example"
HOST = {"Host": "board.example"}


class Browser:
    """What a browser does with cookies and addresses, behind a proxy that ends the encryption."""

    def __init__(self, board: Served, world: World) -> None:
        self.board, self.world = board, world
        self.cookies: dict[str, str] = {}

    def get(self, path: str = "/", **headers: str) -> requests.Response:
        return self._asked("GET", path, headers)

    def post(self, path: str, **headers: str) -> requests.Response:
        return self._asked("POST", path, headers)

    def _asked(self, method: str, path: str, headers: dict[str, str]) -> requests.Response:
        carried = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = requests.request(
            method,
            self.board.address.rstrip("/") + path,
            headers={**HOST, "Cookie": carried, **headers},
            allow_redirects=False,
            timeout=60,
        )
        for line in answer.raw.headers.getlist("set-cookie"):
            name, value = line.split(";")[0].split("=", 1)
            assert {"secure", "httponly"} <= {part.strip().lower() for part in line.split(";")}, line
            self.cookies[name] = value.strip('"')
        return answer

    def to_entra(self) -> str:
        """Begin to sign in; the page of the tenant's one is sent to."""
        assert self.get("/").headers["Location"] == "/sign-in"
        away = self.get("/sign-in")
        assert away.status_code == 303
        return away.headers["Location"]

    def at_entra(self, page: str) -> str:
        """Sign in there; the address one is sent back to, without the host."""
        back = requests.get(page, verify=str(self.world.server.ca_file), allow_redirects=False, timeout=60)
        assert back.status_code == 302, back.text
        target = urlsplit(back.headers["Location"])
        assert f"{target.scheme}://{target.netloc}" == ADDRESS
        return f"{target.path}?{target.query}"

    def sign_in(self) -> requests.Response:
        return self.get(self.at_entra(self.to_entra()))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("tenant"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def board(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    stage = invented(tmp_path_factory.mktemp("stage"))
    tenant = world.settings.tenant
    secret = stage.folder / "secret"
    secret.write_text(world.server.client_secret, encoding="utf-8")
    path = stage.folder / "reconcile.toml"
    text = re.sub(r'(?m)^id = "0000.*$', f'id = "{tenant.id}"', path.read_text(encoding="utf-8"))
    more = f'authority = "{tenant.authority}"\nca_file = "{tenant.ca_file}"\n\n'
    access = f'[board]\naddress = "{ADDRESS}"\nclient_id = "{tenant.client_id}"\nclient_secret_file = "secret"\n'
    path.write_text(text.replace("\n[licences]", f"\n{more}{access}\n[licences]", 1), encoding="utf-8")
    with served(stage, "--sign-in", "--as-of", "2025-01-10") as running:
        yield running


@pytest.fixture
def browser(board: Served, world: World) -> Browser:
    seated(world, "Board.Read")
    return Browser(board, world)


def seated(world: World, *roles: str) -> None:
    redirects = [f"{ADDRESS}/signed-in"]
    world.control("keyboard", {"as": world.administrator, "roles": list(roles), "redirects": redirects})


def test_who_signs_in_and_holds_the_role_looks_until_they_sign_out(browser: Browser, world: World) -> None:
    assert browser.sign_in().headers["Location"] == "/"
    page = browser.get("/")
    assert page.status_code == 200
    assert world.administrator in page.text
    assert page.headers["Cache-Control"] == "no-store, no-transform"
    assert page.headers["Strict-Transport-Security"]
    kept = dict(browser.cookies)
    assert browser.post("/sign-out", Origin="https://evil.example").status_code == 403
    assert browser.post("/sign-out").status_code == 403, "nobody says which page asked"
    assert browser.get("/").status_code == 200
    assert browser.post("/sign-out", Origin=ADDRESS).status_code == 200
    browser.cookies = kept
    assert browser.get("/").status_code == 303, "the session is gone, whatever the browser kept"


def test_nothing_is_told_to_who_did_not_sign_in(browser: Browser) -> None:
    for path in ("/", "/index.html", "/day.html", "/federation-spf55.html", "/no-such-page.html"):
        assert browser.get(path).headers["Location"] == "/sign-in", path
    assert browser.get("/events").status_code == 401


def test_a_sign_in_is_asked_for_as_entra_wants_it(browser: Browser, world: World) -> None:
    page = urlsplit(browser.to_entra())
    asked = {name: values[0] for name, values in parse_qs(page.query).items()}
    assert f"{page.scheme}://{page.netloc}" == world.server.url
    assert asked["redirect_uri"] == f"{ADDRESS}/signed-in"
    assert asked["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()


def test_without_the_role_one_is_signed_in_and_sees_nothing(browser: Browser, world: World) -> None:
    seated(world, "Another.Role")
    assert browser.sign_in().status_code == 403
    assert browser.get("/").status_code == 303


def test_another_browser_s_sign_in_opens_nothing(browser: Browser, board: Served, world: World) -> None:
    back = browser.at_entra(browser.to_entra())
    stranger = Browser(board, world)
    assert stranger.get(back).status_code == 400
    assert "__Host-board" not in stranger.cookies
    stranger.to_entra()
    assert stranger.get(back).status_code == 502, "the state is not the one of its own request"
    assert "__Host-board" not in stranger.cookies


def test_an_answer_is_good_once(browser: Browser) -> None:
    back = browser.at_entra(browser.to_entra())
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 400


@pytest.mark.parametrize(
    "forged", ["", "x", "x.y", "{name}", "{name}.", "{name}.{other}", "{changed}.{signature}", "é.ß"]
)
def test_a_forged_session_opens_nothing(browser: Browser, forged: str) -> None:
    browser.sign_in()
    name, _, signature = browser.cookies["__Host-board"].partition(".")
    value = forged.format(
        name=name,
        signature=signature,
        other="0" * len(signature),
        changed=name[:-1] + ("A" if name[-1] != "A" else "B"),
    )
    browser.cookies["__Host-board"] = value.encode().decode("latin-1")
    assert browser.get("/").status_code == 303


def test_the_board_answers_to_its_name_alone(browser: Browser, board: Served) -> None:
    browser.sign_in()
    local = board.address.split("/")[2]
    for host in (local, "board.example:8443", "board.example.evil.example"):
        assert browser.get("/", Host=host).status_code == 400


def test_no_password_no_token_and_no_secret_is_written(browser: Browser, board: Served, world: World) -> None:
    browser.sign_in()
    assert world.server.client_secret not in browser.get("/").text
    assert "eyJ" not in browser.get("/").text


def test_a_session_ends_with_its_hours_and_is_another_server_s_never() -> None:
    moment = [100.0]
    sessions = Sessions[str](3600, lambda: moment[0])
    cookie = sessions.open("lou")
    assert sessions.find(cookie) == "lou"
    assert Sessions[str](3600, lambda: moment[0]).find(cookie) is None
    moment[0] += 3600
    assert sessions.find(cookie) is None


def test_without_the_table_nobody_can_sign_in(tmp_path: Path) -> None:
    stage = invented(tmp_path)
    assert "BRD08" in stage.run("--live", "serve", "--sign-in", "--host", "0.0.0.0", expect=3).err
