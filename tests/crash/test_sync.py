"""A disk whose fsync fails at random: of a change and its event there are both or neither, and it serves again after.

Real servers run with a small library in front of fsync and fdatasync. SQLite fails the commit; PostgreSQL stops all of
its connections and recovers, as it must: after a failed fsync nobody knows what is on the disk.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import DATABASE
from tests.crash.checking import check
from tests.crash.conftest import Database, Installation
from tests.crash.server import kill
from tests.crash.writers import writing
from tests.functional.browser import is_ci

pytestmark = pytest.mark.crash
SOURCE = Path(__file__).with_name("faulty_sync.c")
NO_COMPILER = "NO C COMPILER here: a failing fsync is not tested. Install one: apt-get install gcc libc6-dev"
PERCENT = {"sqlite": 25, "postgresql": 10}[DATABASE]  # PostgreSQL recovers from each, with more of them


@pytest.fixture(autouse=True)
def fault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """While this file is there, fsync fails at random in every process that is started from now on."""
    compiler = shutil.which("cc")
    if compiler is None:
        (pytest.fail if is_ci() else pytest.skip)(NO_COMPILER)
    with tempfile.TemporaryDirectory(prefix="erebus-sync-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # a PostgreSQL started by root is another user's
        subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "faulty_sync.so", SOURCE], check=True)
        for variable, value in {
            "LD_PRELOAD": folder / "faulty_sync.so",
            "FAULTY_SYNC": folder / "percent",
            "FAULTY_SEED": random.randrange(10**6),
        }.items():
            monkeypatch.setenv(variable, str(value))
        yield folder / "percent"


def _start_again(database: Database) -> None:
    """Let PostgreSQL begin anew: recovery needs fsync as well, and what gave up over it, or hangs, is killed."""
    if database.kill and database.revive:
        with suppress(psutil.NoSuchProcess):
            database.kill()
        database.revive()


@pytest.mark.long
def test_of_a_change_and_its_event_there_are_both_or_neither_and_then_it_serves_again(
    fault: Path, installation: Installation, tmp_path: Path
) -> None:
    log = tmp_path / "server.log"
    with writing(installation, log) as (server, record):
        processes = {process.pid for process in server.processes()}
        for _ in range(2):
            record.wait_for(len(record.done) + 20)
            fault.write_text(f"{PERCENT}")
            record.wait_for(refused=record.refused.total() + 20)
            fault.unlink()
            _start_again(installation.database)
        record.wait_for(len(record.done) + 20)
        assert {process.pid for process in server.processes()} == processes

        fault.write_text(f"{PERCENT}")
        record.wait_for(refused=record.refused.total() + 1)
        kill(server.processes())
        fault.unlink()
        _start_again(installation.database)
        server.reap()
        server.start()
        record.wait_for(len(record.done) + 20)

    assert set(record.refused) == {500 if DATABASE == "sqlite" else 503}
    assert log.read_text().count("The database did not do it") >= record.refused.total()
    check(installation, record)
