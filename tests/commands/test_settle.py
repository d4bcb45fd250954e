"""Failures in quick succession: the page says what was only counted, and it becomes one line when its time has come."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from erebus import clock, create_app, db
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, Region
from erebus.commands.settle import settle_at_start
from erebus.db import transaction
from erebus.trail import AuditEvent, Refused, open_bursts, read_log, verify
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient, FlaskCliRunner

START = datetime(2026, 1, 5, 9, 41, 7, tzinfo=UTC)


@pytest.fixture
def project_id(app: Flask) -> str:
    """A project of Ada's in which nine attempts to delete it were refused within nine seconds."""
    with app.app_context(), clock.at(START):
        draft = accounts.draft_account(name="Ada", email="ada@example.com", password=PASSWORD)
        with transaction():
            owner = accounts.register_user(draft)
        with transaction():
            made = projects.create_project(owner, "Engine", Region.EU)
        project_id = made.id
    for second in range(9):
        with app.app_context(), clock.at(START + timedelta(seconds=second)), pytest.raises(Refused), transaction():
            projects.delete_project(db.session.get_one(Project, project_id), "not its name")
    return project_id


def failures(app: Flask, project_id: str) -> list[AuditEvent]:
    with app.app_context():
        log = read_log(db.session.connection(), project_id)
        assert log is not None
        assert verify(db.session.connection(), log).is_sound
        return [event for event in reversed(log.events) if not event.status]


def test_the_first_are_lines_and_the_page_says_what_was_counted(
    app: Flask, project_id: str, sign_in: Callable[[str], FlaskClient]
) -> None:
    assert len(failures(app, project_id)) == 3
    page = sign_in("ada@example.com").get("/projects/engine/audit").text

    assert "Not yet numbered" in page
    words = " ".join(re.sub(r"<[^>]*>", "", page).split())
    assert "6 by System 2026-01-05 09:41:10 UTC to 2026-01-05 09:41:15 UTC" in words


def test_the_command_makes_one_line_of_them_once(app: Flask, project_id: str, runner: FlaskCliRunner) -> None:
    assert (
        runner.invoke(args=["erebus", "settle"]).output == "1 log has been told of failures that were only counted.\n"
    )
    assert runner.invoke(args=["erebus", "settle"]).output.startswith("0 logs have")

    summary = failures(app, project_id)[3:]
    assert [e.description for e in summary] == [
        "6 more attempts failed between 2026-01-05 09:41:10 and 2026-01-05 09:41:15 UTC: Deleted project ×6"
    ]
    assert (summary[0].actor_id, summary[0].action, summary[0].entity_id) == ("system", "delete", project_id)
    with app.app_context():
        assert open_bursts(db.session.connection(), project_id) == []


def test_the_next_change_brings_it_with_it(app: Flask, project_id: str) -> None:
    with app.app_context(), transaction():
        projects.rename(db.session.get_one(Project, project_id), "Engines")

    assert len(failures(app, project_id)) == 4


def test_the_start_of_the_server_does_so_too(app: Flask, project_id: str) -> None:
    settle_at_start(app)

    assert len(failures(app, project_id)) == 4


def test_a_server_starts_where_the_tables_are_not_made_yet(
    tmp_path: Path, blank_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settle_at_start(create_app({"DATABASE_URL": blank_database_url, "INSTANCE_PATH": str(tmp_path), "TESTING": True}))

    assert "the database is not ready" in caplog.text
