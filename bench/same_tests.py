"""A pytest plugin: only the test functions whose names a file lists, one a line (see ``bench/suite.py``)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: The environment variable that names the file.
NAMES = "RECONCILE_SAME_TESTS"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = set(Path(os.environ[NAMES]).read_text(encoding="utf-8").split())
    same = [item for item in items if getattr(item, "originalname", item.name) in wanted]
    kept = set(same)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = same
