"""``reconcile validate`` and ``reconcile schema`` as a postmaster and a pipeline meet them."""

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("reconcile"))
GOOD = """\
code: "55"
name: Meuse
domain: spf55.org
mailboxes:
  lou.petit@spf55.org:
    licence: E1
    directory: {last_name: Petit, first_name: Lou}
"""


def reconcile(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "federations").mkdir()
    write(tmp_path, GOOD)
    return tmp_path


def write(project: Path, text: str, name: str = "spf55.yaml") -> None:
    (project / "federations" / name).write_text(text, encoding="utf-8")


def test_a_good_folder_is_said_to_be_good(project: Path) -> None:
    result = reconcile(project, "validate")
    assert (result.returncode, result.stdout, result.stderr) == (
        0,
        "1 federation file, 1 mailbox: no remark.\n",
        "no reconcile.toml here: protected names and old hosts are not checked\n",
    )


def test_mistakes_are_shown_with_their_line_a_caret_and_a_tally(project: Path) -> None:
    write(project, GOOD.replace("E1", "E4").replace("last_name", "nom"))
    result = reconcile(project, "validate")
    assert result.returncode == 3
    assert result.stdout == (
        "federations/spf55.yaml:6:14: SPF105 error: 'E4' is not a licence\n"
        "    6 |     licence: E4\n"
        "      |              ^\n"
        "      → write E1, E3 or shared\n"
        "federations/spf55.yaml:7:17: SPF103 error: the key 'nom' is unknown here\n"
        "    7 |     directory: {nom: Petit, first_name: Lou}\n"
        "      |                 ^\n"
        "      → did you mean 'last_name'?\n"
        "1 federation file: 2 errors.\n"
    )


def test_warnings_and_notices_do_not_fail(project: Path) -> None:
    write(project, GOOD.replace("lou.petit@", "contact@"))
    result = reconcile(project, "validate")
    assert result.returncode == 0
    assert "SPF204 warning" in result.stdout
    assert result.stdout.endswith("1 federation file, 1 mailbox: 1 warning.\n")


@pytest.mark.parametrize("key", ["漢字漢字", "e\u0301e\u0301te\u0301", "🎈", "été", "x" * 300])
def test_the_caret_stands_under_the_mistake_whatever_the_width_of_the_letters(project: Path, key: str) -> None:
    write(project, GOOD.replace("name: Meuse", f'name: Meuse\ncontact: {{"{key}": 1, licence: 2}}'))
    lines = reconcile(project, "validate").stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if "the key 'licence'" in line)
    source, caret = lines[at + 1], lines[at + 2]
    before = source[: source.index("licence: 2")]
    columns = sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before
    )
    assert caret.index("^") == columns


def test_a_tab_before_the_mistake_does_not_move_the_caret(project: Path) -> None:
    write(project, GOOD.replace("licence: E1", "licence:\tE4"))
    lines = reconcile(project, "validate").stdout.splitlines()
    assert lines[1].index("E4") == lines[2].index("^")


def test_what_a_terminal_would_obey_is_never_printed(project: Path) -> None:
    write(project, GOOD.replace("E1", '"\\e[31mE4\\a"') + "# \x1b[2J\n")
    write(project, GOOD.replace("E1", '"\\e[31mE4\\a"').replace("name: ", "name: !%1b[31m "), "spf88.yaml")
    write(project, "", "spf\x1b[31m.yaml")
    for shape in ("text", "github"):
        assert "\x1b" not in reconcile(project, "validate", "--format", shape).stdout


def test_colour_comes_when_asked_for_and_never_says_anything_alone(project: Path) -> None:
    write(project, GOOD.replace("E1", "E4"))
    plain = reconcile(project, "--color", "never", "validate", FORCE_COLOR="1").stdout
    coloured = reconcile(project, "--color", "always", "validate").stdout
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert "SPF105 error" in plain


def test_a_file_wrong_throughout_does_not_flood_the_screen(project: Path) -> None:
    write(project, GOOD + "not_migrated:\n" + "- x\n" * 5000)
    shown = reconcile(project, "validate").stdout.splitlines()
    assert len(shown) < 500
    assert shown[-2:] == [
        "federations/spf55.yaml: 401 more remarks are not shown; fix these first",
        "1 federation file: 501 errors.",
    ]


