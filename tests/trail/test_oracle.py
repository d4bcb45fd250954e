"""The oracle can fail: whatever way a log is broken in, it names it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from erebus.trail import ledger, listener, ring_postgresql, ring_sqlite
from tests.trail import collecting, oracle
from tests.trail.conftest import Book, Shelf
from tests.trail.tampering import past_the_triggers

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

pytestmark = pytest.mark.tampers("each test breaks the log, and asks the oracle itself")
Contents = list[dict[str, Any]]


def faults(engine: Engine) -> str:
    """What the oracle finds, a fault a line; nothing if it finds nothing."""
    try:
        oracle.check(engine)
    except AssertionError as error:
        return str(error)
    return ""


@pytest.fixture
def ends(session: Session, book: Book) -> Callable[[], None]:
    """Does one more thing of each kind: book 2 is made, book 1 renamed and book 3, which was there, deleted."""
    third = Book(id=3, shelf_id="a", title="Emma", pages=1)
    session.add(third)
    session.commit()

    def end() -> None:
        session.add(Book(id=2, shelf_id="a", title="Ulysses", pages=700))
        session.commit()
        book.title = "Dune Messiah"
        session.commit()
        session.delete(third)
        session.commit()

    return end


def test_nothing_is_found_where_nothing_is_broken(engine: Engine, ends: Callable[[], None]) -> None:
    ends()
    assert not faults(engine)


# A broken engine: what it tells is not what happened


def _rewritten(**values: Any) -> Callable[[Contents], Contents]:
    return lambda contents: [{**content, **values} for content in contents]


def _with_changes(**values: Any) -> Callable[[Contents], Contents]:
    def rewrite(contents: Contents) -> Contents:
        changed = []
        for content in contents:
            fields = [
                {**change, **{k: v for k, v in values.items() if k in change}}
                for change in json.loads(content["changes"])
            ]
            changed.append({**content, "changes": json.dumps(fields)})
        return changed

    return rewrite


BROKEN: dict[str, tuple[str, Callable[[Contents], Contents], str]] = {
    "a creation missing": ("create", lambda _contents: [], "book 2: in no event"),
    "an update missing": ("update", lambda _contents: [], "book 1: title is 'Dune Messiah', by the log 'Dune'"),
    "a deletion missing": ("delete", lambda _contents: [], "book 3: in no row"),
    "a creation told twice": ("create", lambda contents: contents * 2, "create book 2: is there already"),
    "an update told twice": ("update", lambda contents: contents * 2, "told to have been 'Dune'"),
    "a deletion told twice": ("delete", lambda contents: contents * 2, "delete book 3: is not there"),
    "a wrong value before": (
        "update",
        _with_changes(before="Solaris"),
        "title was 'Dune', and is told to have been 'Solaris'",
    ),
    "a wrong value after": ("update", _with_changes(after="Solaris"), "title is 'Dune Messiah', by the log 'Solaris'"),
    "a deletion that forgets values": ("delete", _rewritten(changes="[]"), "does not tell that it had"),
    "a creation that forgets values": ("create", _rewritten(changes="[]"), "pages is 700, by the log None"),
    "an update that forgets its field": (
        "update",
        _rewritten(changes="[]"),
        "title is 'Dune Messiah', by the log 'Dune'",
    ),
    "a success told as a failure": ("create", _rewritten(status=False), "book 2: in no event"),
    "another entity": ("update", _rewritten(entity_id="3"), "book 1: title is 'Dune Messiah'"),
    "an entity that is not there": ("update", _rewritten(entity_id="9"), "update book 9: is not there"),
    "a creation told as an update": ("create", _rewritten(action="update"), "update book 2: is not there"),
    "an update told as a deletion": ("update", _rewritten(action="delete"), "book 1: in no event"),
}


@pytest.mark.parametrize(("action", "rewrite", "found"), BROKEN.values(), ids=list(BROKEN))
def test_an_engine_that_tells_something_else_is_found(
    engine: Engine,
    ends: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    rewrite: Callable[[Contents], Contents],
    found: str,
) -> None:
    def broken(connection: Connection, log: Any, contents: Contents, now: int) -> bool:
        told = [c for content in contents for c in (rewrite([content]) if content["action"] == action else [content])]
        return bool(told) and ledger.append(connection, log, told, now)

    monkeypatch.setattr(listener, "append", broken)
    ends()

    assert found in faults(engine)


def test_a_failure_told_as_a_success_is_found(
    engine: Engine, ends: Callable[[], None], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(connection: Connection, log: Any, contents: Contents, now: int) -> bool:
        return ledger.append(connection, log, _rewritten(status=True)(contents), now)

    monkeypatch.setattr("erebus.trail.settling.append", broken)
    session.add(Book(id=5, shelf_id="nowhere", title="Lost"))
    with pytest.raises(IntegrityError):
        session.commit()
    session.rollback()

    assert "book 5: in no row" in faults(engine)


def test_an_event_that_is_written_although_its_change_is_rolled_back_is_found(engine: Engine, session: Session) -> None:
    session.add(Book(id=4, shelf_id="a", title="Emma"))
    session.flush()
    kept = list(session.info["erebus_trail"].captures)
    session.rollback()
    session.add(Shelf(id="b"))
    session.flush()
    session.info["erebus_trail"].captures += kept
    session.commit()

    assert "book 4: in no row" in faults(engine)


def test_an_append_that_nobody_heard_of_leaves_a_gap(
    engine: Engine, ends: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for ring in (ring_sqlite, ring_postgresql):
        monkeypatch.setattr(ring, "append", ring.append.__wrapped__)  # type: ignore[attr-defined] # what is spied upon
    ends()

    assert "the numbers appended are [1, 2, 3], the head is 6" in faults(engine)


# A log that was meddled with


_OF_EVENTS = "UPDATE audit_events SET"
_RING = "the ring of 10 holds"
MEDDLED = {
    "an event changed": (f"{_OF_EVENTS} description = 'nothing' WHERE number = 8", "event 8 is not what was appended"),
    "a time changed": (f"{_OF_EVENTS} created_at = 1 WHERE number = 8", "event 8 is not what was appended"),
    "a hash changed": (f"{_OF_EVENTS} hash = prev_hash WHERE number = 8", "event 8 is not what was written"),
    "the oldest gone": ("DELETE FROM audit_events WHERE number = 5", f"{_RING} [14, 13, 12, 11, 10, 9, 8, 7, 6]"),
    "the newest gone": ("DELETE FROM audit_events WHERE number = 14", f"{_RING} [13,"),
    "one in the middle gone": ("DELETE FROM audit_events WHERE number = 9", f"{_RING} [14, 13, 12, 11, 10, 8,"),
    "an older window": (f"{_OF_EVENTS} number = 4 WHERE number = 14", f"{_RING} [13,"),
    "the log gone": ("DELETE FROM audit_logs WHERE id = 'a'", "log a is gone"),
    "a head too far": ("UPDATE audit_logs SET head_number = 15 WHERE id = 'a'", "the head is 15"),
    "a seam": ("UPDATE audit_logs SET seam_number = 8 WHERE id = 'a'", "and the capacity never changed"),
}


@pytest.mark.parametrize(("statement", "found"), MEDDLED.values(), ids=list(MEDDLED))
def test_a_log_that_was_meddled_with_is_found(log: Engine, statement: str, found: str) -> None:
    assert not faults(log)
    with log.begin() as connection, past_the_triggers(connection) as cursor:
        cursor.execute(statement)

    assert found in faults(log)


def test_times_that_fall_are_found(engine: Engine, session: Session, book: Book) -> None:
    for head_time in (9_999_999_999_999, 1):
        with engine.begin() as connection, past_the_triggers(connection) as cursor:
            cursor.execute(f"UPDATE audit_logs SET head_time = {head_time}")
        book.title += "!"
        session.commit()

    assert "times fall" in faults(engine)


# Rows that were changed past the log


PAST = {
    "a value": ("UPDATE books SET pages = 1 WHERE id = 1", "book 1: pages is 1, by the log 412"),
    "a value to nothing": ("UPDATE books SET pages = NULL WHERE id = 1", "book 1: pages is None, by the log 412"),
    "a key": ("UPDATE books SET id = 7 WHERE id = 1", "book 7: in no event"),
    "a row gone": ("DELETE FROM books WHERE id = 1", "book 1: in no row"),
    "a row made": ("INSERT INTO shelves (id) VALUES ('z')", "shelf z: in no event"),
}


@pytest.mark.parametrize(("statement", "found"), PAST.values(), ids=list(PAST))
def test_rows_changed_past_the_log_are_found(
    engine: Engine, ends: Callable[[], None], statement: str, found: str
) -> None:
    ends()
    connection = engine.raw_connection()
    connection.cursor().execute(statement)
    connection.commit()
    connection.close()

    assert found in faults(engine)


def test_what_the_test_is_not_to_be_held_against_is_not_looked_at(engine: Engine, ends: Callable[[], None]) -> None:
    ends()
    collecting.begin()

    assert "in no event" in faults(engine)
    with pytest.raises(AssertionError, match="the numbers appended are"):
        oracle.check(engine, is_replayed=False)
