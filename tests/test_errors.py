"""What people are told when it went wrong: a page that is made without the database, and says no more than is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.pool import QueuePool

from erebus.blueprints.keys.models import ApiKey
from erebus.blueprints.projects.models import Project
from erebus.db import db, prepare, transaction
from erebus.trail import read_log
from erebus.upgrading import owner_connection
from tests.blueprints.keys.conftest import app_context, key, owner, project
from tests.conftest import DATABASE, only_postgresql

__all__ = ["app_context", "key", "owner", "project"]


@pytest.fixture
def visitor(app: Flask, project: Project, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """An owner's browser, of an app that answers as it does to people."""
    visitor = sign_in("owner@example.com")
    app.testing = False
    return visitor


@pytest.fixture
def answer(app: Flask, visitor: FlaskClient) -> Callable[[Callable[[], Any]], Any]:
    """``answer(view)`` runs ``view()`` as a view and gives what the browser got."""

    def answer(view: Callable[[], Any]) -> Any:
        view.erebus_permission = "public"  # type: ignore[attr-defined]  # the mark that `public` puts on
        app.view_functions["auth.signup"] = view
        return visitor.post("/signup")

    return answer


def rename() -> None:
    with transaction() as session:
        session.scalars(select(Project)).one().title = "Other"


def break_off() -> None:
    message = "hunter2"
    raise RuntimeError(message)


def break_off_after_a_commit() -> None:
    rename()
    break_off()


def break_off_in_a_transaction() -> None:
    with transaction() as session:
        session.scalars(select(Project)).one().title = "Other"
        with session.begin_nested():
            session.flush()
        break_off()


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (break_off_after_a_commit, "What you sent may have been done: look, before you send it again."),
        (break_off_in_a_transaction, "Nothing was changed."),
    ],
)
def test_what_was_done_before_an_error_is_not_said_to_be_undone(
    answer: Callable[[Callable[[], Any]], Any], view: Callable[[], Any], told: str
) -> None:
    page = answer(view)

    assert page.status_code == 500
    assert told in page.text
    assert page.headers["X-Request-Id"] in page.text
    assert "hunter2" not in page.text
    assert "Retry-After" not in page.headers


@pytest.mark.parametrize(
    ("address", "is_json"), [("/projects/my-chat-app/audit", False), ("/projects/my-chat-app/audit/1.json", True)]
)
def test_the_page_of_a_fault_asks_the_database_for_nothing(
    app: Flask, visitor: FlaskClient, address: str, is_json: bool
) -> None:
    db.session.rollback()
    with owner_connection(app.extensions["erebus"].settings) as connection:
        driver: Any = connection.connection.driver_connection  # the guard refuses this on an audited table
        driver.execute("ALTER TABLE users RENAME TO gone")
    db.session.remove()

    answer = visitor.get(address)

    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in (answer.json["request_id"] if is_json else answer.text)


def test_who_gets_no_connection_in_time_is_told_to_try_again(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.session.remove()
    narrow = create_engine(db.engine.url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0)
    prepare(narrow)
    monkeypatch.setitem(db.engines, None, narrow)
    with narrow.connect():
        answer = visitor.get("/projects")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The database is busy" in answer.text
    assert visitor.get("/projects").status_code == 200
    db.session.remove()
    narrow.dispose()


# Locks


def test_the_app_waits_five_seconds_for_a_lock_and_who_owns_the_tables_as_long_as_it_takes(
    app: Flask, app_context: None
) -> None:
    asked = text("PRAGMA busy_timeout" if DATABASE == "sqlite" else "SHOW lock_timeout")

    assert db.session.execute(asked).scalar() == (5000 if DATABASE == "sqlite" else "5s")
    db.session.rollback()
    assert db.session.execute(asked).scalar() == (5000 if DATABASE == "sqlite" else "5s")
    with owner_connection(app.extensions["erebus"].settings) as connection:
        assert connection.execute(asked).scalar() == (5000 if DATABASE == "sqlite" else "0")


@only_postgresql
def test_a_change_that_waited_too_long_for_the_log_is_told_as_failed_once_the_log_is_free(
    app: Flask, visitor: FlaskClient, project: Project, key: ApiKey, caplog: pytest.LogCaptureFixture
) -> None:
    address, project_id, engine = f"/projects/my-chat-app/keys/{key.id}", project.id, db.engine
    db.session.rollback()
    with engine.connect() as other:
        other.execute(text("SET idle_in_transaction_session_timeout = '20s'"))  # nobody waits for ever
        other.execute(text("SELECT * FROM audit_logs WHERE id = :id FOR UPDATE"), {"id": project_id})
        event.listen(engine, "handle_error", let_go := lambda _context: other.rollback())
        answer = visitor.post(address, data={"label": "Other"})
        event.remove(engine, "handle_error", let_go)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The database is busy" in answer.text
    assert "Nothing was changed." in answer.text
    assert "The database did not do it" in caplog.text
    assert "LockNotAvailable" in caplog.text
    log = read_log(db.session.connection(), project_id)
    assert log is not None
    assert [(e.status, e.action, e.entity_id) for e in log.events[:2]] == [
        (False, "update", key.id),
        (True, "create", key.id),
    ]
    assert db.session.get_one(ApiKey, key.id).label == "My Dev Key"
