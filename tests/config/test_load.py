"""Loading a folder of federations: what comes out, in which order, and what bad files do to it."""

import os
from pathlib import Path

import pytest

from reconcile.config.load import load_federations, load_files
from reconcile.problem import Problem

MEUSE = """\
code: "55"
name: Meuse
domain: SPF55.org
mailboxes:
  Lou.Petit@spf55.org:
    licence: e1
    aliases: [Lou@SPF55.org]
    directory: {last_name: Petit, first_name: Lou, phone: 0639980001, atrium_id: ANT CE 055 0 00000 002689}
  contact@spf55.org:
    licence: PARTAGÉE
    delegates: [lou.petit@spf55.org, {who: zoe@spf55.org, rights: [send_on_behalf, read, read]}]
  zoe@spf55.org:
    licence: E3
    aliases:      # none yet
    directory:
      last_name: Petit
      first_name: Zoé
      job_title: "No"
"""
VOSGES = 'code: "88"\nname: Vosges\ndomain: spf88.org\nmailboxes: {}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spf55.yaml").write_text(MEUSE, encoding="utf-8")
    (tmp_path / "spf88.yaml").write_text(VOSGES, encoding="utf-8")
    return tmp_path


def test_addresses_are_lowered_and_words_normalised(folder: Path) -> None:
    meuse = load_federations(folder).select(["55"])[0]
    assert meuse.domains == ("spf55.org",)
    lou, contact, zoe = meuse.file.mailboxes.values()
    assert list(meuse.file.mailboxes) == ["lou.petit@spf55.org", "contact@spf55.org", "zoe@spf55.org"]
    assert (lou.licence, contact.licence, zoe.licence) == ("E1", "shared", "E3")
    assert lou.aliases[0].address == "lou@spf55.org"
    assert (lou.directory.phone, lou.directory.atrium_id) == ("0639980001", 2689)
    assert zoe.directory.job_title == "No"
    assert [(delegate.who, delegate.rights) for delegate in contact.delegates] == [
        ("lou.petit@spf55.org", ("read", "send_as")),
        ("zoe@spf55.org", ("send_on_behalf", "read")),
    ]


def test_marks_find_a_mailbox_by_its_lowered_address(folder: Path) -> None:
    meuse = load_federations(folder).select(["spf55"])[0]
    mark = meuse.marks["mailboxes", "lou.petit@spf55.org", "licence"]
    assert (mark.key_line, mark.key_column, mark.line, mark.column) == (6, 5, 6, 14)


def test_the_order_of_files_never_varies(folder: Path) -> None:
    ways = [load_files(paths) for paths in ([*folder.iterdir()], sorted(folder.iterdir(), reverse=True))]
    assert [federation.slug for federation in ways[0].federations] == ["spf55", "spf88"]
    assert ways[0] == ways[1]
    assert ways[0].diagnostics == ways[1].diagnostics


def test_the_digest_changes_with_the_file(folder: Path) -> None:
    before = load_federations(folder).federations[0].digest
    (folder / "spf55.yaml").write_text(MEUSE + "# a comment\n", encoding="utf-8")
    assert load_federations(folder).federations[0].digest != before


@pytest.mark.parametrize("name", ["spf55", "55", "SPF55"])
def test_a_federation_is_called_by_its_code_or_its_name(folder: Path, name: str) -> None:
    assert [federation.slug for federation in load_federations(folder).select([name])] == ["spf55"]


def test_an_unknown_name_is_answered_with_the_nearest(folder: Path) -> None:
    with pytest.raises(Problem) as problem:
        load_federations(folder).select(["spf56"])
    assert (problem.value.code, problem.value.hint, problem.value.exit_code) == ("CFG04", "did you mean spf55?", 3)


def test_an_invalid_neighbour_does_not_stop_a_federation_named_by_itself(folder: Path) -> None:
    (folder / "spf88.yaml").write_text("code: [", encoding="utf-8")
    loaded = load_federations(folder)
    assert [federation.slug for federation in loaded.select(["55"])] == ["spf55"]
    for names in ([], ["88"], ["55", "88"]):
        with pytest.raises(Problem) as problem:
            loaded.select(names)
        assert (problem.value.code, problem.value.exit_code) == ("CFG03", 3)
        assert "spf88.yaml:1:8: SPF101" in problem.value.message


