"""The ring: a hundred newest, numbers without gaps, and a database that refuses to forget or to forge."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from psycopg import _queries
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from erebus import trail
from erebus.trail import ring_postgresql
from tests.trail.conftest import CAPACITY, Book, Shelf, kept

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


def add_books(session: Session, count: int, shelf: str = "a") -> None:
    session.add_all([Book(shelf_id=shelf, title=f"Book {n}") for n in range(count)])
    session.commit()


@pytest.mark.parametrize("batches", [[1] * 25, [3] * 8, [5, 6, 7], [CAPACITY], [CAPACITY + 1], [35], [2, 30, 2]])
def test_the_newest_are_kept_and_the_chain_holds_whatever_the_batch(session: Session, batches: list[int]) -> None:
    for count in batches:
        add_books(session, count)

    head = 1 + sum(batches)
    assert [e.number for e in kept(session)] == list(range(max(1, head - CAPACITY + 1), head + 1))
    found = trail.verify(session.connection(), "a")
    assert (found.is_sound, found.last, found.finding) == (True, head, "")


@pytest.mark.parametrize("together", [1, 5, 10])
def test_what_means_something_to_a_database_is_kept_as_it_was_written(session: Session, together: int) -> None:
    titles = ["NULL", "t", "{a,b}", 'say "no"', "back\\slash", "\\", '"', ",", "%(now)s %% $1 :now", "é ☃ 𝄞"]
    for start in range(0, len(titles), together):
        session.add_all([Book(shelf_id="a", title=title) for title in titles[start : start + together]])
        session.commit()

    assert [change["after"] for e in kept(session) for change in e.changes if change["field"] == "title"] == titles
    assert trail.verify(session.connection(), "a").is_sound


@pytest.mark.parametrize("count", range(1, ring_postgresql.FEW + 1))
def test_the_driver_keeps_the_statement_of_few_events(count: int) -> None:
    statement = ring_postgresql._few(count)

    assert len(statement) <= _queries.MAX_CACHED_STATEMENT_LENGTH
    assert len(set(re.findall(r"%\(\w+\)s", statement))) <= _queries.MAX_CACHED_STATEMENT_PARAMS


def test_times_never_fall_as_numbers_rise(session: Session) -> None:
    add_books(session, 3)
    times = [e.created_at for e in kept(session)]
    assert times == sorted(times)


def test_several_writers_leave_no_gap_and_lose_nothing(engine: Engine) -> None:
    with Session(engine) as session:
        session.add_all([Shelf(id="a"), Shelf(id="b")])
        session.commit()

    def write(worker: int) -> None:
        for turn in range(5):
            with Session(engine) as session:
                session.connection(execution_options={"erebus_write": True})
                add_books(session, 1, "ab"[(worker + turn) % 2])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    with Session(engine) as session:
        heads = [trail.verify(session.connection(), log) for log in "ab"]
        assert [h.is_sound for h in heads] == [True, True]
        assert sum(h.head_number for h in heads) == 2 + 4 * 5


FORGERIES = [
    "UPDATE audit_events SET actor_name = 'Nobody' WHERE number = 12",
    "UPDATE audit_events SET number = number + 10 WHERE number = 12",
    "UPDATE audit_events SET log_id = 'b' WHERE number = 12",
    "DELETE FROM audit_events WHERE number = 12",
    "DELETE FROM audit_events",
    "DELETE FROM audit_logs",
    "UPDATE audit_logs SET head_number = head_number - 1",
    "UPDATE audit_logs SET head_number = head_number + 1",
    "UPDATE audit_logs SET head_hash = prior_hash",
    "UPDATE audit_logs SET head_time = head_time + 1",
    "UPDATE audit_logs SET capacity = 20",
    "UPDATE audit_logs SET seam_number = 5",
    "UPDATE audit_logs SET id = 'b'",
    "UPDATE audit_logs SET project_id = 'b'",
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_the_database_refuses_whoever_would_rewrite_the_log(session: Session, forgery: str) -> None:
    add_books(session, 13)

    with pytest.raises(DBAPIError, match="audit_"):
        session.execute(text(forgery))
    session.rollback()

    assert trail.verify(session.connection(), "a").is_sound


def test_a_column_that_no_trigger_knows_may_change_by_itself(session: Session) -> None:
    add_books(session, 13)
    session.execute(text("ALTER TABLE audit_logs ADD COLUMN settled BIGINT"))
    session.execute(text("UPDATE audit_logs SET settled = 7"))
    session.commit()
    add_books(session, 2)

    assert session.execute(text("SELECT settled FROM audit_logs WHERE id = 'a'")).scalar() == 7
    assert trail.verify(session.connection(), "a").is_sound


def test_the_triggers_are_missed_when_they_are_gone(session: Session) -> None:
    assert trail.missing_triggers(session.connection()) == []
    on_postgresql = session.connection().dialect.name == "postgresql"
    session.execute(text("DROP TRIGGER audit_events_kept" + (" ON audit_events" if on_postgresql else "")))

    found = trail.verify(session.connection(), "a")
    assert not found.is_sound
    assert "audit_events_kept" in found.finding
