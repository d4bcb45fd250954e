"""While the database is away people are told so, and as soon as it is back the same process serves again."""

from __future__ import annotations

import re

import pytest
from flask import request_finished
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select
from werkzeug.test import TestResponse

from erebus import db
from erebus.blueprints.keys.models import ApiKey
from tests.conftest import DATABASE, PASSWORD
from tests.crash.checking import assert_sound
from tests.crash.conftest import OWNER, Installation

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite is never away"),
]
KEYS = "/projects/one/keys"
IN_DOUBT, NOTHING = "What you sent may have been done: look", "Nothing was changed."


@pytest.fixture
def visitor(installation: Installation) -> FlaskClient:
    """The owner's browser, of an app that answers as it does to people."""
    installation.app.config["WTF_CSRF_ENABLED"] = False
    installation.app.testing = False
    visitor = installation.app.test_client()
    assert visitor.post("/login", data={"email": OWNER, "password": PASSWORD}).status_code == 302
    return visitor


def make_key(visitor: FlaskClient, label: str) -> TestResponse:
    return visitor.post(f"{KEYS}/new", data={"label": label, "environment": "development"})


def assert_away(answer: TestResponse, told: str) -> None:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The database cannot be reached" in answer.text
    assert told in answer.text
    assert not re.search("Traceback|sqlalchemy|psycopg|socket", answer.text)


def labels(installation: Installation) -> set[str]:
    with installation.app.app_context():
        return set(db.session.scalars(select(ApiKey.label)))


def test_who_comes_while_the_database_is_away_is_told_so_and_served_once_it_is_back(
    installation: Installation, visitor: FlaskClient
) -> None:
    assert installation.database.kill
    assert installation.database.revive
    assert make_key(visitor, "Before").status_code == 201

    installation.database.kill()
    assert_away(make_key(visitor, "Meanwhile"), NOTHING)
    assert_away(visitor.get(KEYS), NOTHING)
    watcher = installation.app.test_client()
    assert watcher.get("/healthz").status_code == 200
    assert watcher.get("/readyz").status_code == 503
    installation.database.revive()

    assert visitor.get(KEYS).status_code == 200
    assert make_key(visitor, "After").status_code == 201
    installation.database.kill()
    installation.database.revive()
    assert make_key(visitor, "Unnoticed").status_code == 201
    assert labels(installation) == {"Before", "After", "Unnoticed"}
    assert_sound(installation)


def test_an_answer_that_is_made_is_given_also_if_the_database_goes_away_before_it_is_sent(
    installation: Installation, visitor: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    kill, revive = installation.database.kill, installation.database.revive
    assert kill
    assert revive

    def go_away(*_: object, **__: object) -> None:
        kill()

    with request_finished.connected_to(go_away, installation.app):
        answer = make_key(visitor, "Done")
    revive()

    assert answer.status_code == 201
    assert "The database was lost after an answer was made" in caplog.text
    assert make_key(visitor, "After").status_code == 201
    assert labels(installation) == {"Done", "After"}
    assert_sound(installation)


def test_a_commit_in_which_the_database_went_away_is_said_to_be_in_doubt(
    installation: Installation, visitor: FlaskClient
) -> None:
    kill, revive = installation.database.kill, installation.database.revive
    assert kill
    assert revive
    with installation.app.app_context():
        engine = db.engine

    def go_away(_connection: Connection) -> None:
        kill()

    event.listen(engine, "commit", go_away)
    answer = make_key(visitor, "In doubt")
    event.remove(engine, "commit", go_away)
    revive()

    assert_away(answer, IN_DOUBT)
    assert make_key(visitor, "After").status_code == 201
    assert labels(installation) == {"After"}
    assert_sound(installation)
