"""What fails is kept, once, whatever failed and wherever: the cases O-E1 to O-E8 and their like."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from erebus import trail
from tests.conftest import DATABASE
from tests.trail.conftest import Base, Book, Shelf, engine_at, kept, lay

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine

SECRET = "s3cret-value"


class Parcel(Base):
    """A row with a constraint of each kind."""

    __tablename__ = "parcels"
    __table_args__ = (
        CheckConstraint("weight > 0", name="parcel_weight"),
        UniqueConstraint("name", name="uq_parcels_name"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    weight: Mapped[int] = mapped_column(default=1)
    sender: Mapped[str]
    shelf_id: Mapped[str | None] = mapped_column(ForeignKey("shelves.id"))
    late_shelf_id: Mapped[str | None] = mapped_column(ForeignKey("shelves.id", deferrable=True, initially="DEFERRED"))
    token: Mapped[str | None]

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"sender": "Eve", **values})


trail.describe(
    Parcel,
    trail.AuditDescription(
        entity_type="parcel", label=lambda p: p.name, recorded=("name", "weight", "shelf_id"), secret=("token",)
    ),
)


@pytest.fixture
def parcel(session: Session) -> Parcel:
    """A parcel that is event 2 of the log of shelf a."""
    session.add(parcel := Parcel(name="First", weight=1, shelf_id="a"))
    session.commit()
    return parcel


def failures(session: Session, log_id: str = "a") -> list[trail.AuditEvent]:
    """The failures in the log, which verifies."""
    session.rollback()
    assert trail.verify(session.connection(), log_id).is_sound
    return [e for e in kept(session, log_id) if not e.status]


def expect(session: Session, error: type[BaseException], act: Callable[[], object]) -> None:
    """Run *act*, which has to fail with *error*, and undo what it did."""
    with pytest.raises(error):
        act()
    session.rollback()


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "unique": ({"name": "First"}, "There is one with the same name already."),
    "check": ({"weight": -1}, "It breaks a rule of the database (parcel_weight)."),
    "not null": ({"sender": None}, "sender is missing."),
}


@pytest.mark.parametrize("kind", ["unique", "check", "not null"])
@pytest.mark.parametrize("step", ["flush", "commit"])
def test_a_violated_constraint_is_one_failed_creation(
    session: Session, parcel: Parcel, caplog: pytest.LogCaptureFixture, kind: str, step: str
) -> None:
    """O-E1: with what was tried, secrets masked, and no word of the database."""
    broken, reason = BROKEN[kind]
    session.add(Parcel(**{"name": "Second", "weight": 5, "shelf_id": "a", "token": SECRET, **broken}))
    with caplog.at_level(logging.DEBUG):
        expect(session, IntegrityError, getattr(session, step))

    (event,) = failures(session)
    assert (event.action, event.entity_type, event.actor_id, event.reason) == ("create", "parcel", "system", reason)
    assert event.description == f"Tried to create parcel '{event.entity_label}'. Not done: {reason}"
    told = {c["field"]: c.get("after", c.get("hidden")) for c in event.changes}
    assert told == {
        "name": broken.get("name", "Second"),
        "weight": broken.get("weight", 5),
        "shelf_id": "a",
        "token": "secret",
    }
    assert SECRET not in repr(event) + caplog.text
    assert parcel.id


def test_a_violated_constraint_of_an_update_tells_before_and_what_was_wanted(session: Session, parcel: Parcel) -> None:
    parcel.weight, parcel.token = -1, SECRET
    expect(session, IntegrityError, session.commit)

    (event,) = failures(session)
    assert (event.action, event.entity_id) == ("update", str(parcel.id))
    assert {c["field"]: (c.get("before"), c.get("after")) for c in event.changes} == {
        "weight": (1, -1),
        "token": (None, None),
    }


def test_a_reference_to_nothing_is_a_failure_in_the_main_log(session: Session) -> None:
    """The log of a shelf that never was is not made by a failure."""
    session.add(Parcel(name="Lost", shelf_id="nowhere"))
    session.add(Book(shelf_id="a", title="Kept"))
    expect(session, IntegrityError, session.commit)

    assert [e.reason for e in kept(session, "rest")] == [
        "It refers to something that is not there, or something else still refers to it."
    ]
    assert "nowhere" not in trail.log_ids(session.connection())


def test_a_deferred_reference_fails_the_commit_and_each_change_of_its_table(session: Session) -> None:
    """The lines were written already: they go with the change, and what failed is told in their place."""
    session.add(Parcel(name="Late", shelf_id="a", late_shelf_id="nowhere"))
    session.flush()
    expect(session, IntegrityError, session.commit)

    (event,) = failures(session)
    assert (event.entity_label, event.status) == ("Late", False)
    assert event.reason == "It refers to something that is not there, or something else still refers to it."
    assert [e.number for e in kept(session)] == [1, 2]


def test_a_deletion_that_somebody_still_refers_to_is_a_failed_deletion(session: Session, parcel: Parcel) -> None:
    session.delete(session.get_one(Shelf, "a"))
    expect(session, IntegrityError, session.commit)

    assert [(e.action, e.entity_type) for e in failures(session)] == [("delete", "shelf")]
    assert parcel.name == "First"


def test_a_failure_after_a_write_of_the_same_transaction_is_never_lost(session: Session, parcel: Parcel) -> None:
    """O-E2: the first holds SQLite's lock until its rollback; the failure is written after it."""
    session.add(Book(shelf_id="a", title="Written"))
    session.flush()
    session.add(Parcel(name="First", shelf_id="a"))
    expect(session, IntegrityError, session.commit)

    assert [e.entity_label for e in failures(session)] == ["First"]
    assert parcel.id


