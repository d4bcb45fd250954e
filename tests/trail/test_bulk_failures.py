"""A bulk statement that the database refuses is kept for each row that it was about, and for no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.trail.test_failures import SECRET, Parcel, failures, parcel

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["parcel"]
TAKEN = "There is one with the same name already."


def refuse(session: Session, act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError):
        act()
    session.rollback()


def told(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (e.action, e.reason or "", {c["field"]: (c.get("before"), c.get("after")) for c in e.changes})
        for e in failures(session)
    ]


def test_rows_that_were_to_get_one_name_are_failed_updates(session: Session, parcel: Parcel) -> None:
    session.add(Parcel(name="Second", shelf_id="a"))
    session.commit()

    refuse(session, lambda: session.execute(update(Parcel).values(name="Same", token=SECRET)))

    changes = {"token": (None, None)}
    assert sorted(told(session), key=repr) == [
        ("update", TAKEN, {"name": ("First", "Same"), **changes}),
        ("update", TAKEN, {"name": ("Second", "Same"), **changes}),
    ]
    assert SECRET not in repr(failures(session))


def test_what_only_stood_beside_it_is_not_blamed(session: Session, parcel: Parcel) -> None:
    session.add_all([Parcel(name="Second", shelf_id="a"), innocent := Parcel(name="Third", shelf_id="a")])
    wanted = update(Parcel).where(Parcel.name.in_(["First", "Second"])).values(name="Same")

    refuse(session, lambda: session.execute(wanted))

    assert innocent.name == "Third"
    assert sorted(changes["name"][0] for _, _, changes in told(session)) == ["First", "Second"]


@pytest.mark.parametrize("is_list", [True, False])
def test_an_insertion_of_a_taken_name_is_a_failed_creation(session: Session, parcel: Parcel, is_list: bool) -> None:
    row = {"name": "First", "weight": 2, "sender": "Eve", "shelf_id": "a", "token": SECRET}
    given: tuple[Any, ...] = (insert(Parcel), [row]) if is_list else (insert(Parcel).values(row),)

    refuse(session, lambda: session.execute(*given))

    values = {"name": (None, "First"), "weight": (None, 2), "shelf_id": (None, "a"), "token": (None, None)}
    assert told(session) == [("create", TAKEN, values)]


def test_of_several_new_rows_only_the_refused_one_is_told(session: Session, parcel: Parcel) -> None:
    rows = [{"name": name, "sender": "Eve", "shelf_id": "a", "weight": 1} for name in ("New", "First")]

    refuse(session, lambda: session.execute(insert(Parcel), rows))

    assert [changes["name"][1] for _, _, changes in told(session)] == ["First"]


def test_an_update_by_keys_tells_what_each_row_was_to_get(session: Session, parcel: Parcel) -> None:
    rows = [{"id": parcel.id, "weight": -1}]

    refuse(session, lambda: session.execute(update(Parcel), rows))

    assert told(session) == [("update", "It breaks a rule of the database (parcel_weight).", {"weight": (1, -1)})]


def test_what_the_statement_was_to_compute_is_said_to_be_computed(session: Session, parcel: Parcel) -> None:
    refuse(session, lambda: session.execute(update(Parcel).values(weight=-Parcel.weight, name=func.upper(Parcel.name))))

    changes = {"name": ("First", "(computed)"), "weight": (1, "(computed)")}
    assert told(session) == [("update", "It breaks a rule of the database (parcel_weight).", changes)]


def test_a_refused_statement_in_a_savepoint_is_kept_by_the_commit(session: Session, parcel: Parcel) -> None:
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Parcel).values(weight=-1))
    parcel.weight = 7
    session.commit()

    assert [changes["weight"] for _, _, changes in told(session)] == [(1, -1)]
