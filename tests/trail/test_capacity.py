"""A log can be given another capacity, up and down, under load: the newest stay, and no trigger is switched off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from erebus import trail
from erebus.trail import capacity as steps
from tests.trail.conftest import CAPACITY, Shelf, definitions
from tests.trail.test_ring import add_books

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine

NOW = 1_800_000_000_000


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
        yield connection


def change(engine: Engine, capacity: int, log: str = "a") -> trail.CapacityChange:
    with writing(engine) as connection:
        return trail.change_capacity(connection, log, capacity, trail.SYSTEM, NOW)


def numbers(connection: Connection, log: str = "a") -> list[int]:
    """The kept numbers, oldest first, of a log that is sound."""
    found = trail.verify(connection, log)
    assert found.finding == ""
    read = trail.read_log(connection, log)
    assert read is not None
    return sorted(event.number for event in read.events)


def kept(engine: Engine, log: str = "a") -> list[int]:
    with engine.connect() as connection:
        return numbers(connection, log)


@pytest.mark.parametrize("later", [0, 1, 3, 7, 300])
@pytest.mark.parametrize("capacities", [[15, 12, 40, 10, 25], [11, 10, 11], [10_000, 10, 100]])
def test_whatever_it_is_changed_to_the_newest_are_kept_and_the_chain_holds(
    log: Engine, capacities: list[int], later: int
) -> None:
    seam, old, head = 0, CAPACITY, 14
    for capacity in capacities:
        change(log, capacity)
        seam, old, head = max(seam, head - min(old, capacity)), capacity, head + 1
        assert kept(log) == list(range(max(seam, head - capacity) + 1, head + 1))

        with Session(log) as session:
            add_books(session, later)
        head += later
        assert kept(log) == list(range(max(seam, head - capacity) + 1, head + 1))
    with log.connect() as connection:
        assert trail.missing_triggers(connection) == []


def test_what_is_kept_stays_when_it_grows_and_the_event_that_tells_of_it_displaces_nothing(log: Engine) -> None:
    before = kept(log)

    assert change(log, 11) == (10, 11, 0)

    assert kept(log) == [*before, 15]


def test_it_is_an_event_that_says_how_many_had_to_go(log: Engine) -> None:
    change(log, 40)
    assert change(log, 10) == (40, 10, 2)

    with log.connect() as connection:
        found = trail.read_log(connection, "a")
    assert found is not None
    newest = found.events[0]
    assert (newest.entity_type, newest.entity_id, newest.action, newest.status) == ("audit_log", "a", "update", True)
    assert (newest.action_description, newest.actor_id) == ("Changed log capacity", "system")
    assert newest.description == "Changed capacity of the log from 40 to 10 events; 2 displaced"
    assert newest.changes == ({"field": "capacity", "name": "capacity", "before": 40, "after": 10},)
    assert (found.capacity, found.head_number, len(found.events)) == (10, 16, 10)


def test_a_log_that_is_not_full_loses_nothing_to_a_capacity_that_has_room(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Shelf(id="a"))
        session.commit()
        add_books(session, 3)

    assert change(engine, 20) == (10, 20, 0)
    assert change(engine, 10) == (20, 10, 0)

    assert kept(engine) == [1, 2, 3, 4, 5, 6]


def test_the_same_capacity_is_no_event(log: Engine) -> None:
    assert change(log, CAPACITY) == (CAPACITY, CAPACITY, 0)
    assert kept(log)[-1] == 14


def test_what_it_would_do_can_be_asked_before(log: Engine) -> None:
    change(log, 30)
    with log.connect() as connection:
        planned = trail.plan_capacity(connection, "a", 10)
    assert planned == change(log, 10) == (30, 10, 2)


@pytest.mark.parametrize("capacity", [-1, 0, 9, 10_001])
def test_a_capacity_that_no_log_can_have_is_refused(log: Engine, capacity: int) -> None:
    with pytest.raises(trail.CapacityError, match="from 10 to 10000 events"):
        change(log, capacity)


def test_a_log_that_does_not_exist_is_named(log: Engine) -> None:
    with pytest.raises(trail.UnknownLogError, match="no log nowhere"):
        change(log, 20, "nowhere")


def test_the_triggers_are_the_same_afterwards(log: Engine) -> None:
    with log.connect() as connection:
        before = definitions(connection)
    change(log, 30)
    change(log, 10)
    with log.connect() as connection:
        assert definitions(connection) == before


def test_while_others_write_nothing_is_lost_that_the_new_capacity_should_keep(log: Engine) -> None:
    with Session(log) as session:
        session.add(Shelf(id="b"))
        session.commit()

    def write(worker: int) -> None:
        for turn in range(12):
            with Session(log) as session:
                session.connection(execution_options={"erebus_write": True})
                add_books(session, 1 + 11 * (turn == 6), "aab"[(worker + turn) % 3])

    def change_and_compare(capacity: int) -> None:
        with writing(log) as connection:
            steps._read(connection, "a", is_locked=True)
            before = numbers(connection)
            trail.change_capacity(connection, "a", capacity, trail.SYSTEM, NOW)
            assert numbers(connection) == [*before, before[-1] + 1][-capacity:]

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, worker) for worker in range(3)]
        changes = pool.submit(lambda: [change_and_compare(c) for c in (40, 15, 200, 10, 11, 60)])
        for done in [*writers, changes]:
            done.result()

    books = {"a": 0, "b": 0}
    for worker in range(3):
        for turn in range(12):
            books["aab"[(worker + turn) % 3]] += 1 + 11 * (turn == 6)
    with log.connect() as connection:
        heads = {name: trail.verify(connection, name).head_number for name in "ab"}
        assert heads == {"a": 14 + books["a"] + 6, "b": 1 + books["b"]}
        assert len(numbers(connection)) <= 60
        assert trail.missing_triggers(connection) == []
