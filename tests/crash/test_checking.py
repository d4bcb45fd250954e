"""What the crash tests compare with would notice: one event too few, one too many, or an answer that was not true."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from erebus.upgrading import owner_connection
from tests.conftest import DATABASE, PASSWORD
from tests.crash.checking import check
from tests.crash.conftest import OWNER, Installation
from tests.crash.writers import Done, Record

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(DATABASE != "sqlite", reason="what is compared does not depend on the database"),
]


@pytest.fixture
def record(installation: Installation) -> Record:
    """What the owner was told, who made two keys in project One and disabled the second."""
    installation.app.config["WTF_CSRF_ENABLED"] = False
    visitor, done = installation.app.test_client(), []
    visitor.post("/login", data={"email": OWNER, "password": PASSWORD})
    for label in ("First", "Second"):
        answer = visitor.post("/projects/one/keys/new", data={"label": label, "environment": "development"})
        found = re.search(r"/keys/(key_\w+)", answer.text)
        assert found
        done.append(Done(answer.headers["X-Request-Id"], found[1], "label", label))
    answer = visitor.post(f"/projects/one/keys/{found[1]}/disable")
    done.append(Done(answer.headers["X-Request-Id"], found[1], "status", "disabled"))
    return Record(done)


def change_untold(installation: Installation, record: Record) -> None:
    run(installation, "UPDATE api_keys SET label = 'Untold' WHERE label = 'First'")


def undo_what_is_told(installation: Installation, record: Record) -> None:
    run(installation, "UPDATE api_keys SET status = 'active'")


def make_untold(installation: Installation, record: Record) -> None:
    columns = "project_id, environment, prefix, last_four, created_at, created_by_id, status"
    run(
        installation,
        f"INSERT INTO api_keys (id, label, digest, {columns})"
        f" SELECT 'key_untold', 'Untold', 'untold', {columns} FROM api_keys WHERE label = 'First'",
    )


def lose_what_was_made(installation: Installation, record: Record) -> None:
    record.done = [done for done in record.done if done.value != "First"]
    run(installation, "DELETE FROM api_keys WHERE label = 'First'")


def acknowledge_what_was_not_done(installation: Installation, record: Record) -> None:
    record.done.append(Done("01REQUEST", record.done[0].key_id, "label", "Third"))


def run(installation: Installation, statement: str) -> None:
    with owner_connection(installation.app.extensions["erebus"].settings) as connection:
        driver: Any = connection.connection.driver_connection  # past the log
        assert driver.execute(statement).rowcount


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (change_untold, AssertionError),
        (undo_what_is_told, AssertionError),
        (make_untold, AssertionError),
        (lose_what_was_made, KeyError),
        (acknowledge_what_was_not_done, KeyError),
    ],
)
def test_what_is_stored_and_not_told_or_told_and_not_stored_is_found(
    installation: Installation,
    record: Record,
    damage: Callable[[Installation, Record], None],
    error: type[Exception],
) -> None:
    check(installation, record)
    damage(installation, record)
    with pytest.raises(error):
        check(installation, record)
