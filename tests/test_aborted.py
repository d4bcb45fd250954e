"""What an error stops in the middle of a request is kept, whatever the view did: no code in a feature is needed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from flask import abort, make_response, redirect
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from erebus.blueprints.auth.models import User
from erebus.blueprints.projects import services
from erebus.blueprints.projects.models import Project, Region
from erebus.db import db, transaction
from erebus.trail import AuditEvent, read_log
from tests.blueprints.projects.conftest import register

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

    View = Callable[[Project], Any]

SECRET = "hunter2"


@pytest.fixture
def browser(app: Flask, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """The browser of Ada, who has the project Engine."""
    with app.app_context():
        ada = register("ada")
        with transaction():
            services.create_project(ada, "Engine", Region.EU)
    app.testing = False
    return sign_in("ada@example.com")


@pytest.fixture
def answer(app: Flask, browser: FlaskClient) -> Callable[[View], Any]:
    """``answer(view)`` runs ``view(project)`` as a view and gives what the browser got."""

    def answer(view: View) -> Any:
        def on_project() -> Any:
            return view(db.session.scalars(db.select(Project)).one())

        on_project.erebus_permission = "public"  # type: ignore[attr-defined]  # the mark that `public` puts on
        app.view_functions["auth.signup"] = on_project
        return browser.post("/signup")

    return answer


@pytest.fixture
def failures(app: Flask, browser: FlaskClient) -> Callable[[], list[AuditEvent]]:
    """``failures()`` is what the logs of all projects and of the platform tell of failures."""
    assert browser

    def failures() -> list[AuditEvent]:
        with app.app_context():
            ids = ["platform", *db.session.scalars(db.select(Project.id))]
            logs = [read_log(db.session.connection(), log_id) for log_id in ids]
            return [event for log in logs if log for event in log.events if not event.status]

    return failures


def rename(project: Project) -> None:
    project.title = "Other"
    db.session.flush()


def raise_after_a_flush(project: Project) -> None:
    rename(project)
    message = "hunter2"
    raise RuntimeError(message)


def abort_after_a_flush(project: Project) -> None:
    rename(project)
    abort(400)


def raise_before_the_flush(project: Project) -> None:
    project.title = "Other"
    message = "hunter2"
    raise RuntimeError(message)


def raise_in_a_transaction(_project: Project) -> None:
    with transaction():
        raise_after_a_flush(db.session.scalars(db.select(Project)).one())


@pytest.mark.parametrize(
    ("view", "status", "reason"),
    [
        (raise_after_a_flush, 500, "An error stopped it (RuntimeError)."),
        (raise_before_the_flush, 500, "An error stopped it (RuntimeError)."),
        (raise_in_a_transaction, 500, "An error stopped it (RuntimeError)."),
        (abort_after_a_flush, 400, "An error stopped it (BadRequest)."),
    ],
)
def test_what_an_error_aborts_is_one_failure_of_who_was_signed_in(
    answer: Callable[[View], Any], failures: Callable[[], list[AuditEvent]], view: View, status: int, reason: str
) -> None:
    page = answer(view)

    assert page.status_code == status
    assert "hunter2" not in page.text
    event = next(iter(failures()))
    assert [(e.actor_name, e.entity_type, e.reason) for e in failures()] == [("Ada", "project", reason)]
    assert event.changes == ({"field": "title", "name": "name", "before": "Engine", "after": "Other"},)
    assert event.request_id == page.headers["X-Request-Id"]


def forget_to_commit(project: Project) -> str:
    rename(project)
    return "done"


def change_nothing(_project: Project) -> None:
    abort(400)


def lead_elsewhere(project: Project) -> None:
    rename(project)
    abort(redirect("/login"))


def answer_in_its_own_words(project: Project) -> None:
    rename(project)
    abort(make_response("no", 409))


def raise_after_the_commit(_project: Project) -> None:
    with transaction():
        db.session.scalars(db.select(Project)).one().title = "Other"
    message = "late"
    raise RuntimeError(message)


@pytest.mark.parametrize(
    "view", [forget_to_commit, change_nothing, lead_elsewhere, answer_in_its_own_words, raise_after_the_commit]
)
def test_without_an_error_or_without_a_change_of_it_there_is_no_failure(
    answer: Callable[[View], Any], failures: Callable[[], list[AuditEvent]], view: View
) -> None:
    answer(view)

    assert failures() == []


def take_an_address(project: Project) -> None:
    values = {"name": "Eve", "email": "ada@example.com", "password": "hunter2"}
    db.session.add(User(**values))
    db.session.flush()


def catch_and_raise_another(project: Project) -> None:
    try:
        take_an_address(project)
    except IntegrityError as error:
        message = "translated"
        raise RuntimeError(message) from error


@pytest.mark.parametrize("view", [take_an_address, catch_and_raise_another])
def test_a_constraint_that_a_view_runs_into_is_told_once_and_its_text_nowhere(
    answer: Callable[[View], Any],
    failures: Callable[[], list[AuditEvent]],
    view: View,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        page = answer(view)

    assert page.status_code == 500
    assert [(e.action, e.entity_type, e.entity_label) for e in failures()] == [("create", "user", "Eve")]
    assert "IntegrityError" in caplog.text or "RuntimeError" in caplog.text
    for text_of_the_database in ("hunter2", "ada@example.com", "constraint failed", "duplicate key"):
        assert text_of_the_database not in caplog.text + page.text + repr(failures()[0].reason)


def test_a_statement_that_fails_after_a_flush_takes_the_change_with_it(
    answer: Callable[[View], Any], failures: Callable[[], list[AuditEvent]], caplog: pytest.LogCaptureFixture
) -> None:
    def break_off(project: Project) -> None:
        rename(project)
        db.session.execute(text("SELECT :it FROM nowhere"), {"it": SECRET})

    assert answer(break_off).status_code == 500
    assert [e.entity_label for e in failures()] == ["Other"]
    assert "hunter2" not in caplog.text


def test_what_stops_the_process_in_a_request_is_kept_too(
    answer: Callable[[View], Any], failures: Callable[[], list[AuditEvent]]
) -> None:
    """O-E8."""

    def stop(project: Project) -> None:
        rename(project)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(stop)
    assert [e.reason for e in failures()] == ["An error stopped it (KeyboardInterrupt)."]


def test_a_refusal_of_an_inner_block_that_the_outer_one_survives_is_kept(
    answer: Callable[[View], Any], failures: Callable[[], list[AuditEvent]]
) -> None:
    def go_on(_project: Project) -> str:
        with transaction() as session:
            project = session.scalars(db.select(Project)).one()
            project.webhook_url = "https://example.com/"
            with pytest.raises(services.TitleIsTaken), transaction():
                services.create_project(project.owner, "engine", Region.EU)
        return "done"

    assert answer(go_on).status_code == 200
    assert [(e.action, e.entity_type) for e in failures()] == [("create", "project")]
