"""Verification names the first event that is not what was written; displacement it takes for what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from erebus import trail
from erebus.trail import ledger
from erebus.trail.triggers import TRIGGERS
from tests.trail.conftest import KEY, Book, Note
from tests.trail.tampering import table_of
from tests.trail.test_ring import add_books

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session

F = trail.Finding
OTHER_KEY = bytes(32)
TAMPERINGS = {
    "a word changed": (["UPDATE audit_events SET description = 'nothing' WHERE number = 8"], F.CHANGED, 8),
    "a failure made a success": (["UPDATE audit_events SET status = NOT status WHERE number = 8"], F.CHANGED, 8),
    "a time moved": (["UPDATE audit_events SET created_at = created_at - 1 WHERE number = 8"], F.CHANGED, 8),
    "a time that cannot be": (["UPDATE audit_events SET created_at = -1 WHERE number = 8"], F.CHANGED, 8),
    "changes rewritten": (["UPDATE audit_events SET changes = '[]' WHERE number = 8"], F.CHANGED, 8),
    "changes made unreadable": (["UPDATE audit_events SET changes = '[{' WHERE number = 8"], F.CHANGED, 8),
    "the hash changed": (["UPDATE audit_events SET hash = prev_hash WHERE number = 8"], F.CHANGED, 8),
    "the hash emptied": (["UPDATE audit_events SET hash = substr(hash, 1, 0) WHERE number = 8"], F.CHANGED, 8),
    "a number that no log reaches": (
        ["UPDATE audit_events SET number = 9000000000000000000 WHERE number = 8"],
        F.CHANGED,
        8,
    ),
    "another slot": (["UPDATE audit_events SET slot = -5 WHERE number = 8"], F.CHANGED, 8),
    "an event gone": (["DELETE FROM audit_events WHERE number = 8"], F.DELETED, 8),
    "the oldest gone": (["DELETE FROM audit_events WHERE number = 5"], F.DELETED, 5),
    "several gone": (["DELETE FROM audit_events WHERE number IN (7, 9, 14)"], F.DELETED, 7),
    "the oldest three gone": (["DELETE FROM audit_events WHERE number < 8"], F.DELETED, 5),
    "the last gone": (["DELETE FROM audit_events WHERE number = 14"], F.CUT_OFF, 14),
    "all gone": (["DELETE FROM audit_events"], F.CUT_OFF, 5),
    "one moved to another log": (["UPDATE audit_events SET log_id = 'b' WHERE number = 8"], F.DELETED, 8),
    "two numbers exchanged": (
        [
            "UPDATE audit_events SET number = 17 - number, slot = -1 - (17 - number) % 10 WHERE number IN (8, 9)",
            "UPDATE audit_events SET slot = -1 - slot WHERE slot < 0",
        ],
        F.SWAPPED,
        8,
    ),
    "what two say exchanged": (
        [
            "CREATE TABLE other AS SELECT * FROM audit_events WHERE number IN (8, 9)",
            "UPDATE other SET number = 17 - number, slot = 17 - slot",
            "UPDATE other SET prev_hash = (SELECT e.prev_hash FROM audit_events AS e WHERE e.number = other.number)",
            "UPDATE other SET hash = (SELECT e.hash FROM audit_events AS e WHERE e.number = other.number)",
            "DELETE FROM audit_events WHERE number IN (8, 9)",
            "INSERT INTO audit_events SELECT * FROM other",
        ],
        F.SWAPPED,
        8,
    ),
    "a copy put in": (
        [
            "CREATE TABLE other AS SELECT * FROM audit_events WHERE number = 8",
            "UPDATE other SET number = 15, slot = 11",
            "INSERT INTO audit_events SELECT * FROM other",
        ],
        F.INSERTED,
        15,
    ),
    "a displaced one put back": (
        [
            "CREATE TABLE other AS SELECT * FROM audit_events WHERE number = 8",
            "UPDATE other SET number = 4, slot = 11",
            "INSERT INTO audit_events SELECT * FROM other",
        ],
        F.INSERTED,
        4,
    ),
    "a number given twice": (
        [
            "CREATE TABLE other AS SELECT * FROM audit_events WHERE number = 8",
            "UPDATE other SET slot = 11, description = 'x'",
            "INSERT INTO audit_events SELECT * FROM other",
        ],
        F.INSERTED,
        8,
    ),
    "the head's hash changed": (["UPDATE audit_logs SET head_hash = prior_hash"], F.HEAD, 14),
    "the head's time changed": (["UPDATE audit_logs SET head_time = head_time + 1"], F.HEAD, 14),
    "the head moved back": (["UPDATE audit_logs SET head_number = 13"], F.HEAD, 14),
    "the head moved on": (["UPDATE audit_logs SET head_number = 9000000000000000000"], F.HEAD, 15),
    "the head moved back with its hash": (
        ["UPDATE audit_logs SET head_number = 13, head_hash = prior_hash"],
        F.HEAD,
        14,
    ),
    "the log given to another project": (["UPDATE audit_logs SET project_id = 'b'"], F.HEAD, 14),
    "the capacity raised": (["UPDATE audit_logs SET capacity = 11"], F.HEAD, 14),
    "the capacity raised, and a word changed": (
        ["UPDATE audit_logs SET capacity = 30", "UPDATE audit_events SET description = 'nothing' WHERE number = 8"],
        F.CHANGED,
        8,
    ),
    "a seam made up": (["UPDATE audit_logs SET seam_number = 7"], F.HEAD, None),
    "the log's row gone": (["DELETE FROM audit_logs"], F.GONE, None),
    "a trigger gone": ([], F.UNPROTECTED, None),
}


def switch_off(session: Session) -> None:
    """Do as somebody who owns the tables could: take the triggers away."""
    dialect = session.connection().dialect.name
    for name in TRIGGERS[dialect]:
        session.execute(text(f"DROP TRIGGER {name}" + (f" ON {table_of(name)}" if dialect == "postgresql" else "")))


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_done_past_the_triggers_is_named_by_number(session: Session, tampering: str) -> None:
    """O-G10."""
    add_books(session, 13)
    switch_off(session)
    statements, finding, number = TAMPERINGS[tampering]
    for statement in statements:
        session.execute(text(statement))

    found = trail.verify(session.connection(), "a")
    assert found.fault
    assert (found.fault.finding, found.wrong) == (finding, number), found.finding
    assert not found.is_sound
    assert found.is_intact == (finding is F.UNPROTECTED)
    assert number is None or str(number) in found.finding or finding is F.HEAD


CUT = (  # as somebody would who knows the log, and wants the rest to look whole
    "DELETE FROM audit_events WHERE number > {0}",
    "UPDATE audit_logs SET head_number = {0}",
    "UPDATE audit_logs SET head_hash = (SELECT hash FROM audit_events WHERE number = {0})",
    "UPDATE audit_logs SET head_time = (SELECT created_at FROM audit_events WHERE number = {0})",
    "UPDATE audit_logs SET prior_hash = (SELECT prev_hash FROM audit_events WHERE number = {0})",
)


@pytest.mark.parametrize("checkpoint", [13, 14, None])
@pytest.mark.parametrize("left", [12, 11, 5])
def test_an_end_cut_off_a_full_ring_is_called_so_as_far_as_it_is_known(
    session: Session, left: int, checkpoint: int | None
) -> None:
    sealed = []
    for number in range(2, 15):
        add_books(session, 1)
        log = trail.read_log(session.connection(), "a")
        assert log
        sealed += [trail.seal(log, KEY, 0)] if number == checkpoint else []
    switch_off(session)
    for statement in CUT:
        session.execute(text(statement.format(left)))

    found = trail.verify(session.connection(), "a", sealed)

    assert found.fault
    if checkpoint:
        assert (found.fault.finding, found.wrong) == (F.CUT_OFF, left + 1)
        assert found.finding.startswith(f"the end is cut off: the log went on to #{checkpoint} on ")
    else:
        first = max(left - 9, 1)
        assert (found.fault.finding, found.wrong) == (F.DELETED, first)
        assert found.finding == (
            f"event {first} is not there; or the log went on to #14, its end was cut off, and the head moved back"
        )


def test_what_else_is_wrong_before_a_cut_off_end_is_named_first(session: Session) -> None:
    add_books(session, 13)
    log = trail.read_log(session.connection(), "a")
    assert log
    switch_off(session)
    for statement in (*CUT, "UPDATE audit_events SET description = 'nothing' WHERE number = 8"):
        session.execute(text(statement.format(12)))

    found = trail.verify(session.connection(), "a", [trail.seal(log, KEY, 0)])
    assert found.fault
    assert (found.fault.finding, found.wrong) == (F.CHANGED, 8)


# Another key


def with_another_key(session: Session) -> Connection:
    return session.connection().execution_options(**{ledger.KEY: OTHER_KEY})


def test_another_key_is_told_as_that_and_blames_no_event(session: Session, book: Book) -> None:
    assert book.id
    found = trail.verify(with_another_key(session), "a")
    assert found.fault
    assert (found.fault.finding, found.wrong) == (F.KEY, None)
    assert not found.is_intact
    assert "that is not the key that the log was written with, or every event was changed" in found.finding


def test_with_another_key_what_does_not_hold_together_is_told_as_changed(session: Session) -> None:
    add_books(session, 13)
    switch_off(session)
    session.execute(text("DELETE FROM audit_events WHERE number = 8"))

    found = trail.verify(with_another_key(session), "a")
    assert found.fault
    assert (found.fault.finding, found.wrong) == (F.CHANGED, 5)


@pytest.mark.parametrize("witness", ["a checkpoint", "another log"])
def test_where_something_bears_the_key_out_the_events_were_changed(session: Session, witness: str) -> None:
    add_books(session, 2)
    log = trail.read_log(session.connection(), "a")
    assert log
    if witness == "another log":
        session.add(Note(text="of the main log"))
        session.commit()
    switch_off(session)
    session.execute(text("UPDATE audit_events SET description = 'nothing' WHERE log_id = 'a'"))
    sealed = [trail.seal(log, KEY, 0)]

    found = trail.verify(session.connection(), "a", sealed if witness == "a checkpoint" else ())
    assert found.fault
    assert (found.fault.finding, found.wrong) == (F.CHANGED, 1)


def test_a_log_that_does_not_exist_cannot_be_verified(session: Session) -> None:
    with pytest.raises(LookupError, match="no log"):
        trail.verify(session.connection(), "nowhere")
