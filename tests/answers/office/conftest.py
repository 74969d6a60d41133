"""A LibreOffice of the tests' own, without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from tests.answers.office.libreoffice import PYTHON, Office


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed: make test-office installs it")
    if subprocess.run([PYTHON, "-c", "import uno"], capture_output=True).returncode:
        pytest.skip(f"{PYTHON} has no module uno: make test-office installs it")
    folder = tmp_path_factory.mktemp("office")
    pipe = f"reconcile-{os.getpid()}"
    command = [
        *("soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation={(folder / 'home').as_uri()}"),
        f"--accept=pipe,name={pipe};urp;",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as own:
        try:
            yield Office(pipe, folder)
        finally:
            os.killpg(own.pid, 15)
