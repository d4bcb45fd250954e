"""A failure is kept once, however often its error is handed on or its commit tried; what came true is none."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError, PendingRollbackError
from sqlalchemy.orm import Session

from erebus import trail
from tests.trail.conftest import Book, kept
from tests.trail.test_attempts import BookIsLent
from tests.trail.test_failures import Parcel, expect, failures, parcel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

__all__ = ["parcel"]  # a fixture


def test_the_same_commit_again_is_no_second_failure(session: Session, parcel: Parcel) -> None:
    parcel.weight = -1
    with pytest.raises(IntegrityError) as caught:
        session.commit()
    trail.failed(session, caught.value)
    for _ in range(3):
        with pytest.raises(PendingRollbackError) as again:
            session.commit()
        trail.failed(session, again.value)
    trail.failed(session, caught.value)
    session.rollback()

    assert len(failures(session)) == 1


def test_an_error_made_of_another_is_no_second_failure(session: Session, parcel: Parcel) -> None:
    parcel.weight = -1
    with pytest.raises(RuntimeError) as caught:
        _translate(session)
    trail.failed(session, caught.value)
    session.rollback()

    assert len(failures(session)) == 1


def _translate(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        message = "translated"
        raise RuntimeError(message) from error


def test_a_second_attempt_after_the_rollback_is_a_failure_of_its_own(session: Session, parcel: Parcel) -> None:
    """Documented: who tries again from anew tries twice, also in the handler of the first error."""
    parcel.weight = -1
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        parcel.weight = -2
        expect(session, IntegrityError, session.commit)

    assert [e.changes[0]["after"] for e in failures(session)] == [-1, -2]


def test_a_savepoint_that_failed_is_told_in_the_commit_that_survived_it(session: Session, parcel: Parcel) -> None:
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Parcel(name="First", shelf_id="a"))
    parcel.weight = 2
    session.commit()

    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", True), ("create", False)]


def test_a_rollback_by_the_codes_own_decision_is_no_failure(session: Session, parcel: Parcel) -> None:
    parcel.weight = 2
    session.flush()
    session.rollback()

    assert failures(session) == []


def test_each_turn_of_a_loop_that_tries_again_from_anew_is_an_attempt(session: Session, parcel: Parcel) -> None:
    """Documented, as above: the same objects, added again after a rollback, were tried again."""
    wanted = [Parcel(name="First", shelf_id="a")]
    for _ in range(2):
        session.add_all(wanted)
        expect(session, IntegrityError, session.commit)
    wanted[0].name = "Second"
    session.add_all(wanted)
    session.commit()

    assert [(e.status, e.entity_label) for e in kept(session)[2:]] == [
        (False, "First"),
        (False, "First"),
        (True, "Second"),
    ]


# Refusals


def test_a_refusal_in_the_handling_of_another_is_one_more(session: Session, book: Book) -> None:
    try:
        _refuse(session, book, "It is lent.")
    except BookIsLent:
        with pytest.raises(BookIsLent):
            _refuse(session, book, "It is lent twice.")
    session.rollback()

    assert [e.reason for e in failures(session)] == ["It is lent.", "It is lent twice."]


def test_a_refusal_that_names_another_as_its_cause_is_one_more(session: Session, book: Book) -> None:
    first, second = (BookIsLent(book, {"title": "Emma"}, reason=reason) for reason in ("Lent.", "Not there."))
    trail.failed(session, first)
    second.__cause__ = first
    for _ in range(2):
        trail.failed(session, second)
    session.rollback()

    assert [e.reason for e in failures(session)] == ["Lent.", "Not there."]


def test_a_refusal_that_an_error_of_the_database_is_translated_to_is_the_same_failure(
    session: Session, parcel: Parcel
) -> None:
    parcel.weight = -1
    with pytest.raises(BookIsLent) as caught:
        _translate_to_refusal(session, parcel)
    trail.failed(session, caught.value)
    session.rollback()

    assert [e.reason for e in failures(session)] == ["It breaks a rule of the database (parcel_weight)."]


def test_an_error_in_the_handling_of_a_refusal_is_the_same_failure(session: Session, book: Book) -> None:
    book.pages = 1
    session.flush()
    try:
        _refuse(session, book, "It is lent.")
    except BookIsLent as refused:
        another = RuntimeError("while cleaning up")
        another.__context__ = refused
        trail.failed(session, another)
    session.rollback()

    assert [e.reason for e in failures(session)] == ["It is lent."]


def _refuse(session: Session, book: Book, reason: str) -> None:
    with _transaction(session):
        raise BookIsLent(book, {"title": "Emma"}, reason=reason)


@contextmanager
def _transaction(session: Session) -> Iterator[None]:
    try:
        yield
    except BookIsLent as refused:
        trail.failed(session, refused)
        raise


def _translate_to_refusal(session: Session, parcel: Parcel) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise BookIsLent(parcel, {"weight": -1}, reason="Too light.") from error


# After the commit


def test_what_a_listener_writes_after_the_commit_with_a_session_of_its_own_is_told(
    engine: Engine, session: Session, parcel: Parcel
) -> None:
    """O-E7: the trail itself writes nothing after a commit."""

    def write(_session: Session) -> None:
        with Session(engine) as own:
            own.add(Book(shelf_id="a", title="After"))
            own.commit()

    event.listen(session, "after_commit", write, once=True)
    parcel.weight = 2
    session.commit()

    assert [(e.action, e.entity_type) for e in kept(session)[2:]] == [("update", "parcel"), ("create", "book")]


def test_what_a_listener_adds_after_the_commit_is_told_with_the_next_one(session: Session, parcel: Parcel) -> None:
    """O-E7: on the same session, which does not flush then."""
    event.listen(session, "after_commit", lambda s: s.add(Book(shelf_id="a", title="After")), once=True)
    parcel.weight = 2
    session.commit()
    assert [(e.action, e.entity_type) for e in kept(session)[2:]] == [("update", "parcel")]
    session.commit()

    assert [(e.action, e.entity_type) for e in kept(session)[2:]] == [("update", "parcel"), ("create", "book")]


def test_a_query_after_the_commit_fails_as_sqlalchemy_has_it_and_what_came_true_is_no_failure(
    session: Session, parcel: Parcel
) -> None:
    """O-E7: documented, a session that has committed takes no statement until it is closed."""
    event.listen(session, "after_commit", lambda s: s.scalars(select(Book)).all(), once=True)
    parcel.weight = 2
    with pytest.raises(InvalidRequestError, match="'committed' state") as caught:
        session.commit()
    trail.failed(session, caught.value)
    session.close()

    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", True)]
    session.get_one(Parcel, 1).weight = 3
    session.commit()
    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", True)] * 2


def test_an_error_after_the_release_of_a_savepoint_is_a_failure_of_what_it_ends(
    session: Session, parcel: Parcel
) -> None:
    """O-E7: a savepoint's release is no commit, though the same event tells of it."""
    savepoint = session.begin_nested()
    parcel.weight = 2
    savepoint.commit()
    trail.failed(session, ValueError())
    session.rollback()

    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", False)]


@pytest.mark.tampers("the driver says that a commit failed that did not")
def test_a_commit_of_which_only_the_acknowledgement_is_lost_is_no_failure(
    engine: Engine,
    session: Session,
    parcel: Parcel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    usual = engine.dialect.do_commit

    def commit_and_lose(connection: Any) -> None:
        monkeypatch.undo()
        usual(connection)
        raise engine.dialect.loaded_dbapi.OperationalError

    monkeypatch.setattr(engine.dialect, "do_commit", commit_and_lose)
    parcel.weight = 2
    expect(session, OperationalError, session.commit)

    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", True)]
    assert parcel.weight == 2
    assert "a commit came true" in caplog.text
    parcel.weight = -1
    expect(session, IntegrityError, session.commit)
    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", True), ("update", False)]


def test_a_commit_that_the_database_does_not_take_is_a_failure(
    engine: Engine, session: Session, parcel: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(_connection: Any) -> None:
        monkeypatch.undo()
        raise engine.dialect.loaded_dbapi.OperationalError

    monkeypatch.setattr(engine.dialect, "do_commit", lose)
    parcel.weight = 2
    expect(session, OperationalError, session.commit)

    assert [(e.action, e.status) for e in kept(session)[2:]] == [("update", False)]
