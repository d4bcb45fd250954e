"""Where the log cannot be written, nothing is changed; people get a plain page, and the fault is in the process's log.

Each fault is made from outside, as the owner of the tables, and goes away again: then everything works as before.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text
from werkzeug.test import TestResponse

from erebus.blueprints.keys.models import ApiKey, KeyStatus
from erebus.blueprints.projects.models import Project
from erebus.db import db
from erebus.trail import read_log, verify
from erebus.upgrading import owner_connection
from tests.blueprints.keys.conftest import app_context, key, owner, project
from tests.conftest import DATABASE

__all__ = ["app_context", "key", "owner", "project"]
KEYS = "/projects/my-chat-app/keys"
WANTED = "Label that is wanted"
Fault = Callable[[Flask], AbstractContextManager[None]]


@contextmanager
def _done_by_owner(app: Flask, do: list[str], undo: list[str]) -> Iterator[None]:
    settings = app.extensions["erebus"].settings
    for statements in (do, undo):
        with owner_connection(settings) as connection:
            for statement in statements:
                connection.execute(text(statement))
        if statements is do:
            yield


def renamed(table: str, column: str = "") -> Fault:
    what, back = (f"COLUMN {column} TO gone", f"COLUMN gone TO {column}") if column else ("TO gone", f"TO {table}")
    origin = table if column else "gone"
    return lambda app: _done_by_owner(
        app, [f"ALTER TABLE {table} RENAME {what}"], [f"ALTER TABLE {origin} RENAME {back}"]
    )


def raising(what: str, when: str = "BEFORE INSERT ON audit_events") -> Fault:
    """A trigger on the log that does *what*: on SQLite an expression, on PostgreSQL a statement."""
    if DATABASE == "sqlite":
        return lambda app: _done_by_owner(
            app, [f"CREATE TRIGGER fault {when} BEGIN SELECT {what}; END"], ["DROP TRIGGER fault"]
        )
    function = f"CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what}; END $$"
    kind = "CONSTRAINT TRIGGER" if "DEFERRED" in when else "TRIGGER"
    made = [function, f"CREATE {kind} fault {when} FOR EACH ROW EXECUTE FUNCTION fault()"]
    return lambda app: _done_by_owner(app, made, ["DROP FUNCTION fault() CASCADE"])


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """Somebody else holds the log (on SQLite: the file), and does not let go; the app does not wait for long."""
    with _impatient(), owner_connection(app.extensions["erebus"].settings) as other:
        if DATABASE == "postgresql":
            other.execute(text("LOCK TABLE audit_logs, audit_events IN ACCESS EXCLUSIVE MODE"))
        yield


@contextmanager
def _impatient() -> Iterator[None]:
    def hurry(connection: object, *_others: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA busy_timeout = 50" if DATABASE == "sqlite" else "SET lock_timeout = '50ms'")
        cursor.close()

    engine = db.engine
    event.listen(engine, "checkout", hurry)
    yield
    event.remove(engine, "checkout", hurry)
    engine.dispose()


@contextmanager
def full(app: Flask) -> Iterator[None]:
    """The file may not grow by a page."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")

    engine = db.engine
    engine.dispose()
    event.listen(engine, "connect", limit, insert=True)  # the app's own connections may not set it later
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


@dataclass(frozen=True)
class Answers:
    """The status that each gets while a fault lasts: a change, one that a rule refuses, and two pages."""

    change: int = 500
    refusal: int = 409
    audit_page: int = 200
    keys_page: int = 200


NO_EVENTS = Answers(audit_page=500)  # the pages of keys read the log's head
NO_LOGS = Answers(refusal=500, audit_page=500, keys_page=500)
IS_LOCKED = Answers(503, 503, 200, 200) if DATABASE == "sqlite" else Answers(503, 503, 503, 503)

FAULTS: dict[str, tuple[Fault, Answers]] = {
    "locked": (locked, IS_LOCKED),
    "events renamed": (renamed("audit_events"), NO_EVENTS),
    "logs renamed": (renamed("audit_logs"), NO_LOGS),
    "column of events missing": (renamed("audit_events", "reason"), NO_EVENTS),
    "column of logs missing": (renamed("audit_logs", "head_time"), NO_LOGS),
}
if DATABASE == "sqlite":
    TRIGGERS = {
        "trigger aborts": raising("RAISE(ABORT, 'fault')"),
        "trigger rolls back": raising("RAISE(ROLLBACK, 'fault')"),
        "trigger ignores": raising("RAISE(IGNORE)"),
        "trigger fails after": raising("RAISE(FAIL, 'fault')", "AFTER UPDATE ON audit_logs"),
    }
else:
    at_commit = "AFTER INSERT OR UPDATE ON audit_events DEFERRABLE INITIALLY DEFERRED"
    TRIGGERS = {
        "trigger raises": raising("RAISE EXCEPTION 'fault'"),
        "trigger ignores": raising("RETURN NULL"),
        "trigger raises at commit": raising("RAISE EXCEPTION 'fault'", at_commit),
        "disk full": raising("RAISE EXCEPTION 'fault' USING ERRCODE = '53100'"),
        "disk full at commit": raising("RAISE EXCEPTION 'fault' USING ERRCODE = '53100'", at_commit),
        "out of memory": raising("RAISE EXCEPTION 'fault' USING ERRCODE = '53200'"),
    }
FAULTS |= {name: (fault, Answers()) for name, fault in TRIGGERS.items()}
each_fault = pytest.mark.parametrize(("fault", "answers"), FAULTS.values(), ids=FAULTS)


