"""Documents that open with a password in the programs everybody has: a workbook, and a PDF. In memory."""

from __future__ import annotations

import io


def encrypted_workbook(workbook: bytes, password: str) -> bytes:
    """An .xlsx that Excel and LibreOffice open with the password: ECMA-376 agile encryption, AES-256. ASCII only."""
    from msoffcrypto.format.ooxml import OOXMLFile

    sealed = io.BytesIO()
    OOXMLFile(io.BytesIO(workbook)).encrypt(password, sealed)
    return sealed.getvalue()


def encrypted_pages(pages: bytes, password: str) -> bytes:
    """The same PDF, for which any reader asks the password: AES-256 (ISO 32000-2)."""
    from pypdf import PdfReader, PdfWriter

    sealed = PdfWriter(clone_from=PdfReader(io.BytesIO(pages)))
    sealed.encrypt(password, algorithm="AES-256")
    written = io.BytesIO()
    sealed.write(written)
    return written.getvalue()
