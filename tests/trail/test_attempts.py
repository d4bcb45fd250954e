"""What a rule refused is kept, with what was tried and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus import trail
from tests.trail.conftest import Book, kept

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class BookIsLent(trail.Refused):
    """The book is not there."""


def test_a_refused_change_is_written_after_the_rollback(session: Session, book: Book) -> None:
    book.pages = 1
    session.flush()
    trail.note(session, BookIsLent(book, {"title": "Emma", "code": "new s3cret"}, reason="It is lent. Wait."))
    session.rollback()

    event = kept(session)[-1]
    assert event.status is False
    assert event.action_description == "Renamed book"
    assert event.description == "Tried to rename 'Dune' to 'Emma'. Not done: It is lent. Wait."
    assert event.reason == "It is lent. Wait."
    assert event.changes == (
        {"field": "title", "name": "title", "before": "Dune", "after": "Emma"},
        {"field": "code", "name": "code", "hidden": "secret"},
    )
    assert "new s3cret" not in repr(event)
    session.refresh(book)
    assert book.pages == 412


def test_a_refused_creation_is_told_of_what_was_never_there(session: Session) -> None:
    wanted = Book(id=7, shelf_id="a", title="Dune")
    trail.note(session, BookIsLent(wanted, {"title": "Dune"}, reason="Shelf full.", action="create"))
    session.rollback()

    event = kept(session)[-1]
    assert (event.action, event.status, event.entity_id) == ("create", False, "7")
    assert event.description == "Tried to create book 'Dune'. Not done: Shelf full."


def test_an_attempt_in_a_transaction_that_commits_is_written_with_it(session: Session, book: Book) -> None:
    trail.note(session, BookIsLent(book, {"title": "Emma"}, reason="Lent."))
    book.pages = 1
    session.commit()

    assert [e.status for e in kept(session)[2:]] == [True, False]
    assert trail.verify(session.connection(), "a").is_sound


def test_the_actor_is_whoever_acts(session: Session, book: Book) -> None:
    ada = trail.Actor(trail.ActorKind.USER, "user_1", "Ada", "ff", "127.0.0.1", "agent", "req")
    with trail.acting_as(ada):
        book.title = "Emma"
        session.commit()
    book.title = "Other"
    session.commit()

    events = kept(session)[2:]
    assert [(e.actor_kind, e.actor_id, e.actor_name) for e in events] == [
        ("user", "user_1", "Ada"),
        ("system", "system", "System"),
    ]
    assert (events[0].actor_image, events[0].address, events[0].user_agent, events[0].request_id) == (
        "ff",
        "127.0.0.1",
        "agent",
        "req",
    )
