"""Documents that open with a password in the programs everybody has: a workbook, and pages in one PDF. In memory."""

from __future__ import annotations

import io
from collections.abc import Sequence


def encrypted_workbook(workbook: bytes, password: str) -> bytes:
    """An .xlsx that Excel and LibreOffice open with the password: ECMA-376 agile encryption, AES-256. ASCII only."""
    from msoffcrypto.format.ooxml import OOXMLFile

    sealed = io.BytesIO()
    OOXMLFile(io.BytesIO(workbook)).encrypt(password, sealed)
    return sealed.getvalue()


def pages_in_one(documents: Sequence[bytes], title: str, password: str | None = None) -> bytes:
    """PDFs one after the other in one. With a password, any reader asks for it: AES-256 (ISO 32000-2)."""
    from pypdf import PdfReader, PdfWriter

    book = PdfWriter()
    for document in documents:
        book.append(PdfReader(io.BytesIO(document)))
    book.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    book.add_metadata({"/Title": title})
    if password is not None:
        book.encrypt(password, algorithm="AES-256")
    written = io.BytesIO()
    book.write(written)
    return written.getvalue()
