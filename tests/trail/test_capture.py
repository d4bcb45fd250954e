"""What a transaction did is told once, as it really came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from tests.trail.conftest import Book, Colour, Note, Scrap, Shelf, kept

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


def test_a_creation_tells_the_recorded_values_and_hides_the_rest(session: Session, book: Book) -> None:
    event = kept(session)[-1]

    assert (event.action, event.action_description, event.entity_type) == ("create", "Created book", "book")
    assert (event.entity_id, event.entity_label) == (str(book.id), "Dune")
    assert event.description == "Created book 'Dune'"
    assert event.changes == (
        {"field": "title", "name": "title", "before": None, "after": "Dune"},
        {"field": "colour", "name": "colour", "before": None, "after": "red"},
        {"field": "pages", "name": "number of pages", "before": None, "after": 412},
        {"field": "code", "name": "code", "hidden": "secret"},
    )
    assert "s3cret" not in repr(event)


def test_an_update_tells_before_and_after_in_the_words_that_fit(session: Session, book: Book) -> None:
    book.title = "Emma"
    session.commit()

    event = kept(session)[-1]
    assert event.action_description == "Renamed book"
    assert event.description == "Renamed 'Dune' to 'Emma'"
    assert event.changes == ({"field": "title", "name": "title", "before": "Dune", "after": "Emma"},)


def test_a_value_set_on_an_expired_object_still_has_its_true_before(session: Session, book: Book) -> None:
    """O-D1."""
    session.expire(book)
    book.pages = 500
    session.commit()

    assert kept(session)[-1].changes[0]["before"] == 412


def test_an_sql_expression_is_told_by_the_value_that_it_gave(session: Session, book: Book) -> None:
    book.pages = Book.pages + 1
    session.commit()

    assert kept(session)[-1].changes == ({"field": "pages", "name": "number of pages", "before": 412, "after": 413},)


@pytest.mark.parametrize("value", ["Dune", "x"])
def test_the_same_value_again_is_no_event(session: Session, book: Book, value: str) -> None:
    """O-D3, and a value changed back before the commit."""
    book.title = value
    session.flush()
    book.title = "Dune"
    session.commit()

    assert len(kept(session)) == 2


def test_an_ignored_field_is_no_event_and_rides_along_unseen(session: Session, book: Book) -> None:
    book.reads = 1
    session.commit()
    assert len(kept(session)) == 2

    book.reads, book.colour = 2, Colour.BLUE
    session.commit()
    assert [c["field"] for c in kept(session)[-1].changes] == ["colour"]


def test_secret_and_unrecorded_fields_show_that_they_changed_and_nothing_else(session: Session, book: Book) -> None:
    book.code, book.internal = "other", "y"
    session.commit()

    hidden = {c["field"]: c for c in kept(session)[-1].changes}
    assert hidden == {
        "code": {"field": "code", "name": "code", "hidden": "secret"},
        "internal": {"field": "internal", "name": "internal", "hidden": "unrecorded"},
    }


def test_created_then_changed_is_a_creation_with_the_last_values(session: Session) -> None:
    """O-A4."""
    book = Book(shelf_id="a", title="Dune")
    session.add(book)
    session.flush()
    book.title = "Emma"
    session.commit()

    events = kept(session)[1:]
    assert [(e.action, e.entity_label) for e in events] == [("create", "Emma")]
    assert events[0].changes[0] == {"field": "title", "name": "title", "before": None, "after": "Emma"}


def test_created_then_deleted_is_nothing(session: Session) -> None:
    book = Book(shelf_id="a", title="Dune")
    session.add(book)
    session.flush()
    session.delete(book)
    session.commit()

    assert len(kept(session)) == 1


def test_many_flushes_are_one_update_from_first_to_last(session: Session, book: Book) -> None:
    """O-A6."""
    for pages in (1, 2, 3):
        book.pages = pages
        session.flush()
    session.commit()

    assert [e.changes[0] for e in kept(session)[2:]] == [
        {"field": "pages", "name": "number of pages", "before": 412, "after": 3}
    ]


def test_changed_then_deleted_is_a_deletion_with_the_values_before_both(session: Session, book: Book) -> None:
    book.title = "Emma"
    session.flush()
    session.delete(book)
    session.commit()

    events = kept(session)[2:]
    assert [e.action for e in events] == ["delete"]
    assert events[0].changes[0] == {"field": "title", "name": "title", "before": "Dune", "after": None}


def test_deleted_then_made_again_under_one_key_is_an_update(session: Session, book: Book) -> None:
    """O-A5."""
    key = book.id
    session.delete(book)
    session.flush()
    session.add(Book(id=key, shelf_id="a", title="Emma", pages=412, code="s3cret", internal="x"))
    session.commit()

    events = kept(session)[2:]
    assert [e.action for e in events] == ["update"]
    assert events[0].changes == ({"field": "title", "name": "title", "before": "Dune", "after": "Emma"},)


def test_children_stand_before_the_parent_that_takes_them_with_it(session: Session, book: Book) -> None:
    session.delete(session.get_one(Shelf, "a"))
    session.commit()

    assert [(e.action, e.entity_type) for e in kept(session)[2:]] == [("delete", "book"), ("delete", "shelf")]
    assert book.id


def test_a_savepoint_that_rolls_back_takes_its_own_with_it_and_nothing_else(session: Session) -> None:
    """O-A1 and O-A2: what was pending when the savepoint began belongs to the outer transaction."""
    first = Book(shelf_id="a", title="Dune")
    session.add(first)
    with session.begin_nested() as savepoint:
        session.add(Book(shelf_id="a", title="Emma"))
        first.title = "Other"
        session.flush()
        savepoint.rollback()
    session.commit()

    assert [(e.action, e.entity_label) for e in kept(session)[1:]] == [("create", "Dune")]


def test_a_released_savepoint_is_not_yet_a_commit(session: Session) -> None:
    """O-A3."""
    with session.begin_nested():
        session.add(Book(shelf_id="a", title="Dune"))
    session.rollback()

    assert len(kept(session)) == 1


def test_a_rollback_leaves_nothing_and_numbers_have_no_gap(session: Session, book: Book) -> None:
    book.title = "Emma"
    session.flush()
    session.rollback()
    book.title = "Other"
    session.commit()

    assert [e.number for e in kept(session)] == [1, 2, 3]


def test_what_a_later_listener_adds_before_the_commit_is_in_the_log_too(session: Session, book: Book) -> None:
    def add(session: Session) -> None:
        session.add(Book(shelf_id="a", title="Late"))

    event.listen(session, "before_commit", add, once=True)
    book.title = "Emma"
    session.commit()

    assert [e.entity_label for e in kept(session)[2:]] == ["Emma", "Late"]


def test_a_model_that_nobody_described_is_told_in_generic_words_without_values(session: Session) -> None:
    session.add(note := Note(text="private"))
    session.commit()
    note.text = "other"
    session.commit()

    assert [(e.action_description, e.description) for e in kept(session, "rest")] == [
        ("Created note", "Created note"),
        ("Updated note", "Updated note: text"),
    ]
    assert "private" not in repr(kept(session, "rest"))


def test_an_exempt_model_is_left_out(session: Session) -> None:
    session.add(Scrap(text="x"))
    session.commit()

    assert kept(session, "rest") == []


def test_an_autocommit_connection_is_refused(engine: Engine) -> None:
    """O-A8."""
    with Session(engine.execution_options(isolation_level="AUTOCOMMIT")) as session:
        session.add(Shelf(id="b"))
        with pytest.raises(RuntimeError, match="AUTOCOMMIT"):
            session.commit()


def test_the_change_and_its_line_are_committed_together_or_not_at_all(session: Session, book: Book) -> None:
    """Without its key the line cannot be written: the change is not committed either."""
    engine = create_engine(session.get_bind().url)
    with Session(engine) as keyless:
        keyless.get_one(Book, book.id).title = "Emma"
        with pytest.raises(LookupError, match="no chain key"):
            keyless.commit()
        keyless.rollback()
    engine.dispose()

    session.refresh(book)
    assert book.title == "Dune"
    assert session.execute(text("SELECT count(*) FROM audit_events")).scalar_one() == 2
