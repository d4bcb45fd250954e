"""One way to change things: all or nothing, on fresh data, and what a rule refused is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from erebus import db
from erebus.blueprints.auth.models import PlatformSetting
from erebus.db import transaction
from erebus.trail import AuditEvent, Refused, missing_triggers, read_log
from erebus.upgrading import owner_connection
from tests.conftest import DATABASE

if TYPE_CHECKING:
    from flask import Flask


class SettingIsFixed(Refused):
    """This one may not be changed."""


def platform_events() -> tuple[AuditEvent, ...]:
    log = read_log(db.session.connection(), "platform")
    return log.events if log else ()


def test_what_the_block_changes_is_committed_with_its_line(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            session.add(PlatformSetting(key="colour", value="red"))

        assert [(e.entity_type, e.action, e.actor_id) for e in platform_events()] == [("setting", "create", "system")]


def test_an_exception_takes_all_of_it_back(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), transaction() as session:
            session.add(PlatformSetting(key="colour", value="red"))
            session.flush()
            _ = 1 / 0

        assert db.session.get(PlatformSetting, "colour") is None
        assert [(e.entity_id, e.status, e.reason) for e in platform_events()] == [
            ("colour", False, "An error stopped it (ZeroDivisionError).")
        ]


def test_an_inner_call_joins_the_outer_one(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), transaction() as session:
            with transaction() as inner:
                inner.add(PlatformSetting(key="colour", value="red"))
            assert inner is session
            _ = 1 / 0

        assert db.session.get(PlatformSetting, "colour") is None


def test_changes_made_before_it_are_a_mistake_that_is_told(app: Flask) -> None:
    with app.app_context():
        db.session.add(PlatformSetting(key="colour", value="red"))
        with pytest.raises(RuntimeError, match="make changes inside transaction"), transaction():
            pass


def test_a_refusal_that_leaves_it_is_kept_and_the_change_is_not(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            session.add(PlatformSetting(key="colour", value="red"))
        with pytest.raises(SettingIsFixed), transaction() as session:
            setting = session.get_one(PlatformSetting, "colour")
            setting.value = "green"
            raise SettingIsFixed(setting, {"value": "blue"}, reason="Red it is.")

        newest = platform_events()[0]
        assert (newest.status, newest.reason) == (False, "Red it is.")
        assert newest.changes == ({"field": "value", "name": "value", "before": "red", "after": "blue"},)
        assert db.session.get_one(PlatformSetting, "colour").value == "red"


def test_no_update_is_lost_between_threads_that_read_and_write(app: Flask) -> None:
    """O-G2: SQLite's deferred begin would fail at once, its driver's own lose updates silently (`ring.md`)."""
    with app.app_context(), transaction() as session:
        session.add(PlatformSetting(key="counter", value="0"))

    def count(_turn: int) -> None:
        with app.app_context():
            db.session.get_one(PlatformSetting, "counter")
            with transaction() as session:
                counter = session.get_one(PlatformSetting, "counter", with_for_update=True)
                counter.value = str(int(counter.value) + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(40)))

    with app.app_context():
        assert db.session.get_one(PlatformSetting, "counter").value == "40"
        assert platform_events()[0].number == 41


@pytest.mark.skipif(DATABASE != "sqlite", reason="on PostgreSQL it is the app's role that may not")
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DROP TRIGGER audit_events_kept", "the schema changes in migrations only"),
        ("CREATE TABLE anything (id INTEGER)", "the schema changes in migrations only"),
        ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys is set when a connection is made, and never after"),
        ("DELETE FROM audit_zero", "audit_zero never changes"),
    ],
)
def test_the_app_changes_rows_only_and_says_why_it_refuses_more(app: Flask, statement: str, why: str) -> None:
    with app.app_context():
        with pytest.raises(DatabaseError, match=f"refused on a connection of the app: {why}"):
            db.session.execute(text(statement))
        db.session.rollback()

        assert missing_triggers(db.session.connection()) == []
        assert db.session.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_what_owns_the_tables_works_on_connections_of_its_own(app: Flask) -> None:
    with owner_connection(app.extensions["erebus"].settings) as connection:
        connection.execute(text("CREATE TABLE anything (id INTEGER)"))
        connection.execute(text("DROP TABLE anything"))


def test_the_text_of_a_database_error_holds_no_bound_value(app: Flask) -> None:
    with app.app_context(), pytest.raises(Exception, match="no_such_table") as caught:
        db.session.execute(text("SELECT * FROM no_such_table WHERE x = :secret"), {"secret": "hunter2"})
    assert "hunter2" not in str(caught.value)
