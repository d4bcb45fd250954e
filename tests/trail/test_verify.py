"""Verification names the first event that is not what was written; displacement it takes for what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from erebus import trail
from erebus.trail import ledger
from erebus.trail.triggers import TRIGGERS
from tests.trail.conftest import Book
from tests.trail.test_ring import add_books

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TAMPERINGS = {
    "a word changed": ("UPDATE audit_events SET description = 'nothing' WHERE number = 8", 8),
    "a failure made a success": ("UPDATE audit_events SET status = NOT status WHERE number = 8", 8),
    "a time moved": ("UPDATE audit_events SET created_at = created_at - 1 WHERE number = 8", 8),
    "changes rewritten": ("UPDATE audit_events SET changes = '[]' WHERE number = 8", 8),
    "an event gone": ("DELETE FROM audit_events WHERE number = 8", 8),
    "the last gone": ("DELETE FROM audit_events WHERE number = 14", 14),
    "the hash changed": ("UPDATE audit_events SET hash = prev_hash WHERE number = 8", 8),
    "the head changed": ("UPDATE audit_logs SET head_hash = prior_hash", 14),
    "the end cut off by hand": ("UPDATE audit_logs SET head_number = 13", 14),
}


def switch_off(session: Session) -> None:
    """Do as somebody who owns the tables could: take the triggers away."""
    for name in TRIGGERS[session.connection().dialect.name]:
        table = "_".join(name.split("_")[:2])
        on = f" ON {table}" if session.connection().dialect.name == "postgresql" else ""
        session.execute(text(f"DROP TRIGGER {name}{on}"))


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_done_past_the_triggers_is_named_by_number(session: Session, tampering: str) -> None:
    add_books(session, 13)
    switch_off(session)
    statement, number = TAMPERINGS[tampering]
    session.execute(text(statement))

    found = trail.verify(session.connection(), "a")
    assert not found.is_sound
    assert found.wrong == number


def test_another_key_does_not_verify(session: Session, book: Book) -> None:
    assert book.id
    connection = session.connection().execution_options(**{ledger.KEY: bytes(32)})
    assert trail.verify(connection, "a").wrong == 1


def test_a_log_that_does_not_exist_cannot_be_verified(session: Session) -> None:
    with pytest.raises(LookupError, match="no log"):
        trail.verify(session.connection(), "nowhere")
