"""What is left when the server is killed without warning in the middle of its work, again and again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select

from erebus import db
from erebus.blueprints.keys.models import ApiKey
from erebus.trail import AuditEvent, AuditLog, read_log, verify
from tests.conftest import PASSWORD
from tests.crash.conftest import OWNER, Database, Installation
from tests.crash.server import Server, kill, serving
from tests.crash.writers import Record, Visitor, write

_WRITERS = 6
_SLUGS = ("one", "two", "three")
_LONGEST = 0.1  # seconds; a few times what a change takes


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


@contextmanager
def writing(installation: Installation, log: Path) -> Iterator[tuple[Server, Record]]:
    """Serve *installation*, and let people change keys in all of its projects until the end of the block."""
    record, end = Record(), Event()
    with serving(installation.settings, log) as server, ThreadPoolExecutor(_WRITERS) as pool:
        visitors = [Visitor(server.port) for _ in range(_WRITERS)]
        list(pool.map(lambda visitor: visitor.sign_in(OWNER, PASSWORD), visitors))
        writers = [
            pool.submit(write, visitor, f"Writer {n}", f"/projects/{_SLUGS[n % 3]}/keys", record, end)
            for n, visitor in enumerate(visitors)
        ]
        try:
            yield server, record
        finally:
            end.set()
        for writer in writers:
            writer.result()


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


def assert_sound(installation: Installation) -> None:
    with installation.app.app_context():
        for log_id in (*installation.wide, installation.narrow):
            found = verify(db.session.connection(), log_id)
            assert found.is_sound, found.finding
        db.session.remove()
        db.engine.dispose()


def check(installation: Installation, record: Record) -> None:
    """No acknowledged change without its event, no event without its change, no gap, and a chain that holds."""
    assert_sound(installation)
    with installation.app.app_context():
        logs = {log_id: _read(log_id) for log_id in (*installation.wide, installation.narrow)}
        keys = {key.id: key for key in db.session.scalars(select(ApiKey))}
    _assert_all_told(record, {key.id: key.project_id for key in keys.values()}, logs, installation.wide)
    for log_id, log in logs.items():
        numbers = [event.number for event in log.events]
        assert numbers == list(range(log.head_number, log.head_number - len(numbers), -1))
        assert len(numbers) == min(log.head_number, log.capacity)
        told = _replay(log)
        of_log = {key.id: key for key in keys.values() if key.project_id == log_id}
        assert {k: {f: str(getattr(of_log[k], f)) for f in fields} for k, fields in told.items()} == told
        if log_id in installation.wide:
            assert told.keys() == of_log.keys()


def _read(log_id: str) -> AuditLog:
    log = read_log(db.session.connection(), log_id)
    assert log is not None
    return log


def _assert_all_told(record: Record, owners: dict[str, str], logs: dict[str, AuditLog], wide: list[str]) -> None:
    events = {
        (e.request_id, e.entity_id): e for log_id in wide for e in logs[log_id].events if e.entity_type == "api_key"
    }
    for done in record.done:
        if owners[done.key_id] in wide:  # an acknowledged change of a key that is gone would be a KeyError
            event = events[done.request_id, done.key_id]
            assert event.status
            assert _after(event)[done.field] == done.value


def _replay(log: AuditLog) -> dict[str, dict[str, str]]:
    """Return the label and status of each key as far as the kept events tell them."""
    told: dict[str, dict[str, str]] = {}
    for event in reversed(log.events):
        if event.entity_type == "api_key" and event.status:
            told.setdefault(event.entity_id, {}).update(_after(event))
    return told


def _after(event: AuditEvent) -> dict[str, str]:
    return {c["field"]: c["after"] for c in event.changes if c["field"] in {"label", "status"}}
