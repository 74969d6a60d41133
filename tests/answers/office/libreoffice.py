"""Somebody who works in LibreOffice, and what it saves."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: A format → what LibreOffice saves it with. 59 and 34 are ; and ", 1 is Western Windows, as a French Windows has it.
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "xlsx": {"FilterName": "Calc MS Excel 2007 XML"},
    "ods": {"FilterName": "calc8"},
    "xls": {"FilterName": "MS Excel 97"},
    "csv": {"FilterName": "Text - txt - csv (StarCalc)", "FilterOptions": "59,34,1,1,,0,false,true"},
    "pdf": {"FilterName": "calc_pdf_Export"},
}
#: Those that keep more than values.
WORKBOOKS = ("xlsx", "ods", "xls")
#: Python with LibreOffice's modules: the system's, for Debian packages them for it.
PYTHON = "/usr/bin/python3"
_VOLUNTEER = Path(__file__).with_name("volunteer.py")

#: What is done: a verb of ``volunteer.py``, then what it takes.
Deed = tuple[str | int, ...]


@dataclasses.dataclass(frozen=True)
class Office:
    """``pipe``: where it listens. ``folder``: for its files."""

    pipe: str
    folder: Path

    def saved(self, data: bytes, *deeds: Deed, formats: tuple[str, ...], password: str = "") -> Mapping[str, bytes]:
        """The workbook after these deeds, in each of the formats."""
        opened = self.folder / "opened.xlsx"
        opened.write_bytes(data)
        more = {"Password": password} if password else {}
        targets = {one: self.folder / f"saved.{one}" for one in formats}
        request = {
            "open": str(opened),
            "do": deeds,
            "save": [[str(path), {**FORMATS[one], **more}] for one, path in targets.items()],
        }
        command = [PYTHON, str(_VOLUNTEER), self.pipe]
        done = subprocess.run(command, input=json.dumps(request), text=True, capture_output=True, timeout=300)
        assert done.returncode == 0, (done.returncode, done.stderr)
        return {one: path.read_bytes() for one, path in targets.items()}
