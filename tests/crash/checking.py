"""Does the log tell what is stored, and is stored what people were told? Asked after servers were killed."""

from __future__ import annotations

from sqlalchemy import select

from erebus import db
from erebus.blueprints.keys.models import ApiKey
from erebus.trail import AuditEvent, AuditLog, read_log, verify
from tests.crash.conftest import Installation
from tests.crash.writers import Record


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