def test_machines_get_json(project: Path) -> None:
    write(project, GOOD.replace("E1", "E4"))
    result = reconcile(project, "validate", "--format", "json")
    answer = json.loads(result.stdout)
    assert result.returncode == 3
    assert (answer["format"], answer["valid"], answer["files"]) == (1, False, 1)
    assert answer["diagnostics"] == [
        {
            "code": "SPF105",
            "severity": "error",
            "path": "federations/spf55.yaml",
            "line": 6,
            "column": 14,
            "message": "'E4' is not a licence",
            "hint": "write E1, E3 or shared",
        }
    ]


def test_github_gets_annotations_it_cannot_misread(project: Path) -> None:
    write(project, GOOD.replace("E1", '"100%\\n::error::x"'))
    result = reconcile(project, "validate", "--format", "github")
    assert result.stdout == (
        "::error file=federations/spf55.yaml,line=6,col=14,title=SPF105"
        "::'100%25\N{REPLACEMENT CHARACTER}::error::x' is not a licence (write E1, E3 or shared)\n"
    )


def test_gitlab_gets_a_code_quality_report(project: Path) -> None:
    write(project, GOOD.replace("E1", "E4").replace("last_name", "nom"))
    report = json.loads(reconcile(project, "validate", "--format", "gitlab").stdout)
    assert [(one["check_name"], one["severity"], one["location"]["lines"]["begin"]) for one in report] == [
        ("SPF105", "critical", 6),
        ("SPF103", "critical", 7),
    ]
    assert len({one["fingerprint"] for one in report}) == 2


def test_one_federation_is_judged_among_all_but_only_its_remarks_are_shown(project: Path) -> None:
    write(project, GOOD.replace('"55"', '"88"').replace("E1", "E4"), "spf88.yaml")
    for asked in ("55", "spf55", "federations/spf55.yaml", str(project / "federations/spf55.yaml")):
        result = reconcile(project, "validate", asked)
        assert result.returncode == 3, asked
        assert "SPF601" in result.stdout, asked
        assert "E4" not in result.stdout, asked


def test_a_file_elsewhere_is_judged_on_its_own(project: Path) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere/spf55.yaml").write_text(GOOD)
    for asked in ("elsewhere/spf55.yaml", "elsewhere"):
        assert reconcile(project, "validate", asked).returncode == 0, asked
    assert reconcile(project, "validate", "elsewhere", "55").returncode == 64


def test_what_reconcile_toml_protects_is_refused(project: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    settings = (root / "reconcile.toml").read_text().replace('"postmaster@spf55.org"', '"lou.petit@spf55.org"')
    (project / "reconcile.toml").write_text(settings)
    result = reconcile(project, "validate")
    assert result.returncode == 3
    assert "SPF603 error: the address lou.petit@spf55.org is protected" in result.stdout


@pytest.mark.parametrize("asked", ["99", "nowhere.yaml", "no/where/spf55.yaml"])
def test_what_does_not_exist_is_said_without_a_traceback(project: Path, asked: str) -> None:
    result = reconcile(project, "validate", asked)
    assert result.returncode == 3
    assert "Traceback" not in result.stderr
    assert asked in result.stdout + result.stderr


def test_the_wrong_folder_is_said_without_a_traceback(tmp_path: Path) -> None:
    result = reconcile(tmp_path, "validate")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.splitlines()[1].startswith("CFG01 Cannot read the folder federations")


def test_the_schema_is_written_and_compared(project: Path) -> None:
    assert json.loads(reconcile(project, "schema").stdout)["title"]
    assert reconcile(project, "schema", "--check").returncode == 1
    assert reconcile(project, "schema", "-o", "schemas/federation.schema.json").returncode == 0
    assert reconcile(project, "schema", "--check").returncode == 0
    with (project / "schemas/federation.schema.json").open("a") as file:
        file.write(" ")
    assert reconcile(project, "schema", "--check").returncode == 1
    assert "CFG05" in reconcile(project, "schema", "-o", "federations/spf55.yaml/x").stderr


def test_a_day_may_be_played_before_it_comes(project: Path) -> None:
    shutil.copy(Path(__file__).resolve().parents[2] / "reconcile.toml", project)
    write(project, GOOD + "migration: {date: 2025-03-03}\nlegacy: {server: mutualise}\n")
    assert "SPF511" not in reconcile(project, "validate", "--as-of", "2025-02-25").stdout
    result = reconcile(project, "validate", "--as-of", "2025-02-26")
    assert result.returncode == 0
    assert "SPF511 warning: since 2025-02-26 (J-5)" in result.stdout
    refused = reconcile(project, "validate", "--as-of", "demain")
    assert refused.returncode == 64
    assert "Traceback" not in refused.stderr