@pytest.mark.skipif(DATABASE != "sqlite", reason="a database in memory is SQLite's")
@pytest.mark.tampers("the database goes with its one connection")
def test_a_database_in_memory_with_one_connection_keeps_its_failures() -> None:
    """O-E4."""
    with engine_at("sqlite://", poolclass=StaticPool) as engine, Session(engine) as session:
        lay(Base.metadata, engine)
        session.add(Shelf(id="a"))
        session.commit()
        session.add(Parcel(name="Light", weight=-1, shelf_id="a"))
        expect(session, IntegrityError, session.commit)
        assert [e.entity_label for e in failures(session)] == ["Light"]


# What cannot be written is not done


def test_without_a_place_for_the_line_the_change_is_not_made(
    session: Session, parcel: Parcel, caplog: pytest.LogCaptureFixture
) -> None:
    """O-E3: and when the place is back, so is everything else."""
    session.execute(text("ALTER TABLE audit_events RENAME COLUMN reason TO another"))
    session.commit()
    parcel.name = SECRET
    with caplog.at_level(logging.DEBUG):
        expect(session, DBAPIError, session.commit)
    session.execute(text("ALTER TABLE audit_events RENAME COLUMN another TO reason"))
    session.commit()

    assert parcel.name == "First"
    assert "could not be written" in caplog.text
    assert SECRET not in caplog.text
    parcel.name = "Again"
    session.commit()
    assert [e.status for e in kept(session)] == [True, True, True]
    assert failures(session) == []


# Errors that are none of the database's


@pytest.mark.parametrize("moment", ["before_flush", "after_flush", "after_flush_postexec"])
def test_an_error_in_somebodys_listener_is_a_failure_of_what_was_changed(
    session: Session, parcel: Parcel, moment: str
) -> None:
    """O-E5."""

    def fail(*_args: object) -> None:
        raise ValueError(SECRET)

    event.listen(session, moment, fail)
    parcel.weight = 2
    expect(session, ValueError, session.commit)
    event.remove(session, moment, fail)

    (told,) = failures(session)
    assert (told.action, told.reason) == ("update", "An error stopped it (ValueError).")
    assert told.changes[0]["before"] == 1
    assert told.changes[0]["after"] == 2
    parcel.weight = 3
    session.commit()
    assert kept(session)[-1].status is True


@pytest.mark.parametrize("moment", ["before_update", "after_update"])
def test_an_error_in_a_mappers_listener_is_a_failure_of_its_object(
    session: Session, parcel: Parcel, moment: str
) -> None:
    """O-E5."""

    def fail(*_args: object) -> None:
        raise ValueError(SECRET)

    event.listen(Parcel, moment, fail)
    try:
        parcel.weight = 2
        expect(session, ValueError, session.commit)
    finally:
        event.remove(Parcel, moment, fail)

    assert [(e.action, e.entity_label) for e in failures(session)] == [("update", "First")]


# What stops more than a change


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_stops_the_process_in_a_flush_leaves_no_success_and_a_clean_session(
    session: Session, parcel: Parcel, error: type[BaseException]
) -> None:
    """O-E8."""

    def stop(*_args: object) -> None:
        raise error

    event.listen(session, "after_flush", stop, once=True)
    parcel.weight = 2
    expect(session, error, session.commit)
    session.add(Parcel(name="Next", shelf_id="a"))
    session.commit()

    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", False), ("create", True)]


@pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite has no connection that can be lost")
def test_a_lost_connection_leaves_no_success_and_keeps_the_failure(engine: Engine, session: Session) -> None:
    """O-E8."""
    session.add(Parcel(name="Gone", shelf_id="a"))
    own = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with engine.begin() as other:
        other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
    session.add(Parcel(name="Lost", shelf_id="a"))
    expect(session, DBAPIError, session.commit)

    assert [(e.status, e.entity_label) for e in kept(session)[1:]] == [(False, "Lost")]
    session.add(Parcel(name="Next", shelf_id="a"))
    session.commit()
    assert kept(session)[-1].status is True
