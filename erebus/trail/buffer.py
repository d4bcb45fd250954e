"""What a session's transaction has done so far: kept with the session until its outermost transaction ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper, Session, SessionTransaction

    from erebus.trail.changes import Capture, Key, Remark
    from erebus.trail.watching import Told, Watched

INFO = "erebus_trail"


@dataclass
class Entry:
    """A row that a running flush is about to write, or has written, and what is known of it.

    *was* and *identity* are its primary key before and after; *changed* the attributes that were set; *links* its
    many-to-many links before; *children* what the database itself changes with it. *is_switch* marks a row that was
    deleted and made anew in one flush.
    """

    mapper: Mapper[Any]
    target: Any
    action: str
    connection: Connection
    was: Key
    identity: Key
    before: dict[str, Any]
    changed: frozenset[str] = frozenset()
    after: dict[str, Any] = field(default_factory=dict)
    current: dict[str, Any] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    children: list[Watched] = field(default_factory=list)
    told: Told | None = None
    is_switch: bool = False


@dataclass
class Buffer:
    """The captures of one root transaction, how many there were at each open savepoint, and the flush that runs.

    *mark* is put on the errors that have been kept as failures of this transaction. *marks* are the savepoints of the
    session, *savepoints* those of its connections, by name.
    *begun* are the rows that the running flush has announced and not yet reported as written, by the identity of the
    object; *flushed* those that it has; *settled* those whose outcome is known. *written* are the captures that have
    become lines already. *is_in_bulk* marks a bulk statement that is being followed.
    """

    captures: list[Capture | Remark] = field(default_factory=list)
    marks: dict[SessionTransaction, int] = field(default_factory=dict)
    savepoints: dict[str, int] = field(default_factory=dict)
    begun: dict[int, Entry] = field(default_factory=dict)
    flushed: list[Entry] = field(default_factory=list)
    settled: list[Entry] = field(default_factory=list)
    written: list[Capture | Remark] = field(default_factory=list)
    connection: Connection | None = None
    unit_of_work: Any = None
    is_written: bool = False
    is_in_bulk: bool = False
    mark: object = field(default_factory=object)

    def begin_flush(self, unit_of_work: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own, of no public type
        """Forget what an earlier flush left unfinished, and expect the rows of *unit_of_work*."""
        self.end_flush()
        self.unit_of_work = unit_of_work

    def runs_flush(self, session: Session) -> bool:
        """Return whether *session* is in the middle of a flush that was announced here (legacy bulk methods are none).

        A flush that finds nothing to do ends without a word, hence the look at its work: none is one that is over.
        """
        is_flushing = bool(session._flushing)  # noqa: SLF001 - there is no public name for it
        return is_flushing and self.unit_of_work is not None and self.unit_of_work.has_work

    def end_flush(self) -> None:
        """Expect no more rows."""
        self.begun, self.flushed, self.settled = {}, [], []
        self.unit_of_work = None


def buffer_of(session: Session) -> Buffer:
    """Return what *session* has done in its transaction."""
    found: Buffer | None = session.info.get(INFO)
    if found is None:
        found = session.info[INFO] = Buffer()
    return found


def forget(session: Session) -> None:
    """Let the next transaction of *session* begin with nothing."""
    session.info.pop(INFO, None)
