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

    *mark* is put on the errors that have been kept as failures of this transaction.
    *begun* are the rows that the running flush has announced and not yet reported as written, by the identity of the
    object; *flushed* those that it has; *settled* those whose outcome is known. *written* are the captures that have
    become lines already.
    """

    captures: list[Capture | Remark] = field(default_factory=list)
    marks: dict[SessionTransaction, int] = field(default_factory=dict)
    begun: dict[int, Entry] = field(default_factory=dict)
    flushed: list[Entry] = field(default_factory=list)
    settled: list[Entry] = field(default_factory=list)
    written: list[Capture | Remark] = field(default_factory=list)
    connection: Connection | None = None
    is_flushing: bool = False
    is_written: bool = False
    mark: object = field(default_factory=object)

    def begin_flush(self) -> None:
        """Forget what an earlier flush left unfinished, and expect rows."""
        self.end_flush()
        self.is_flushing = True

    def runs_flush(self, session: Session) -> bool:
        """Return whether *session* is in the middle of a flush that was announced here (legacy bulk methods are none).

        A flush that finds nothing to do ends without a word, hence the second look.
        """
        return self.is_flushing and bool(session._flushing)  # noqa: SLF001 - there is no public name for it

    def end_flush(self) -> None:
        """Expect no more rows."""
        self.begun, self.flushed, self.settled = {}, [], []
        self.is_flushing = False


def buffer_of(session: Session) -> Buffer:
    """Return what *session* has done in its transaction."""
    found: Buffer | None = session.info.get(INFO)
    if found is None:
        found = session.info[INFO] = Buffer()
    return found


def forget(session: Session) -> None:
    """Let the next transaction of *session* begin with nothing."""
    session.info.pop(INFO, None)
