"""``flask erebus capacity``: which log, how many, and a question before anything is displaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from erebus import db
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.auth.models import PlatformSetting
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, Region
from erebus.db import transaction
from erebus.trail import AuditLog, read_log, verify
from tests.commands.conftest import House
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskCliRunner


@pytest.fixture
def project(app: Flask) -> Project:
    """A project with 23 events: it was made, somebody became its owner, and it was renamed 21 times."""
    with app.app_context():
        draft = accounts.draft_account(name="Ada", email="ada@example.com", password=PASSWORD)
        with transaction():
            owner = accounts.register_user(draft)
        with transaction():
            made = projects.create_project(owner, "Engine", Region.EU)
        for turn in range(21):
            with transaction():
                db.session.get_one(Project, made.id).title = f"Engine {turn}"
        db.session.refresh(made)
        db.session.expunge(made)
        return made


def log_of(app: Flask, log_id: str) -> AuditLog:
    with app.app_context():
        connection = db.session.connection()
        assert verify(connection, log_id).finding == ""
        log = read_log(connection, log_id)
        assert log is not None
        return log


@pytest.mark.parametrize("name", ["slug", "id"])
def test_a_log_is_called_by_its_projects_address_or_id(
    app: Flask, runner: FlaskCliRunner, project: Project, name: str
) -> None:
    answer = runner.invoke(args=["erebus", "capacity", getattr(project, name), "250"])

    assert (answer.exit_code, answer.output) == (0, "It keeps 250 events now, 100 before; 0 displaced.\n")
    log = log_of(app, project.id)
    assert (log.capacity, len(log.events), log.events[0].actor_id) == (250, 24, "system")
    assert log.events[0].description == "Changed capacity of the log from 100 to 250 events; 0 displaced"


@pytest.mark.parametrize("name", ["deleted-one", "id"])
def test_a_deleted_projects_log_is_called_as_verify_calls_it(house: House, runner: FlaskCliRunner, name: str) -> None:
    called = house.deleted if name == "id" else name

    answer = runner.invoke(args=["erebus", "capacity", called, "250"])

    assert (answer.exit_code, answer.output) == (0, "It keeps 250 events now, 100 before; 0 displaced.\n")
    assert log_of(house.app, house.deleted).capacity == 250
    assert runner.invoke(args=["erebus", "verify", called]).exit_code == 0


def test_a_renamed_projects_log_has_its_address_for_good(app: Flask, runner: FlaskCliRunner, project: Project) -> None:
    assert project.title == "Engine 20"
    assert runner.invoke(args=["erebus", "capacity", "engine", "250"]).exit_code == 0
    assert runner.invoke(args=["erebus", "verify", "engine"]).exit_code == 0
    assert "there is no log engine-20" in runner.invoke(args=["erebus", "capacity", "engine-20", "250"]).output


def test_the_platforms_log_has_a_name_of_its_own(app: Flask, runner: FlaskCliRunner) -> None:
    with app.app_context(), transaction() as session:
        session.add(PlatformSetting(key="colour", value="red"))

    assert runner.invoke(args=["erebus", "capacity", "platform", "5000"]).exit_code == 0

    assert log_of(app, "platform").capacity == 5000


def test_what_has_to_go_is_asked_for_first(app: Flask, runner: FlaskCliRunner, project: Project) -> None:
    answer = runner.invoke(args=["erebus", "capacity", project.slug, "10"], input="n\n")

    assert answer.exit_code == 1
    assert "14 events will be displaced for good. Go on?" in answer.output
    assert log_of(app, project.id).capacity == 100

    assert runner.invoke(args=["erebus", "capacity", project.slug, "10"], input="y\n").exit_code == 0
    assert [e.number for e in log_of(app, project.id).events] == list(range(24, 14, -1))


def test_yes_asks_nothing(app: Flask, runner: FlaskCliRunner, project: Project) -> None:
    answer = runner.invoke(args=["erebus", "capacity", project.slug, "10", "--yes"])

    assert (answer.exit_code, answer.output) == (0, "It keeps 10 events now, 100 before; 14 displaced.\n")


def test_the_same_capacity_changes_nothing(app: Flask, runner: FlaskCliRunner, project: Project) -> None:
    answer = runner.invoke(args=["erebus", "capacity", project.slug, "100"])

    assert (answer.exit_code, answer.output) == (0, "It keeps 100 events already. Nothing was changed.\n")
    assert log_of(app, project.id).head_number == 23


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "50"], "Error: there is no log nowhere"),
        (["platform", "9"], "Error: a log keeps from 10 to 10000 events, not 9"),
        (["platform", "many"], "'many' is not a valid integer"),
    ],
)
def test_what_cannot_be_is_said(runner: FlaskCliRunner, project: Project, arguments: list[str], message: str) -> None:
    answer = runner.invoke(args=["erebus", "capacity", *arguments])

    assert answer.exit_code != 0
    assert message in answer.output
