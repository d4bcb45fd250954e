"""Between the change of a capacity and its end: the triggers take the steps of the laying, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, text, update
from sqlalchemy.exc import DBAPIError

from erebus import trail
from erebus.trail import capacity as steps
from erebus.trail.tables import audit_events
from tests.conftest import DATABASE
from tests.trail.test_capacity import NOW, change, kept, writing

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

HELD = ", pending = -10" if DATABASE == "sqlite" else ""
WIDER = f"UPDATE audit_logs SET capacity = 20, seam_number = 4, seam_hash = :seam{HELD}"
PARKED = "UPDATE audit_events SET slot = -1 - number % 20"
LAID = "UPDATE audit_events SET slot = number % 20"
NARROWER = f"UPDATE audit_logs SET capacity = 11, seam_number = 4, seam_hash = :seam{HELD}"
HALVES = {
    "another capacity alone": [WIDER],
    "a ring laid anew, and not told": [WIDER, PARKED, LAID],
    "what is parked stays parked": [WIDER, PARKED],
    "a ring left as it was": [NARROWER],
}
if DATABASE == "postgresql":
    HALVES["parked without another capacity"] = ["UPDATE audit_events SET slot = -1 - number % 10 WHERE number = 9"]


@pytest.mark.parametrize("half", HALVES)
def test_what_is_left_half_done_cannot_be_committed(log: Engine, half: str) -> None:
    with log.connect() as connection:
        seam = connection.execute(text("SELECT prev_hash FROM audit_events WHERE number = 5")).scalar()

    with pytest.raises(DBAPIError, match=r"audit_|FOREIGN KEY"), writing(log) as connection:
        for statement in HALVES[half]:
            connection.execute(text(statement), {"seam": seam} if ":seam" in statement else {})

    assert kept(log) == list(range(5, 15))


AGAIN = "(SELECT prev_hash FROM audit_events WHERE log_id = 'a' AND number = 10)"
TOGETHER = {
    "the head": "head_number = head_number + 1",
    "a hash": "head_hash = prior_hash",
    "the hash before": "prior_hash = head_hash",
    "a time": "head_time = head_time + 1",
    "a project": "project_id = 'b'",
    "an id": "id = 'c'",
    "a seam that is too high": f"seam_number = 9, seam_hash = {AGAIN}",
    "a seam that is too low": "seam_number = 3",
    "a seam of another hash": f"seam_hash = {AGAIN}",
}
if DATABASE == "sqlite":
    TOGETHER |= {"nothing held": "pending = 0", "another capacity held": "pending = -20"}


@pytest.mark.parametrize("other", TOGETHER)
def test_a_capacity_changes_alone_and_with_the_right_seam(log: Engine, other: str) -> None:
    with log.connect() as connection:
        seam = connection.execute(text("SELECT prev_hash FROM audit_events WHERE number = 5")).scalar()
    values = {"capacity": "20", "seam_number": "4", "seam_hash": ":seam"}
    if DATABASE == "sqlite":
        values["pending"] = "-10"
    values |= dict(part.split(" = ", 1) for part in TOGETHER[other].split(", "))
    statement = text(f"UPDATE audit_logs SET {', '.join(f'{n} = {v}' for n, v in values.items())} WHERE id = 'a'")

    with writing(log) as connection, pytest.raises(DBAPIError, match="audit_logs: "):
        connection.execute(statement, {"seam": seam} if ":seam" in str(statement) else {})

    assert kept(log) == list(range(5, 15))


OTHERS = {
    "another capacity": {"changes": '[{"after":21,"before":10,"field":"capacity","name":"capacity"}]'},
    "another before": {"changes": '[{"after":20,"before":11,"field":"capacity","name":"capacity"}]'},
    "another kind": {"entity_type": "book"},
    "another action": {"action": "create"},
    "another entity": {"entity_id": "b"},
    "a failure": {"status": False},
}


@pytest.mark.parametrize("other", OTHERS)
def test_no_other_event_can_stand_in_for_the_one_that_tells_of_it(log: Engine, other: str) -> None:
    with pytest.raises(DBAPIError, match="audit_logs: "), writing(log) as connection:
        found = steps._read(connection, "a")
        steps._set_capacity(connection, found, 20)
        steps._lay(connection, found, 20)
        told = steps._told(trail.Log("a", "a", 20), trail.CapacityChange(10, 20, 0), trail.SYSTEM)
        steps.append(connection, trail.Log("a", "a", 20), [told | OTHERS[other]], NOW)

    assert kept(log) == list(range(5, 15))


@pytest.mark.skipif(DATABASE != "sqlite", reason="PostgreSQL cannot replace while it updates")
def test_an_event_that_was_replaced_while_the_ring_was_laid_is_missed(log: Engine) -> None:
    with pytest.raises(DBAPIError, match="audit_logs: the ring was not laid anew"), writing(log) as connection:
        found = steps._read(connection, "a")
        steps._set_capacity(connection, found, 11)
        connection.execute(text("UPDATE OR REPLACE audit_events SET slot = 0 WHERE number = 11"))  # over number 10
        steps._lay(connection, found, 11)
        told = steps._told(trail.Log("a", "a", 11), trail.CapacityChange(10, 11, 0), trail.SYSTEM)
        steps.append(connection, trail.Log("a", "a", 11), [told], NOW)

    assert kept(log) == list(range(5, 15))


def test_the_event_alone_does_not_lay_the_ring(log: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"audit_"), writing(log) as connection:
        found = steps._read(connection, "a")
        steps._set_capacity(connection, found, 20)
        told = steps._told(trail.Log("a", "a", 20), trail.CapacityChange(10, 20, 0), trail.SYSTEM)
        steps.append(connection, trail.Log("a", "a", 20), [told], NOW)

    assert kept(log) == list(range(5, 15))


def test_an_event_that_the_new_capacity_keeps_is_not_deleted_meanwhile(log: Engine) -> None:
    change(log, 30)
    with pytest.raises(DBAPIError, match="displaced, never deleted"), writing(log) as connection:
        steps._set_capacity(connection, steps._read(connection, "a"), 12)
        connection.execute(text("DELETE FROM audit_events WHERE number = 9"))

    assert kept(log) == list(range(5, 16))


@pytest.mark.parametrize("column", [c for c in audit_events.c if c.name != "slot"], ids=lambda column: column.name)
def test_what_an_event_says_does_not_change_while_it_is_moved(log: Engine, column: Column[Any]) -> None:
    values: dict[type, object] = {bool: False, int: 9, bytes: bytes(32), str: "other"}
    with pytest.raises(DBAPIError, match="audit_events: "), writing(log) as connection:
        steps._set_capacity(connection, steps._read(connection, "a"), 20)
        moved = {"slot": -1 - audit_events.c.number % 20, column.name: values[column.type.python_type]}
        connection.execute(update(audit_events).where(audit_events.c.number == 7).values(moved))

    assert kept(log) == list(range(5, 15))
