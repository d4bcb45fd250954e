"""Whatever single value of whatever column is changed, verification finds it, and names the event."""

from __future__ import annotations

import random
import re
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest
from sqlalchemy.orm import Session

from erebus import trail
from erebus.trail.tables import CONTENT, OPTIONAL, audit_events, audit_logs
from tests.trail.conftest import KEY, Book, Note, Shelf
from tests.trail.tampering import mark, past_the_triggers
from tests.trail.test_ring import add_books

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine, RowMapping

MUTATIONS = 1000
LOGS = ("a", "b", "rest")
TEXTS = {*CONTENT, "log_id", "project_id"} - {"status"}


@pytest.fixture
def histories(engine: Engine) -> Iterator[tuple[Connection, dict[str, trail.Checkpoint]]]:
    """Log a has displaced events, b is not full, rest belongs to no project; each has a checkpoint of its end."""
    with Session(engine) as session:
        session.add_all([Shelf(id="a"), Shelf(id="b")])
        session.commit()
        for turn in range(4):
            add_books(session, 4, "a")
            session.add(Note(text=f"Note {turn}"))
            session.commit()
        book = Book(shelf_id="b", title="Dune", pages=412, code="s3cret")
        session.add(book)
        session.commit()
        trail.note(session, trail.Refused(book, {"title": "Emma"}, reason="It is lent."))
        session.rollback()
    with engine.connect() as connection:
        logs = [trail.read_log(connection, log) for log in LOGS]
        yield connection, {log.id: trail.seal(log, KEY, log.head_time) for log in logs if log}


def other_values(chance: random.Random, column: str, old: Any, *, any_type: bool) -> list[Any]:
    """Values that could stand there instead of *old*; *any_type*: SQLite takes them into any column."""
    if column.endswith("hash"):
        found = [chance.randbytes(32), bytes(32), old[:-1], old + b"\0", b""]
        return [*found, old.hex(), 7] if any_type else found
    if column == "status":
        return [int(not old), 2, -1, "yes", 0.5, b"\1"] if any_type else [not old]
    if column in TEXTS or column == "id":
        nothing = [None] if old is not None and column in OPTIONAL else []
        found = [f"{old}x", "", " ", str(old).swapcase(), "é\u0000" if any_type else "é", *nothing]
        return [*found, str(old).encode(), b"\xff", 8] if any_type else found
    found = [old + 1, old - 1, old + 100, -old, 0, 2**62]
    return [*found, "many", b"\0", 8.5] if any_type else found


class Target(NamedTuple):
    """One value of one row, and the log that it is part of."""

    table: str
    column: str
    log: str
    key: dict[str, Any]
    old: Any


def draw(chance: random.Random, rows: dict[str, list[RowMapping]]) -> Target:
    """Choose a value of an event, or, one time in five, of a log's own row."""
    table = "audit_events" if chance.random() < 0.8 else "audit_logs"
    row = chance.choice(rows[table])
    column = chance.choice([name for name in row if name != "settle_at"])  # when to look again: proves nothing
    keys = ("log_id", "slot") if table == "audit_events" else ("id",)
    return Target(table, column, row[keys[0]], {key: row[key] for key in keys}, row[column])


def is_stored(connection: Connection, target: Target, value: Any) -> bool:
    """Change one value past the triggers; return False if a constraint refuses it, or it is the same once stored."""
    sign = mark(connection)
    where = " AND ".join(f"{column} = {sign}" for column in target.key)
    look = f"SELECT {target.column} FROM {target.table} WHERE {where}"
    with past_the_triggers(connection) as cursor:
        keys = tuple(target.key.values())
        before = cursor.execute(look, keys).fetchone()
        cursor.execute("SAVEPOINT mutation")
        try:
            cursor.execute(f"UPDATE {target.table} SET {target.column} = {sign} WHERE {where}", (value, *keys))
        except (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError):
            cursor.execute("ROLLBACK TO mutation")
            return False
        try:
            after = cursor.execute(look, keys).fetchone()
        except sqlite3.OperationalError:  # it is no text any more
            return True
    return before != after or type(before[0]) is not type(after[0])


@pytest.mark.long
def test_every_change_of_one_value_is_found(histories: tuple[Connection, dict[str, trail.Checkpoint]]) -> None:
    connection, checkpoints = histories
    chance = random.Random(20261125)
    tables = {"audit_events": audit_events, "audit_logs": audit_logs}
    rows = {name: list(connection.execute(table.select()).mappings()) for name, table in tables.items()}
    connection.rollback()
    mutated: Counter[tuple[str, str]] = Counter()
    while mutated.total() < MUTATIONS:
        target = draw(chance, rows)
        any_type = connection.dialect.name == "sqlite"
        value = chance.choice(other_values(chance, target.column, target.old, any_type=any_type))
        if is_stored(connection, target, value):
            found = trail.verify(connection, target.log, [checkpoints[target.log]])
            assert found.fault, (target, value)
            assert found.fault.finding is not trail.Finding.UNPROTECTED, (target, value)
            if target.table == "audit_events":
                assert found.wrong == number_of(target, rows["audit_events"]), (target, value, found.fault)
            if target.column in {"log_id", "hash", *audit_logs.c.keys()}:
                survey(connection)
            mutated[target.table, target.column] += 1
        connection.rollback()

    proved = {(name, column.name) for name, table in tables.items() for column in table.c}
    assert set(mutated) == proved - {("audit_logs", "settle_at")}
    assert all(trail.verify(connection, log, [checkpoints[log]]).is_sound for log in LOGS)


def survey(connection: Connection) -> None:
    """Ask what is asked of all logs at once: nothing that is stored may stop it."""
    assert len(trail.log_ids(connection)) >= len(LOGS)
    assert len(trail.rooms(connection)) == len(LOGS)
    assert trail.newest_time(connection) is None or trail.newest_time(connection) >= 0
    assert trail.key_fits(connection), "two of three newest events are always right"


def number_of(target: Target, events: list[RowMapping]) -> int:
    return next(e["number"] for e in events if target.key == {"log_id": e["log_id"], "slot": e["slot"]})


def test_nothing_where_something_has_to_be_is_found(histories: tuple[Connection, dict[str, trail.Checkpoint]]) -> None:
    connection, checkpoints = histories
    for table, column in [(t, c.name) for t in (audit_events, audit_logs) for c in t.c if not c.nullable]:
        if column in table.primary_key.columns:
            continue
        where = "log_id = 'a' AND number = 12" if table is audit_events else "id = 'a'"
        with past_the_triggers(connection) as cursor:
            allow_nothing(connection, table.name, column)
            cursor.execute(f"UPDATE {table.name} SET {column} = NULL WHERE {where}")
        found = trail.verify(connection, "a", [checkpoints["a"]])
        assert found.fault, column
        assert found.wrong == (12 if table is audit_events else None), column
        connection.rollback()


def allow_nothing(connection: Connection, table: str, column: str) -> None:
    cursor = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")
        return
    cursor.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
    lenient = re.sub(rf"(\n\s+{column} \w+)(.*?) NOT NULL", r"\1\2", cursor.fetchone()[0])
    cursor.execute(f"ALTER TABLE {table} RENAME TO strict")
    cursor.execute(lenient)
    cursor.execute(f"INSERT INTO {table} SELECT * FROM strict")
    cursor.execute("DROP TABLE strict")