def test_several_mistakes_of_shape_and_meaning_come_out_together(folder: Path) -> None:
    (folder / "spf55.yaml").write_text(
        MEUSE.replace("licence: E3", "license: E3")
        .replace("Lou@SPF55.org", "lou@orange.fr")
        .replace("name: Meuse\n", "")
    )
    codes = [one.code for one in load_federations(folder).diagnostics]
    assert codes == ["SPF104", "SPF303", "SPF104", "SPF103"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not in UTF-8: byte 0x89"),
        (MEUSE.encode("utf-16"), "UTF-16"),
        (MEUSE.encode("cp1252"), "not in UTF-8: byte 0xC9"),
        (b'code: "55"\nname: a\x00b\n', "U+0000"),
        (b"code: \x1b[31m55\n", "U+001B"),
        ("code: 55\u2028name: x".encode(), "U+2028"),
        (b"# " + b"x" * 2_000_000, "larger than"),
        (b"[" * 100_000, "deeper than"),
        (b"just words", "a mapping is expected"),
        (b"- a\n- b\n", "a mapping is expected"),
        (b"~", "empty"),
        (b"code: 1\n" * 9, "already on line 1"),
        (b"%YAML 9.9\n---\na: 1\n", "not valid YAML"),
        (b"mailboxes: []\ncode: {}\nname: []\ndomain: {a: 1}\n", "a text is expected"),
        (b"mailboxes: {a@b.org: 1, c@d.org: [], ? e@f.org}\n", "a mapping is expected"),
        (b"code: '55'\nname: x\ndomain: spf55.org\nmailboxes: {}\ncontact: 3\nmigration: []\nlegacy: x\n", "a mapping"),
        (b"code: '55'\nname: x\ndomain: spf55.org\nmailboxes:\n", "'mailboxes' is empty"),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else "",
)
def test_a_bad_file_is_a_remark_and_never_a_traceback(raw: bytes, words: str, folder: Path) -> None:
    (folder / "spf55.yaml").write_bytes(raw)
    loaded = load_federations(folder)
    assert [federation.slug for federation in loaded.federations] == ["spf88"]
    assert any(words in one.message for one in loaded.errors), [one.message for one in loaded.errors]


def test_folders_pipes_and_broken_links_named_like_federations_are_remarks(folder: Path) -> None:
    (folder / "spf01.yaml").mkdir()
    os.mkfifo(folder / "spf02.yaml")
    (folder / "spf03.yaml").symlink_to("nowhere")
    (folder / "spf04.yaml").symlink_to("spf04.yaml")
    (folder / ".spf05.yaml.swp").write_text("editor's own")
    loaded = load_federations(folder)
    assert [(one.path.name, one.code) for one in loaded.diagnostics] == [
        (f"spf0{n}.yaml", "SPF101") for n in range(1, 5)
    ]
    assert [federation.slug for federation in loaded.federations] == ["spf55", "spf88"]


def test_a_file_that_cannot_be_read_is_a_remark(folder: Path) -> None:
    (folder / "spf55.yaml").unlink()
    (folder / "spf55.yaml").symlink_to("/proc/self/mem")  # a file whose reading fails, for root too
    assert "cannot be read" in load_federations(folder).diagnostics[0].message


def test_a_missing_or_empty_folder_is_a_clear_problem(tmp_path: Path) -> None:
    for folder, code in ((tmp_path / "nowhere", "CFG01"), (tmp_path, "CFG04")):
        with pytest.raises(Problem) as problem:
            load_federations(folder)
        assert (problem.value.code, problem.value.exit_code) == (code, 3)


def test_a_hundred_federations_of_a_hundred_mailboxes_load(tmp_path: Path) -> None:
    for number in range(100, 200):
        boxes = "".join(
            f"  p{n}@spf{number}.org:\n    licence: E1\n    aliases: [q{n}@spf{number}.org]\n"
            f'    directory: {{last_name: Éa{n}, first_name: Zoé, phone: "06 39 98 00 01", atrium_id: {n + 1}}}\n'
            for n in range(100)
        )
        text = f'code: "{number}"\nname: F\ndomain: spf{number}.org\nmailboxes:\n{boxes}'
        (tmp_path / f"spf{number}.yaml").write_text(text, encoding="utf-8")
    assert len(load_federations(tmp_path).select()) == 100