@pytest.fixture
def visitor(app: Flask, key: ApiKey, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """An owner's browser, of an app that answers as it does to people."""
    visitor = sign_in("owner@example.com")
    app.testing = False
    return visitor


def stored(key_id: str) -> tuple[str, KeyStatus]:
    db.session.rollback()
    db.session.expire_all()
    found = db.session.get_one(ApiKey, key_id)
    return found.label, found.status


def heads(project_id: str) -> tuple[int, list[bool]]:
    """The number of the newest event, and which of the events succeeded; of a log that is sound."""
    db.session.rollback()
    assert verify(db.session.connection(), project_id).finding == ""
    log = read_log(db.session.connection(), project_id)
    assert log is not None
    return log.head_number, [e.status for e in log.events]


CHANGES = {
    "create": ("/new", {"label": WANTED, "environment": "development"}, 201),
    "rename": ("/{key}", {"label": WANTED}, 302),
    "disable": ("/{key}/disable", {}, 302),
    "revoke": ("/{key}/revoke", {"reason": WANTED}, 302),
}


@each_fault
@pytest.mark.parametrize("change", CHANGES)
def test_what_cannot_be_told_is_not_done_and_is_done_once_it_can_be(
    app: Flask,
    visitor: FlaskClient,
    project: Project,
    key: ApiKey,
    fault: Fault,
    answers: Answers,
    change: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    where, form, done = CHANGES[change]
    address, project_id, key_id = KEYS + where.format(key=key.id), project.id, key.id
    before, head, keys = stored(key_id), heads(project_id), _count()

    db.session.rollback()
    with fault(app):
        answer = visitor.post(address, data=form)
        db.session.rollback()

    _assert_nothing_done(answer, answers.change)
    _assert_in_process_log(caplog)
    assert (stored(key_id), _count()) == (before, keys)
    number, statuses = heads(project_id)
    assert statuses.count(True) == head[1].count(True)

    assert visitor.post(address, data=form).status_code == done
    assert stored(key_id) != before or _count() == keys + 1
    assert heads(project_id) == (number + 1, [True, *statuses])


@each_fault
def test_a_refusal_that_cannot_be_told_is_a_refusal_all_the_same(
    app: Flask,
    visitor: FlaskClient,
    project: Project,
    key: ApiKey,
    fault: Fault,
    answers: Answers,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address, project_id, key_id = f"{KEYS}/{key.id}", project.id, key.id
    assert visitor.post(f"{address}/disable").status_code == 302
    before, head = stored(key_id), heads(project_id)

    db.session.rollback()
    with fault(app):
        answer = visitor.post(address, data={"label": WANTED})
        db.session.rollback()

    if answers.refusal == 409:
        assert (answer.status_code, "disabled" in answer.text) == (409, True)
    else:
        _assert_nothing_done(answer, answers.refusal)
    _assert_in_process_log(caplog)
    assert stored(key_id) == before
    number, _ = heads(project_id)
    assert visitor.post(address, data={"label": WANTED}).status_code == 409
    assert heads(project_id) == (number + 1, [False, *head[1]])


@each_fault
def test_pages_that_read_the_log_are_plain_pages_and_come_back(
    app: Flask, visitor: FlaskClient, project: Project, fault: Fault, answers: Answers
) -> None:
    for address, status in (("/projects/my-chat-app/audit", answers.audit_page), (KEYS, answers.keys_page)):
        db.session.rollback()  # the requests share the session of the test's own context
        with fault(app):
            answer = visitor.get(address)
            db.session.rollback()
        assert answer.status_code == status
        if status != 200:
            _assert_nothing_done(answer, status)
        assert visitor.get(address).status_code == 200


@pytest.mark.skipif(DATABASE != "sqlite", reason="PostgreSQL's is raised by a trigger above")
def test_on_a_full_disk_what_was_answered_is_kept_and_told_and_nothing_else(
    app: Flask, visitor: FlaskClient, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project_id, keys = project.id, _count()
    head, _ = heads(project_id)
    db.session.rollback()

    with full(app):
        made = 0
        while (answer := _create(visitor, made)).status_code == 201:
            made += 1
            assert made < 500, "the disk was never full"
        db.session.rollback()
        kept, events = _count(), heads(project_id)
        db.session.rollback()

    _assert_nothing_done(answer, 500)
    _assert_in_process_log(caplog)
    assert (kept, events[0]) == (keys + made, head + made)
    assert _create(visitor, 999).status_code == 201
    assert heads(project_id)[0] == head + made + 1


def _create(visitor: FlaskClient, number: int) -> TestResponse:
    return visitor.post(f"{KEYS}/new", data={"label": f"{WANTED} {number}", "environment": "development"})


def _count() -> int | None:
    db.session.rollback()
    return db.session.scalar(select(func.count(ApiKey.id)))


def _assert_nothing_done(answer: TestResponse, status: int) -> None:
    """The answer is a plain page that says so; a browser is told when to try again where that helps."""
    page = answer.text
    assert answer.status_code == status
    assert ("The database is busy" in page) == (answer.headers.get("Retry-After") == "5") == (status == 503)
    assert "Nothing was changed." in page
    assert answer.headers["X-Request-Id"] in page
    for word in ("Traceback", "sqlalchemy", "psycopg", "sqlite", "audit_", "INSERT", "fault", WANTED):
        assert word not in page


def _assert_in_process_log(caplog: pytest.LogCaptureFixture) -> None:
    told = [r for r in caplog.records if r.levelno >= logging.WARNING and r.name.startswith("erebus")]
    assert told, "the process's log says nothing"
