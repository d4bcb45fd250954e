"""Whatever somebody leaves in the tables past the triggers: the pages say that it is not what was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine

from erebus.db import db
from erebus.trail import AuditLog, drop_triggers, verify
from tests.blueprints.audit.conftest import Place
from tests.conftest import DATABASE

HUGE = 2**62
ANY_EVENT = [
    f"number = {HUGE}",
    "number = -1",
    f"created_at = {HUGE}",
    "created_at = -1",
    "changes = ''",
    "changes = 'null'",
    "changes = '{}'",
    "changes = '[[]]'",
    f"changes = '{'[' * 50_000}'",
    """changes = '[{"name": "\\ud800", "before": "\\udfff", "after": [1]}]'""",
    f"""changes = '[{{"name": "x", "before": {"[" * 900}{"]" * 900}}}]'""",
    """changes = '[{"name": 1, "before": NaN, "after": 1e999}]'""",
    "id = ''",
    "id = 'a/../b?c#d'",
    "actor_image = '../../login'",
    "actor_image = ''",
    "action = 'x'",
    "hash = prev_hash",
]
TYPED_EVENT = [
    "number = 'two'",
    "number = x'ff'",
    "created_at = 'soon'",
    "created_at = 1.5",
    "description = x'fffe'",
    "description = CAST(x'ff' AS TEXT)",
    "actor_name = 5",
    "changes = x'00'",
    "changes = 7",
    "status = 'maybe'",
    "action = 1.5",
    "entity_type = x''",
    "id = 3",
    "prev_hash = 5000000000000",
    "prev_hash = 'text'",
    "hash = 1.5",
]
ANY_LOG = [
    f"head_time = {HUGE}",
    "head_time = -1",
    "head_time = head_time + 1",
    f"head_number = {HUGE}",
    "head_number = -5",
    "head_number = 0",
    f"seam_number = {HUGE}",
    "seam_number = -1",
    "seam_number = 2",
    "project_id = 'another'",
    "capacity = 10",
    "capacity = 0",
    "capacity = 2147483647",
]
TYPED_LOG = [
    "head_time = 'soon'",
    "head_number = 'three'",
    "head_number = x'ff'",
    "head_hash = 5000000000000",
    "head_hash = 'text'",
    "capacity = 'many'",
    "capacity = 1.5",
    "project_id = x'ff'",
]


SAME_TO_A_SHORT_LOG = "capacity = 10"


@pytest.fixture
def spoil(app: Flask, project: Place) -> Callable[[str], None]:
    """``spoil("UPDATE …")`` runs a statement without the triggers, checks and rights that would refuse it."""

    def spoil(statement: str) -> None:
        engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
        with engine.connect() as connection:
            drop_triggers(connection)
            connection.commit()
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            else:
                connection.exec_driver_sql("ALTER TABLE audit_logs DROP CONSTRAINT ck_audit_logs_capacity")
            connection.exec_driver_sql(statement.replace("%", "%%"))
            connection.commit()

    return spoil


def check(app: Flask, reader: FlaskClient, project: Place, log: Callable[[], AuditLog], assignment: str) -> None:
    """Every page that shows the log is there, and the log's own says that it is broken."""
    place = f"/projects/{project.slug}"
    for path in ("/projects", place, f"{place}/audit", f"{place}/audit?before=3", f"{place}/audit.json"):
        answer = reader.get(path)
        assert answer.status_code == 200, path
    assert "Chain broken" in reader.get(f"{place}/audit").text
    for event in log().events:
        for asked in (event.id or "x", event.number):
            assert reader.get(f"{place}/audit/{asked}.json").status_code in {200, 404, 410}
            answer = reader.get(f"{place}/audit/{asked}")
            assert answer.status_code in {200, 404, 410}
            assert "This log is not what was written" in answer.text or "There is no such page" in answer.text
    with app.app_context():
        if assignment != SAME_TO_A_SHORT_LOG:
            assert "does not protect" not in verify(db.session.connection(), project.id).finding, (
                "found without looking"
            )


@pytest.mark.parametrize("assignment", ANY_EVENT + TYPED_EVENT * (DATABASE == "sqlite"))
def test_an_event_of_anything_is_not_what_was_written(
    app: Flask, reader: FlaskClient, project: Place, spoil: Callable, log: Callable, assignment: str
) -> None:
    spoil(f"UPDATE audit_events SET {assignment} WHERE log_id = '{project.id}' AND number = 2")
    check(app, reader, project, log, assignment)


@pytest.mark.parametrize("assignment", ANY_LOG + TYPED_LOG * (DATABASE == "sqlite"))
def test_a_log_of_anything_is_not_what_was_written(
    app: Flask, reader: FlaskClient, project: Place, spoil: Callable, log: Callable, assignment: str
) -> None:
    spoil(f"UPDATE audit_logs SET {assignment} WHERE id = '{project.id}'")
    check(app, reader, project, log, assignment)
