"""Federation files from a folder: read, typed, checked against each other, in an order that never varies."""

from __future__ import annotations

import dataclasses
import difflib
import errno
import functools
import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reconcile.config.document.characters import misplaced_characters
from reconcile.config.document.decode import decode_file
from reconcile.config.document.document import SIZE_LIMIT, Document, Unreadable, decode, read_document
from reconcile.config.document.flaw import Flaw
from reconcile.config.federation.federation import Federation, Mark, Route
from reconcile.config.rules import check, check_names
from reconcile.config.rules.catalogue import Finding
from reconcile.config.rules.criteria import FILES_ALONE, Criteria
from reconcile.config.rules.diagnostic import Diagnostic
from reconcile.config.structures.register import places
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

_INVALID = 3  # the exit code for configuration that cannot be used


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The federations that are valid, and every remark on all files in the order of the files.

    ``errors`` are the remarks that make a file invalid, ``lesser`` finds the others; ``paths`` are all the files read,
    valid or not; ``sources`` the text of those that are text.
    """

    federations: tuple[Federation, ...]
    errors: tuple[Diagnostic, ...]
    lesser: Callable[[], Iterable[Diagnostic]] = dataclasses.field(compare=False)
    paths: tuple[Path, ...]
    sources: Mapping[Path, str]

    @functools.cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every remark. Those that are no error are looked for now: most commands never ask."""
        return _in_order([*self.errors, *self.lesser()])

    def only(self, paths: Collection[Path]) -> Loaded:
        """What concerns these files."""
        return Loaded(
            tuple(one for one in self.federations if one.path in paths),
            tuple(one for one in self.errors if one.path in paths),
            lambda: (one for one in self.diagnostics if one.path in paths),
            tuple(path for path in self.paths if path in paths),
            self.sources,
        )

    def select(self, names: Sequence[str] = ()) -> tuple[Federation, ...]:
        """The federations called ``spf55`` or ``55``; all of them without names.

        Raises ``Problem`` CFG04 for a name nobody has, CFG03 when one of those chosen is invalid.
        """
        chosen = self.only(self.named(names)) if names else self
        if errors := chosen.errors:
            first, more = errors[0], len(errors) - 1
            place = f"{first.path}:{first.line}:{first.column}"
            message = Phrase("{place}: {code} {said}", place=place, code=first.code, said=first.message)
            if more:
                message = Phrase.counted(
                    "{first} (and 1 more error)", "{first} (and {number} more errors)", more, first=message
                )
            raise Problem("CFG03", message, "see them all with: reconcile validate", _INVALID)
        return chosen.federations

    def named(self, names: Sequence[str]) -> frozenset[Path]:
        """The files of these federations. Raises ``Problem`` CFG04 for a name nobody has."""
        known = {path.stem: path for path in self.paths}
        chosen = set()
        for name in names:
            slug = next((one for one in (name.lower(), f"spf{name.lower()}") if one in known), None)
            if slug is None:
                near = difflib.get_close_matches(name.lower(), known, 1)
                hint = (
                    Phrase("did you mean {near}?", near=near[0])
                    if near
                    else Phrase("the known ones: {known}", known=", ".join(sorted(known)))
                )
                raise Problem("CFG04", Phrase("No federation is called {name!r}.", name=name), hint, _INVALID)
            chosen.add(known[slug])
        return frozenset(chosen)


def load_federations(folder: Path, criteria: Criteria = FILES_ALONE) -> Loaded:
    """Load every ``*.yaml`` of a folder, and judge them by ``criteria`` as well.

    Raises ``Problem`` CFG01 when the folder cannot be read, CFG04 when it holds no federation.
    """
    try:
        paths = [path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.name[0] != "."]
    except OSError as error:
        hint = Phrase("run from the project's folder, or give --chdir")
        raise Problem(
            "CFG01",
            Phrase("Cannot read the folder {folder}: {strerror}.", folder=folder, strerror=error.strerror),
            hint,
            _INVALID,
        ) from None
    if not paths:
        raise Problem(
            "CFG04",
            Phrase("{folder} holds no federation file.", folder=folder),
            "a federation is a file like spf55.yaml",
            _INVALID,
        )
    return load_files(paths, criteria)


