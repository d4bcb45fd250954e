"""What a transaction that has failed can still say: each thing is asked, and something stands in where that trips."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from traceback import format_tb
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.orm import object_mapper
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.actor import NOBODY
from erebus.trail.rows import Key, Row, identity_of, read_row
from erebus.trail.watching import Told, tell, tell_anew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper, Session

    from erebus.trail.actor import Actor
    from erebus.trail.events import Log

T = TypeVar("T")
_log = logging.getLogger("erebus.trail")


def attempt_to(ask: Callable[[], T], otherwise: T) -> T:
    """Return what *ask* gives, or *otherwise* if it fails: whatever it trips over, the failure is kept."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - as said
        return otherwise


def complain(what: str, error: BaseException) -> None:
    """Tell the operator *what* went wrong and where, without the text of *error*: it may hold values."""
    _log.error("%s (%s)\n%s", what, type(error).__name__, "".join(format_tb(error.__traceback__)))


@contextmanager
def leaving_idle(connection: Connection) -> Iterator[None]:
    """Leave no transaction behind on *connection* if there was none."""
    was_idle = not connection.in_transaction()
    try:
        yield
    finally:
        if was_idle and connection.in_transaction():
            connection.rollback()


def connection_for(session: Session, mapper: Mapper[Any]) -> Connection | None:
    """Return the connection on which *session* finds rows of *mapper*, if it can still have one."""
    return attempt_to(lambda: session.connection(bind_arguments={"mapper": mapper}), None)


def actor_of(model: type) -> Actor:
    """Return who is acting, or nobody known if that cannot be asked any more."""
    return attempt_to(registry.attachment_of(model).actor_of, NOBODY)


def log_of(target: object, connection: Connection | None) -> Log:
    """Return the log of *target*, looked up on a connection that may have been rolled back; else the main log."""
    attachment = registry.attachment_of(type(target))
    if connection is None:
        return attachment.main
    with leaving_idle(connection):
        return attempt_to(lambda: attachment.log_of(target, connection), attachment.main)


def row_of(mapper: Mapper[Any], connection: Connection, identity: Key) -> Row:
    """Return the row with the key *identity*; empty if it is gone, or cannot be read."""
    with leaving_idle(connection):
        return attempt_to(lambda: read_row(mapper, connection, identity), {})


def told_of(session: Session, target: object, connection: Connection | None) -> Told:
    """Return what a line needs to know of *target*, each part as far as it can be had."""
    connection = connection or connection_for(session, object_mapper(target))
    with session.no_autoflush:
        whole = _tell_whole(target, connection) if connection is not None else None
        if whole is not None:
            return whole
        description = registry.description_of(type(target))
        label = attempt_to(lambda: str(description.label(target)), "")
        about = {n: attempt_to(partial(look, target), None) for n, look in description.about.items()}
        return Told(label, {n: v for n, v in about.items() if v is not None}, log_of(target, connection))


def _tell_whole(target: object, connection: Connection) -> Told | None:
    """Return what *target* says, or else its row: after a rollback an object cannot load what it lacks."""
    with leaving_idle(connection):
        told = attempt_to(lambda: tell(target, connection), None)
        if told is None and instance_state(target).has_identity:
            mapper = object_mapper(target)
            told = attempt_to(lambda: tell_anew(mapper, connection, identity_of(mapper, target)), None)
        return told
