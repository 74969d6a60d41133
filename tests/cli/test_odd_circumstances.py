"""The command where it is not at ease: output that cannot be written, files that are not what they should be."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.state.records import a_record

from reconcile.clock import SystemClock
from reconcile.resources.address import Address
from reconcile.state.journal.journal import Journal
from reconcile.state.snapshot.snapshot import Snapshot

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]
SAID = [["--help"], ["--version"], ["validate"], ["schema"], ["log"], ["copy", "status"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example federations, where nothing was applied."""
    shutil.copytree(ROOT / "federations", tmp_path / "federations")
    shutil.copy(ROOT / "reconcile.toml", tmp_path)
    return tmp_path


def shell(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which ``reconcile`` is the command; never a traceback."""
    words = " ".join(f"'{word}'" for word in COMMAND)
    done = subprocess.run(
        ["bash", "-c", f'reconcile() {{ {words} "$@"; }}; {script}'],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("RECONCILE_")} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_a_full_disk_under_the_output_is_an_error_that_is_told(folder: Path, words: list[str]) -> None:
    done = shell(folder, f"reconcile {' '.join(words)} >/dev/full")
    assert done.returncode == 1
    assert "OUT01 The output cannot be written: No space left on device." in done.stderr


@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_output_that_nobody_reads_ends_the_command_in_silence(folder: Path, words: list[str]) -> None:
    done = shell(folder, f"{{ reconcile {' '.join(words)}; }} | true")
    assert done.stderr == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_the_caller_closed_do_not_matter(folder: Path, closed: str) -> None:
    assert shell(folder, f"reconcile validate {closed}").returncode == 0
    assert shell(folder, f"reconcile nonsense {closed}").returncode == 64


def test_accents_are_said_as_they_are_in_any_locale(folder: Path) -> None:
    done = shell(folder, "reconcile validate", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", TERM="dumb")
    assert "→" in done.stdout


def test_a_fault_of_ours_is_told_without_its_words_which_may_be_secret(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text(
        "import reconcile.config.load as load\n"
        "def broken(*_, **__): raise LookupError('the password is hunter2')\n"
        "load.load_federations = broken\n"
    )
    done = shell(folder, "reconcile validate", PYTHONPATH=str(folder))
    assert done.returncode == 1
    assert "BUG01 reconcile itself is at fault: LookupError in sitecustomize.py, line 2." in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    ("content", "code"), [("", "PLN02"), ("{", "PLN02"), ("[" * 100_000, "PLN02"), ('{"format_version": 99}', "PLN03")]
)
def test_what_is_no_plan_is_not_shown(folder: Path, content: str, code: str) -> None:
    (folder / "x.json").write_text(content)
    done = shell(folder, "reconcile show x.json")
    assert (done.returncode, done.stderr[:5]) == (1, code)


def test_a_plan_that_another_version_wrote_is_not_guessed_at(folder: Path) -> None:
    from reconcile.planning.plan.planfile import digest

    body = {"format_version": 1, "created": "yesterday"}
    (folder / "x.json").write_text(json.dumps({**body, "digest": digest(body)}))
    assert "PLN02 x.json is not as this version writes plans." in shell(folder, "reconcile show x.json").stderr


def test_a_device_is_no_plan_and_never_replaced_by_one(folder: Path) -> None:
    from reconcile.problem import Problem
    from reconcile.state.durable import replace_file

    assert "not an ordinary file" in shell(folder, "reconcile show /dev/zero").stderr
    os.mkfifo(folder / "pipe")
    with pytest.raises(Problem, match="not an ordinary file"):
        replace_file(folder / "pipe", b"plan")
    assert (folder / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Europe/Paris", "Europe/Pariss", "calendar.timezone: no time zone is called 'Europe/Pariss'"),
        ("Europe/Paris", "../../etc/passwd", "calendar.timezone: no time zone"),
        ('"16:00"', '"26:00"', "calendar.lock: '26:00' is no time of day, like 16:00"),
        ("[tenant]", "[tenants]", "tenant: it is missing (and 1 more).\n  → 'tenants' is written instead"),
        (
            "usage_location",
            "usage_locaton",
            "tenant.usage_locaton: no such key is known.\n  → did you mean usage_location",
        ),
        ("# client_secret_file", "client_secret", "tenant.client_secret: no such key is known.\n  → no secret is kept"),
        ('"FR"', '"France"', "tenant.usage_location: 'France' is no country in two capital letters, like FR"),
        (
            "master_user",
            "master_usr",
            "legacy.mutualise.master_usr: no such key is known.\n  → did you mean master_user?",
        ),
        (
            "copier_principal",
            "copier_principl",
            "tenant.copier_principal: it is missing (and 1 more).\n  → 'copier_principl'",
        ),
        ("port = 53", 'port = "mx"', "dns.port: a whole number is expected"),
        ("port = 53", "port = 0", "dns.port: 0 is less than 1"),
        ("port = 993", "port = 99999", "legacy.mutualise.port: 99999 is more than 65535"),
        ("connections = 2", "connections = 0", "legacy.mutualise.connections: 0 is less than 1"),
        ("protected = [", "protected = 3\nothers = [", "protected: a list is expected, between [ and ] (and 1 more)"),
        ("E3 = [", "E3 = []\nE5 = [", "licences.E3: the list is empty (and 1 more)"),
        ('lock = "16:00"', 'lock = "19:00"', "calendar: the lock (19:00) comes after the cutover (18:00)"),
        ("[tenant]", "[tenant", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_settings_is_told_where_it_is(folder: Path, before: str, after: str, said: str) -> None:
    settings = folder / "reconcile.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    done = shell(folder, "reconcile plan")
    assert done.returncode == 3
    assert done.stderr.startswith("CFG02 reconcile.toml")
    assert said in done.stderr


def test_away_from_the_projects_folder_one_is_told_so(tmp_path: Path) -> None:
    done = shell(tmp_path, "reconcile plan")
    assert done.returncode == 3
    assert done.stderr.startswith("CFG01 Cannot read reconcile.toml: No such file or directory.")
    assert "--chdir" in done.stderr


def test_the_account_of_the_runs_goes_on_past_damaged_lines(folder: Path) -> None:
    runs = folder / "spfstate" / "runs"
    runs.mkdir(parents=True)
    damaged = ['{"event": "run"}', '{"event": "intent"}', '{"event": "end", "tally": 3}', "[]", "{", "[" * 100_000]
    whole = '{"event": "intent", "address": "spf55/mailbox/contact@spf55.org", "action": "create"}'
    (runs / "20260330T160000Z-5f3a9c.jsonl").write_text("\n".join([*damaged, whole, ""]))
    done = shell(folder, "reconcile log && reconcile log 2026")
    assert done.returncode == 0
    assert "contact@spf55.org" in done.stdout


def test_a_journal_laid_in_the_folder_is_no_record_of_a_state_kept_elsewhere(folder: Path) -> None:
    settings = folder / "reconcile.toml"
    settings.write_text(f'state = "{folder}/elsewhere"\n{settings.read_text(encoding="utf-8")}', encoding="utf-8")
    account = Address("spf55", "mailbox", "camille@spf55.org")
    with Journal.create(folder / "spfstate/runs", "20250101T000000Z-aaaaaa", {}, SystemClock()) as journal:
        journal.opens(Snapshot("spf55", "line"))
        journal.outcome(account, "create", "done", dataclasses.replace(a_record(), address=account))
    done = shell(folder, "reconcile state list spf55")
    assert "camille" not in done.stdout
    assert done.stderr.startswith("STA12")
    settings.write_text(settings.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    assert "camille" in shell(folder, "reconcile state list spf55").stdout  # where the state lives, it counts


def test_an_authority_that_is_not_there_is_no_fault_of_ours(folder: Path) -> None:
    settings = folder / "reconcile.toml"
    text = settings.read_text(encoding="utf-8").replace("[tenant]", '[tenant]\nca_file = "nowhere.pem"', 1)
    settings.write_text(text, encoding="utf-8")
    done = shell(folder, "reconcile plan", RECONCILE_CLIENT_SECRET="s", RECONCILE_DNS_KEY="cw==")
    assert done.returncode == 1
    assert "BUG01" not in done.stdout + done.stderr
    assert "tenant.ca_file" in done.stdout + done.stderr


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "runtime": 3, "ready": true}'])
def test_a_sandbox_note_that_makes_no_sense_is_cleared_away(folder: Path, note: str) -> None:
    (folder / ".sandbox").mkdir()
    (folder / ".sandbox" / "world.json").write_text(note)
    assert shell(folder, "reconcile sandbox status").returncode == 1
    assert shell(folder, "reconcile sandbox down").returncode == 0
    assert not (folder / ".sandbox").exists()


def test_a_sandbox_note_that_lies_costs_no_other_folder(folder: Path) -> None:
    (folder / ".sandbox").mkdir()
    (folder / ".sandbox" / "world.json").write_text(json.dumps({"pid": 1, "runtime": str(folder / "federations")}))
    shell(folder, "reconcile sandbox down")
    assert (folder / "federations" / "spf55.yaml").exists()


@pytest.mark.parametrize("place", ["", ".", "/", "federations"])
def test_a_plan_is_not_saved_in_the_place_of_a_folder(tmp_path: Path, place: str) -> None:
    from reconcile.problem import Problem
    from reconcile.state.durable import replace_file

    (tmp_path / "federations").mkdir()
    with pytest.raises(Problem, match="not an ordinary file"):
        replace_file(tmp_path / place, b"plan")
    assert [path.name for path in tmp_path.iterdir()] == ["federations"]


def test_a_saved_plan_and_a_federation_are_not_applied_together(folder: Path) -> None:
    done = shell(folder, "reconcile apply spf55 plans/monday.json")
    assert done.returncode == 64
    assert "A saved plan is applied alone" in done.stderr


def test_where_nothing_was_applied_the_state_and_the_copies_say_so(folder: Path) -> None:
    assert "Nothing is recorded yet." in shell(folder, "reconcile state list").stderr
    assert shell(folder, "reconcile copy verify").stdout == "No copy is queued.\n"


def test_a_schema_that_finds_no_room_leaves_the_former_one_whole(folder: Path) -> None:
    (folder / "schema.json").write_text("{}", encoding="utf-8")
    done = shell(folder, "ulimit -f 4; reconcile schema -o schema.json")
    assert done.returncode == 1
    assert done.stderr.startswith("CFG05 No room left to write schema.json")
    assert (folder / "schema.json").read_text(encoding="utf-8") == "{}"
    assert not list(folder.glob(".schema.json*"))


@pytest.mark.parametrize("words", ["state list", "state pull", "state show", "force-unlock"])
@pytest.mark.parametrize("name", ["../x", "spf55/", ".."])
def test_a_name_that_is_a_path_names_no_federation(folder: Path, words: str, name: str) -> None:
    more = {"state show": "/mailbox/x", "force-unlock": "' 'run"}.get(words, "")
    done = shell(folder, f"reconcile {words} '{name}{more}'")
    assert done.returncode in (1, 64)
    assert done.stderr.startswith(("STA12", "STA09", "Usage"))


def test_a_name_with_control_characters_does_nothing_to_the_terminal(folder: Path) -> None:
    for words in ("copy status", "state list", "show", "plan --changed-since"):
        done = shell(folder, f"RECONCILE_DNS_KEY=x reconcile {words} $'a\\e[31mb'")
        assert done.returncode == 1
        assert "\x1b" not in done.stderr


def test_a_process_that_dies_leaves_no_memory_behind(folder: Path) -> None:
    """Wherever the kernel was told to put it: passwords may be in it."""
    words = " ".join(f"'{word}'" for word in COMMAND)
    serving = subprocess.Popen(
        ["bash", "-c", f"ulimit -c unlimited && exec {words} serve --port 0"], cwd=folder, stderr=subprocess.PIPE
    )
    with serving:
        assert serving.stderr is not None
        assert serving.stderr.readline()
        limits = Path(f"/proc/{serving.pid}/limits").read_text()
        serving.send_signal(signal.SIGABRT)
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
    assert serving.returncode == -signal.SIGABRT
    assert not list(folder.glob("core*"))
