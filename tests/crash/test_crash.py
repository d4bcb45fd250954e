"""What is left when the server is killed without warning in the middle of its work, again and again."""

from __future__ import annotations

import random
from pathlib import Path
from threading import Event

import pytest

from tests.crash.checking import assert_sound, check
from tests.crash.conftest import Database, Installation
from tests.crash.server import Server, kill
from tests.crash.writers import Record, writing

_LONGEST = 0.1  # seconds; a few times what a change takes


@pytest.mark.long
@pytest.mark.crash
def test_a_server_killed_five_times_has_done_what_it_said_and_told_what_it_did(
    installation: Installation, tmp_path: Path
) -> None:
    check(installation, survive(installation, tmp_path, kills=5, least=20, total=150))


@pytest.mark.soak
def test_a_server_killed_twenty_times_in_two_thousand_changes_has_told_what_it_did(
    installation: Installation, tmp_path: Path
) -> None:
    check(installation, survive(installation, tmp_path, kills=20, least=90, total=2000))


def survive(installation: Installation, folder: Path, *, kills: int, least: int, total: int) -> Record:
    """Let people write, and kill what they write to *kills* times, each after *least* changes or a little more."""
    with writing(installation, folder / "server.log") as (server, record):
        for number in range(kills):
            record.wait_for(len(record.done) + random.randint(least, least + 20))
            Event().wait(random.uniform(0, _LONGEST))  # nothing sets it: it is the moment that must be any
            crash(server, installation.database if number % 2 else Database(""))
            assert_sound(installation)
            server.start()
        record.wait_for(max(total, len(record.done) + least))
    assert record.cut_off > 0, "nobody was interrupted"
    assert set(record.refused) <= ({503} if installation.database.kill else set())
    return record


def crash(server: Server, database: Database) -> None:
    processes = server.processes()
    if database.kill and random.random() < 0.5:
        database.kill()
        kill(processes)
    else:
        kill(processes)
        if database.kill:
            database.kill()
    if database.revive:
        database.revive()
    server.reap()
