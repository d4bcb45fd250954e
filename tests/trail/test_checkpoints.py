"""Checkpoints give away what the chain alone cannot: an end cut off, an older state put back, a log made anew."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from erebus import trail
from erebus.trail.folder import KEPT, PAUSE
from tests.trail.conftest import CAPACITY, KEY, Book
from tests.trail.tampering import past_the_triggers
from tests.trail.test_ring import add_books

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session

MINUTE = PAUSE
OTHER_KEY = bytes(32)


@pytest.fixture
def folder(tmp_path: Path) -> trail.CheckpointFolder:
    return trail.CheckpointFolder(tmp_path / "checkpoints")


def seal(session: Session, time: int = 0, key: bytes = KEY) -> trail.Checkpoint:
    log = trail.read_log(session.connection(), "a")
    assert log
    return trail.seal(log, key, time)


def state(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = ("audit_logs", "audit_events")
    return {t: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {t}"))] for t in tables}


def put_back(connection: Connection, before: dict[str, list[tuple[object, ...]]]) -> None:
    """Put an older state of the whole log in place of the present one."""
    sign = "?" if connection.dialect.name == "sqlite" else "%s"
    with past_the_triggers(connection) as cursor:
        for table, rows in before.items():
            cursor.execute(f"DELETE FROM {table}")
            for row in rows:
                cursor.execute(f"INSERT INTO {table} VALUES ({', '.join([sign] * len(row))})", row)


def test_an_older_state_put_back_verifies_until_it_is_compared(session: Session) -> None:
    add_books(session, 4)
    before = state(session.connection())
    add_books(session, 3)
    checkpoint = seal(session)
    put_back(session.connection(), before)

    assert trail.verify(session.connection(), "a").is_sound
    found = trail.verify(session.connection(), "a", [checkpoint])
    assert found.fault
    assert (found.fault.finding, found.wrong) == (trail.Finding.CUT_OFF, 6)
    assert "went on to #8 on 1970-01-01 00:00:00 UTC" in found.finding


@pytest.mark.tampers("an older state of the whole log is put back")
def test_an_older_state_that_went_on_differently_is_a_log_rewritten(session: Session) -> None:
    add_books(session, 2)
    checkpoints, before = [seal(session, 1)], state(session.connection())
    add_books(session, 3)
    checkpoints.append(seal(session, 2))
    put_back(session.connection(), before)
    session.add(Book(shelf_id="a", title="Another"))
    session.commit()
    add_books(session, 6)

    assert trail.verify(session.connection(), "a").is_sound
    found = trail.verify(session.connection(), "a", checkpoints)
    assert found.fault
    assert (found.fault.finding, found.wrong) == (trail.Finding.REWRITTEN, 4)
    assert found.anchor == checkpoints[0]


def test_a_checkpoint_is_compared_as_long_as_its_hash_is_known(session: Session) -> None:
    add_books(session, 2)
    checkpoint = seal(session)
    log = trail.read_log(session.connection(), "a")
    assert log
    forged = trail.seal(replace(log, head_hash=bytes(32)), KEY, 0)

    for number in range(3, 20):
        is_known = number - CAPACITY <= 3
        verified, rewritten = (trail.verify(session.connection(), "a", [c]) for c in (checkpoint, forged))
        assert verified.is_sound
        assert verified.anchor == (checkpoint if is_known else None)
        assert rewritten.is_sound == (not is_known), number
        add_books(session, 1)


def test_a_log_that_was_taken_away_is_missed(session: Session) -> None:
    checkpoint = seal(session)
    with past_the_triggers(session.connection()) as cursor:
        cursor.execute("DELETE FROM audit_events")
        cursor.execute("DELETE FROM audit_logs")

    found = trail.verify(session.connection(), "a", [checkpoint])
    assert found.fault
    assert found.fault.finding is trail.Finding.GONE
    assert "stood at #1" in found.finding


@pytest.mark.parametrize("column", ["log_id", "number", "hash", "time", "capacity", "mac"])
def test_a_checkpoint_that_was_changed_is_a_finding(session: Session, column: str) -> None:
    other = {"log_id": "b", "number": 2**70, "hash": b"", "time": -1, "capacity": 99, "mac": b"\0" * 32}
    found = trail.verify(session.connection(), "a", [replace(seal(session), **{column: other[column]})])
    assert found.fault
    assert (found.fault.finding, found.wrong) == (trail.Finding.CHECKPOINT, None)


def test_a_checkpoint_of_another_installation_is_a_finding(session: Session) -> None:
    found = trail.verify(session.connection(), "a", [seal(session, key=OTHER_KEY)])
    assert found.fault
    assert found.fault.finding is trail.Finding.CHECKPOINT


def test_a_capacity_that_changed_without_an_event_is_a_finding(session: Session) -> None:
    checkpoint = seal(session)
    with past_the_triggers(session.connection()) as cursor:
        cursor.execute("UPDATE audit_logs SET capacity = 20")
    add_books(session, 3)

    found = trail.verify(session.connection(), "a", [checkpoint])
    assert found.fault
    assert found.fault.finding is trail.Finding.HEAD
    assert "capacity is 20, and was 10" in found.finding


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "null", "[" * 100_000, '{"log": 1}', '{"log": "a", "number": "1"}', '{"log": "\\ud800"}']
)
def test_a_line_that_is_no_checkpoint_is_a_finding_and_no_error(session: Session, line: str) -> None:
    found = trail.verify(session.connection(), "a", [trail.read_checkpoint(line)])
    assert found.fault
    assert found.fault.finding is trail.Finding.CHECKPOINT


def test_a_line_gives_back_the_checkpoint(session: Session) -> None:
    checkpoint = seal(session, 1_800_000_000_000)
    assert trail.read_checkpoint(checkpoint.as_line()) == checkpoint
    assert trail.is_genuine(checkpoint, KEY)


# The folder


def test_one_a_minute_is_kept_and_only_when_the_log_has_gone_on(
    session: Session, folder: trail.CheckpointFolder
) -> None:
    assert folder.keep(seal(session, 0))
    assert not folder.keep(seal(session, 2 * MINUTE)), "the log has not gone on"
    add_books(session, 1)
    assert not folder.keep(seal(session, MINUTE - 1)), "too soon"
    assert folder.keep(seal(session, MINUTE))
    assert [c.number for c in folder.of("a")] == [1, 2]
    assert folder.log_ids() == ["a"]


def test_a_clock_that_was_put_back_does_not_stop_the_keeping(session: Session, folder: trail.CheckpointFolder) -> None:
    folder.keep(seal(session, 100 * MINUTE))
    add_books(session, 1)
    assert folder.keep(seal(session, 0))


def test_the_newest_hundred_are_kept(session: Session, folder: trail.CheckpointFolder) -> None:
    first = seal(session)
    for number in range(1, KEPT + 6):
        folder.keep(replace(first, number=number, time=number * MINUTE))

    assert [c.number for c in folder.of("a")] == list(range(6, KEPT + 6))
    assert sum(file.stat().st_size for file in folder.path.iterdir()) < 50_000


def test_an_empty_log_and_an_unknown_one_leave_nothing(session: Session, folder: trail.CheckpointFolder) -> None:
    assert not folder.keep(replace(seal(session), number=0))
    assert folder.of("nowhere") == []
    assert folder.log_ids() == []


@pytest.mark.parametrize("log_id", ["a/../b", "..", "ü\0", "x" * 300, "user:1", " ", "\ud800"])
def test_any_id_of_a_log_has_a_file_in_the_folder(
    session: Session, folder: trail.CheckpointFolder, log_id: str
) -> None:
    folder.keep(replace(seal(session), log_id=log_id))
    assert [file.parent for file in folder.path.glob("**/*.jsonl")] == [folder.path]
    assert [c.log_id for c in folder.of(log_id)] == [log_id]
    assert folder.log_ids() == [log_id]


PROCESSES = partial(ProcessPoolExecutor, mp_context=get_context("spawn"))


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, PROCESSES], ids=["threads", "processes"])
def test_many_at_once_leave_whole_lines_and_one_a_minute(
    session: Session, folder: trail.CheckpointFolder, pool: Callable[[int], Executor]
) -> None:
    first = seal(session)
    wanted = [replace(first, number=n, time=(n // 10) * MINUTE) for n in range(1, 81)]
    with pool(4) as workers:
        kept = list(workers.map(folder.keep, wanted))

    found = folder.of("a")
    assert len(found) == sum(kept)
    assert len({c.time for c in found}) == len(found)
    assert [c.number for c in found] == sorted(c.number for c in found)
    assert sorted(file.name for file in folder.path.iterdir()) == [".lock", "a.jsonl"]


def test_a_garbled_file_is_a_finding_and_stays_as_evidence(session: Session, folder: trail.CheckpointFolder) -> None:
    folder.keep(seal(session))
    (file,) = folder.path.glob("*.jsonl")
    told = json.loads(file.read_text())
    file.write_text(json.dumps({**told, "number": 0}) + "\n\xff{\n")

    found = trail.verify(session.connection(), "a", folder.of("a"))
    assert found.fault
    assert found.fault.finding is trail.Finding.CHECKPOINT
    add_books(session, 1)
    folder.keep(seal(session, MINUTE))
    assert len(folder.of("a")) == 3


def test_a_folder_that_cannot_be_written_says_so(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        trail.CheckpointFolder(tmp_path / "file").keep(seal(session))