def load_files(paths: Iterable[Path], criteria: Criteria = FILES_ALONE) -> Loaded:
    """Load these files and check them together."""
    remarks: list[Diagnostic] = []
    sources: dict[Path, str] = {}
    federations: list[Federation] = []
    broken: dict[Path, frozenset[Route]] = {}
    ordered = sorted(set(paths))
    for number, path in enumerate(ordered):
        if (shown := _shown(path)) != path:
            ordered[number] = shown
            flaw = Flaw("SPF604", 1, 1, "the file's name holds what is no character to write", "rename it spf55.yaml")
            remarks.append(_remark(flaw, shown))
            continue
        try:
            raw = read_file(path)
            sources[path] = decode(raw)
        except Unreadable as stop:
            remarks.append(_remark(stop.flaw, path))
            continue
        if misplaced := list(misplaced_characters(sources[path])):  # YAML would blame what follows them
            remarks += [_remark(flaw, path) for flaw in misplaced]
            continue
        document = read_document(sources[path])
        remarks += [_remark(flaw, path) for flaw in document.flaws]
        if document.broken:
            continue
        decoded = decode_file(document)
        remarks += [finding.at(document.marks, path) for finding in decoded.findings]
        if decoded.file is None:
            continue
        slug = f"spf{decoded.file.code.lower()}"
        marks, digest = _lowered(document), hashlib.sha256(raw).hexdigest()
        federation = Federation(
            slug, path, decoded.file, marks, digest, places(decoded.file.structures, criteria.register)
        )
        federations.append(federation)
        broken[path] = decoded.broken

    def placed(found: Iterable[tuple[Federation, Finding]]) -> Iterator[Diagnostic]:
        for federation, finding in found:
            if finding.route[:2] not in broken[federation.path]:
                yield finding.at(federation.marks, federation.path)

    found = list(check(federations, criteria))
    lesser = [one for one in found if one[1].weight != "error"]
    remarks += placed(one for one in found if one[1].weight == "error")
    errors = _in_order(one for one in remarks if one.severity == "error")

    def find_lesser() -> Iterator[Diagnostic]:
        yield from (one for one in remarks if one.severity != "error")
        yield from placed(lesser)
        yield from placed(check_names(federations))

    # Some of the federations are only a likeness of what their file means: those with an error.
    invalid = {one.path for one in errors}
    return Loaded(
        tuple(federation for federation in federations if federation.path not in invalid),
        errors,
        find_lesser,
        tuple(ordered),
        sources,
    )


def _in_order(remarks: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(set(remarks), key=lambda one: one.order))


def read_file(path: Path) -> bytes:
    """The bytes of a file, one more than the limit at most. Raises ``Unreadable``."""
    if path.suffix == ".yml":
        raise Unreadable(
            Flaw("SPF604", 1, 1, "federation files end in .yaml", Phrase("rename it {stem}.yaml", stem=path.stem))
        )
    try:
        # A link could lead to any file, and remarks quote lines; a pipe or a device may have no end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable(Flaw("SPF101", 1, 1, "this is not an ordinary file"))
            return file.read(SIZE_LIMIT + 1)
    except IsADirectoryError:
        raise Unreadable(Flaw("SPF101", 1, 1, "this is a folder, not a file")) from None
    except OSError as error:
        why: str | Phrase = error.strerror or str(error)
        hint: str | Phrase = ""
        if error.errno == errno.ELOOP:
            why, hint = Phrase("it is a symbolic link"), Phrase("put the file itself in its place")
        elif isinstance(error, PermissionError):
            hint = Phrase("check who may read it")
        raise Unreadable(Flaw("SPF101", 1, 1, Phrase("the file cannot be read: {why}", why=why), hint)) from None


def _shown(path: Path) -> Path:
    """The path with whatever could move a cursor or begin a line of its own written as an escape."""
    text = str(path)
    return path if text.isprintable() else Path(text.encode("unicode_escape").decode())


def _remark(flaw: Flaw, path: Path) -> Diagnostic:
    return Diagnostic(flaw.code, "error", path, flaw.line, flaw.column, flaw.message, flaw.hint)


def _lowered(document: Document) -> Mapping[Route, Mark]:
    """The marks, each mailbox under its address as the models write it."""
    mailboxes = document.tree.get("mailboxes")
    if all(str(address) == str(address).strip().lower() for address in mailboxes or ()):
        return document.marks
    return {
        (route[0], str(route[1]).strip().lower(), *route[2:])
        if route[:1] == ("mailboxes",) and route[1:]
        else route: mark
        for route, mark in document.marks.items()
    }
