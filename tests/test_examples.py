"""The examples pass their own tests, in processes of their own: their models are no part of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import Databases, Postgres

ROOT = Path(__file__).parents[1]


@pytest.mark.long
@pytest.mark.parametrize("example", [path.name for path in sorted((ROOT / "examples").iterdir()) if path.is_dir()])
def test_an_example_passes_its_own_tests(example: str, databases: Databases) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if isinstance(databases, Postgres):
        environment["EREBUS_TEST_DATABASE_URL"] = databases.url("postgres")

    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        command, cwd=ROOT / "examples" / example, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
