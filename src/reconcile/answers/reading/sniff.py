"""What a returned file is, by its bytes and never by its name; what is no workbook has a sentence of its own."""

from __future__ import annotations

import io
import zipfile
from typing import NamedTuple

from reconcile.answers.reading.grid import Refused

#: Bytes of the file, and of all it unpacks to; entries of the archive.
SIZE_LIMIT, UNPACKED_LIMIT, ENTRIES_LIMIT = 10_000_000, 100_000_000, 2_000

_AGAIN = "Renvoyez le classeur lui-même, au format Excel (.xlsx)."
_ENCRYPTED = Refused(
    "WBK01", "Ce fichier est protégé par un mot de passe : enregistrez-le sans mot de passe et renvoyez-le."
)
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"RIFF", b"BM")
_OTHERS = (
    (b"{\\rtf", "un texte (.rtf)"),
    (b"Rar!", "une archive (.rar)"),
    (b"7z\xbc\xaf", "une archive (.7z)"),
    (b"\x1f\x8b", "une archive (.gz)"),
    (b"MZ", "un programme"),
    (b"\x7fELF", "un programme"),
)


class Kind(NamedTuple):
    shape: str
    macros: bool = False


def kind_of(data: bytes) -> Kind:
    """xlsx, xlsb, ods, xls or csv. Raises Refused WBK01 to WBK06, WBK11."""
    if not data.strip(b"\0 \t\r\n"):
        raise Refused("WBK11", f"Ce fichier est vide. {_AGAIN}")
    if len(data) > SIZE_LIMIT:
        raise Refused(
            "WBK06", f"Ce fichier fait plus de {SIZE_LIMIT // 1_000_000} Mo : un classeur complété en fait moins d’un."
        )
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in data[:1024]:
        raise Refused("WBK02", f"Ce fichier est un PDF, qui ne se complète ni ne se relit. {_AGAIN}")
    if start.startswith(_IMAGES) or data[4:8] == b"ftyp":
        raise Refused("WBK03", f"Ce fichier est une image. {_AGAIN}")
    if data.startswith(b"PK"):
        return _archive(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(data)
    if start.startswith(b"<"):
        told = "Ce fichier est une page web renommée en classeur : ouvrez-le et enregistrez-le en .xlsx."
        raise Refused("WBK04", told)
    for magic, what in _OTHERS:
        if data.startswith(magic):
            raise Refused("WBK05", f"Ce fichier est {what}, pas un classeur. {_AGAIN}")
    if data.count(0) > len(data) // 3 * 2 or (b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff"))):
        raise Refused("WBK05", f"Ce fichier n’est pas un classeur. {_AGAIN}")
    return Kind("csv")


def _archive(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = {entry.filename.replace("\\", "/") for entry in entries}
            size = sum(entry.file_size for entry in entries)
            if size > UNPACKED_LIMIT or len(entries) > ENTRIES_LIMIT:
                raise Refused("WBK06", "Ce fichier se déplie en bien plus qu’un classeur : il n’a pas été ouvert.")
            if any(entry.flag_bits & 1 for entry in entries):
                raise _ENCRYPTED
            kind = archive.read("mimetype")[:80] if "mimetype" in names else b""
            manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
    except (zipfile.BadZipFile, KeyError, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise Refused("WBK08", f"Ce fichier est abîmé et ne s’ouvre pas. {_AGAIN}") from error
    macros = any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names)
    if b"encryption-data" in manifest:
        raise _ENCRYPTED
    if "xl/workbook.bin" in names:
        return Kind("xlsb", macros)
    if any(name.lower() == "xl/workbook.xml" for name in names):
        return Kind("xlsx", macros)
    if b"opendocument.spreadsheet" in kind:
        return Kind("ods", macros)
    if any(name.endswith(".iwa") or name == "index.apxl" for name in names):
        raise Refused("WBK05", "Ce fichier vient d’Apple Numbers : exportez-le en Excel (.xlsx) et renvoyez-le.")
    if any(name.startswith("word/") for name in names) or b"opendocument.text" in kind:
        raise Refused("WBK05", f"Ce fichier est un texte, pas un classeur. {_AGAIN}")
    raise Refused("WBK05", f"Ce fichier est une archive (.zip), pas un classeur. {_AGAIN}")


def _compound(data: bytes) -> Kind:
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as storage:
            names = {part.lower() for path in storage.listdir() for part in path}
            stream = next((one for one in ("Workbook", "Book") if storage.exists(one)), "")
            head = storage.openstream(stream).read(4096) if stream else b""
    except Exception as error:
        raise Refused("WBK08", f"Ce fichier est abîmé et ne s’ouvre pas. {_AGAIN}") from error
    if "encryptedpackage" in names or _has_filepass(head):
        raise _ENCRYPTED
    if not stream:
        raise Refused("WBK05", f"Ce fichier est un texte ou un message, pas un classeur. {_AGAIN}")
    return Kind("xls", "_vba_project_cur" in names)


def _has_filepass(head: bytes) -> bool:
    """Whether one of the first records of a .xls says that the rest is encrypted ([MS-XLS] 2.4.117)."""
    place = 0
    while place + 4 <= len(head):
        kind = int.from_bytes(head[place : place + 2], "little")
        if kind == 0x2F:
            return True
        if kind == 0x85:  # the list of sheets comes after it
            return False
        place += 4 + int.from_bytes(head[place + 2 : place + 4], "little")
    return False
