"""Both mail hosts of the sandbox, with the network between them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconcile.sandbox.first_day import Seed
from reconcile.sandbox.habits import LegacyBox
from reconcile.sandbox.world import World


@pytest.fixture(scope="session")
def mail_world() -> Iterator[World]:
    """spf55.org and spf88.org, both still on the old host. Names of boxes: see the tests."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    boxes = [LegacyBox(f"{name}@{domain}", f"{name}@{domain}") for name, domain in BOXES]
    with World(folder, Seed({"spf55.org": (), "spf88.org": ()}, boxes, messages=0), postfix=True) as world:
        yield world
    shutil.rmtree(folder, ignore_errors=True)


BOXES = [("contact", "spf55.org"), ("oubliee", "spf55.org"), ("zoe", "spf55.org"), ("sport", "spf88.org")]
