"""Where a test leaves what a person should look at: ``.artefacts/``, one picture a page."""

from __future__ import annotations

import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".artefacts"


def picture(name: str, pdf: bytes) -> Path:
    """The first page of a PDF as ``.artefacts/NAME.png``, drawn by Poppler."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.pdf").write_bytes(pdf)
    drawn = ["pdftoppm", "-r", "80", "-png", "-singlefile", str(FOLDER / f"{name}.pdf"), str(FOLDER / name)]
    subprocess.run(drawn, check=True, capture_output=True)
    return FOLDER / f"{name}.png"
