"""Of several that fail together, those are told that the database speaks of; all, where it does not say which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError

from erebus import trail
from tests.conftest import DATABASE
from tests.trail.conftest import Book, Shelf
from tests.trail.test_failures import Parcel, expect, failures, parcel

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["parcel"]  # a fixture
on_postgresql = DATABASE == "postgresql"


def told(session: Session, log_id: str = "a") -> list[tuple[str, str]]:
    return [(e.action, e.entity_label) for e in failures(session, log_id)]


def added(*broken: dict[str, Any]) -> list[Parcel]:
    """Five parcels, of which the second and what follows have what is *broken*."""
    parts = [{}, *broken, *[{}] * (4 - len(broken))]
    return [Parcel(**{"name": f"P{n}", "shelf_id": "a", "weight": n, **part}) for n, part in enumerate(parts, 1)]


@pytest.mark.parametrize("step", ["flush", "commit"])
@pytest.mark.parametrize(
    ("broken", "label", "reason"),
    [
        ({"name": "First"}, "First", "There is one with the same name already."),
        ({"id": 1}, "P2", "There is one with the same id already."),
        ({"sender": None}, "P2", "sender is missing."),
    ],
    ids=["unique", "primary key", "not null"],
)
def test_of_several_creations_the_one_that_violates_a_constraint_has_failed(
    session: Session, parcel: Parcel, broken: dict[str, Any], label: str, reason: str, step: str
) -> None:
    session.expunge_all()
    session.add_all(added(broken))
    expect(session, IntegrityError, getattr(session, step))

    assert [(e.action, e.entity_label, e.reason) for e in failures(session)] == [("create", label, reason)]


def test_of_several_updates_the_one_that_violates_a_constraint_has_failed(session: Session, parcel: Parcel) -> None:
    session.add_all(parcels := added())
    session.commit()
    for number, changed in enumerate(parcels):
        changed.name = "First" if number == 3 else f"New {number}"
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "First")]


@pytest.mark.skipif(not on_postgresql, reason="SQLite names neither the row nor its values")
@pytest.mark.parametrize(
    ("broken", "log_id"),
    [({"weight": -1}, "a"), ({"shelf_id": "nowhere"}, "rest"), ({"late_shelf_id": "nowhere"}, "a")],
    ids=["check", "foreign key", "deferred foreign key"],
)
def test_of_several_the_one_whose_values_postgresql_shows_has_failed(
    session: Session, parcel: Parcel, broken: dict[str, Any], log_id: str
) -> None:
    session.add_all(added({}, broken))
    expect(session, IntegrityError, session.commit)

    assert told(session, log_id) == [("create", "P3")]


@pytest.mark.skipif(not on_postgresql, reason="SQLite names neither the row nor its values")
def test_of_several_updates_one_whose_column_is_not_known_is_not_the_one(session: Session, parcel: Parcel) -> None:
    session.add_all(parcels := added())
    session.commit()
    for number, changed in enumerate(parcels):
        changed.weight = 10 * number + 10
    parcels[3].late_shelf_id = "nowhere"
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "P4")]


@pytest.mark.skipif(on_postgresql, reason="PostgreSQL shows the row")
def test_where_sqlite_does_not_say_which_of_several_broke_a_rule_each_has_failed(
    session: Session, parcel: Parcel
) -> None:
    """Documented."""
    session.add_all(added({"weight": -1})[:3])
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("create", "P1"), ("create", "P2"), ("create", "P3")]


def test_two_with_the_same_value_have_failed_both(session: Session, parcel: Parcel) -> None:
    """Documented: neither was there before the other."""
    session.add_all(added({"name": "Twin"}, {"name": "Twin"}))
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("create", "Twin"), ("create", "Twin")]


@pytest.mark.parametrize("name", ["x" * 150, "with (brackets)=(x), and a comma", "null", "a.c", "é" * 40, "\\n'\""])
def test_a_value_may_look_like_anything(session: Session, parcel: Parcel, name: str) -> None:
    parcel.name = name
    session.commit()
    session.add_all(added({"name": name}))
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("create", name)]


def test_nothing_of_what_the_database_shows_is_kept(session: Session, parcel: Parcel, caplog: Any) -> None:
    session.add_all(added({"name": "First", "token": "s3cret-value", "sender": "Mallory"}))
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("create", "First")]
    assert "Mallory" not in repr(failures(session))
    assert "s3cret-value" not in repr(failures(session)) + caplog.text


def test_a_deletion_that_children_stand_against_is_blamed_and_not_what_else_was_done(
    session: Session, parcel: Parcel
) -> None:
    session.add_all([Shelf(id="b"), Book(shelf_id="a", title="Dune")])
    session.commit()
    session.add(Shelf(id="c"))
    session.delete(session.get_one(Shelf, "b"))
    session.delete(session.get_one(Shelf, "a"))
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("delete", "a")]
    assert told(session, "b") == []
    assert "c" not in trail.log_ids(session.connection())


def test_the_rule_behind_the_constraint_refuses_the_one_that_violates_it(
    session: Session, parcel: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NameIsTaken(trail.Refused):
        """Another parcel has it."""

    rule = trail.Rule(NameIsTaken, lambda p: f"{p.name} is taken.", "name")
    usual = trail.registry.description_of(Parcel)
    trail.describe(Parcel, usual.__class__(**{**usual.__dict__, "constraints": {"uq_parcels_name": rule}}))
    session.add_all(added({"name": "First"}))
    with pytest.raises(IntegrityError) as caught:
        session.commit()
    refused = trail.refused_by(session, caught.value)
    trail.describe(Parcel, usual)

    assert isinstance(refused, NameIsTaken)
    assert [(e.entity_label, e.reason) for e in failures(session)] == [("First", "First is taken.")]
