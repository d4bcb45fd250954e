"""A commit in two phases: what is prepared is not yet true; what cannot be prepared has failed, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from erebus import trail
from tests.conftest import DATABASE
from tests.trail.cases.conftest import News
from tests.trail.cases.models import Task

pytestmark = pytest.mark.skipif(DATABASE == "sqlite", reason="SQLite has no two-phase commit")
TOLD = "create task {} title {}, project_id p, points 3, state open"


@pytest.fixture
def two(engine: Engine, session: Session) -> Iterator[Session]:
    """A session that commits in two phases, and has made the tasks a and b."""
    with Session(engine, twophase=True) as two:
        two.add_all([Task(project_id="p", title=title) for title in "ab"])
        yield two
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in prepared(connection):
            connection.execute(text(f"ROLLBACK PREPARED '{name}'"))


def prepared(connection: Any) -> list[str]:
    """The names of the transactions that are prepared in this database."""
    found = text("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")
    return list(connection.execute(found).scalars())


def titles(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(Task.title).order_by(Task.id)))


def test_what_is_prepared_is_true_once_it_is_committed(engine: Engine, two: Session, news: News) -> None:
    """O-A9."""
    two.prepare()
    assert (news(), titles(engine)) == ([], [])
    two.commit()

    assert news() == [TOLD.format(1, "a"), TOLD.format(2, "b")]
    assert titles(engine) == ["a", "b"]


def test_a_commit_prepares_by_itself(engine: Engine, two: Session, news: News) -> None:
    """O-A9."""
    two.commit()
    two.scalars(select(Task)).first().points = 5
    two.commit()

    assert news() == [TOLD.format(1, "a"), TOLD.format(2, "b"), "update task 1 points 3→5"]


def test_what_is_rolled_back_after_it_was_prepared_is_nothing(engine: Engine, two: Session, news: News) -> None:
    """O-A9."""
    two.prepare()
    two.rollback()
    two.add(Task(project_id="p", title="c"))
    two.commit()

    assert news() == [TOLD.format(3, "c")]
    assert titles(engine) == ["c"]


@pytest.mark.parametrize("step", ["prepare", "commit"])
def test_what_cannot_be_prepared_has_failed_once_for_each_entity(
    engine: Engine, two: Session, news: News, step: str
) -> None:
    """O-A9."""
    two.execute(text("NOTIFY somebody"))  # with which PostgreSQL prepares no transaction
    with pytest.raises(DBAPIError, match="does not exist") as caught:  # the driver's rollback fails, too
        getattr(two, step)()
    trail.failed(two, caught.value)
    two.rollback()
    two.add(Task(project_id="p", title="c"))
    two.commit()

    assert news() == [
        f"not done: {TOLD.format(1, 'a')}",
        f"not done: {TOLD.format(2, 'b')}",
        TOLD.format(3, "c"),
    ]
    assert titles(engine) == ["c"]


@pytest.mark.tampers("somebody else commits what a session of the test has prepared")
def test_what_is_prepared_and_cannot_be_committed_is_told_once_it_is_settled(
    engine: Engine, two: Session, news: News, caplog: pytest.LogCaptureFixture
) -> None:
    """O-A9: documented, whoever settles it makes it true or nothing; until then only the process's log tells of it."""
    own = two.scalar(text("SELECT pg_backend_pid()"))
    two.prepare()
    with engine.begin() as other:
        other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})
    with pytest.raises(DBAPIError) as caught:
        two.commit()
    trail.failed(two, caught.value)
    two.rollback()

    assert (news(), titles(engine)) == ([], [])
    assert "waits for COMMIT PREPARED or ROLLBACK PREPARED" in caplog.text
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        (name,) = prepared(connection)
        connection.execute(text(f"COMMIT PREPARED '{name}'"))
    assert news() == [TOLD.format(1, "a"), TOLD.format(2, "b")]
    assert titles(engine) == ["a", "b"]


def test_an_error_between_the_phases_is_a_failure_of_what_was_rolled_back(
    engine: Engine, two: Session, news: News
) -> None:
    """O-A9."""
    two.prepare()
    trail.failed(two, ValueError("another resource cannot be prepared"))
    two.rollback()

    assert news() == [f"not done: {TOLD.format(1, 'a')}", f"not done: {TOLD.format(2, 'b')}"]
    assert titles(engine) == []
