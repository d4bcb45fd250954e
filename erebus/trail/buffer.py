"""What a session's transaction has done so far: kept with the session until its outermost transaction ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from erebus.trail import registry
from erebus.trail.freshness import Freshness
from erebus.trail.watching import Told, Watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import InstanceState, Mapper, Session, SessionTransaction

    from erebus.trail.changes import Capture, Key, Remark
    from erebus.trail.rows import Row
    from erebus.trail.shapes import Scope

INFO = "erebus_trail"
NONE: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Entry:
    """A row that a running flush is about to write, or has written, and what is known of it.

    *was* and *identity* are its primary key before and after; *changed* the attributes that were set, *wanted* the
    fields of which must be known what they become; *links* its many-to-many links before; *children* what the database
    itself changes with it. *is_switch* marks a row that was deleted and made anew in one flush, *is_fresh* an object
    that holds what its row does, *is_stale* one that holds something else of what it leaves alone, *is_gone* a row that
    was to be deleted and is not there: SQLAlchemy only warns then.
    """

    mapper: Mapper[Any]
    scope: Scope
    state: InstanceState[Any]
    target: Any
    action: str
    connection: Connection
    was: Key
    identity: Key
    before: Row
    changed: frozenset[str] = NONE
    wanted: frozenset[str] = NONE
    after: Row = field(default_factory=dict)
    current: Row = field(default_factory=dict)
    links: Row = field(default_factory=dict)
    children: Sequence[Watched] = ()
    told: Told | None = None
    is_switch: bool = False
    is_fresh: bool = False
    is_stale: bool = False
    is_gone: bool = False
    _leader: Watched | None = None

    @property
    def leader(self) -> Watched:
        """The row as that which others refer to, and follow or go with."""
        if self._leader is None:
            main = registry.attachment_of(self.mapper.class_).main
            self._leader = Watched(self.mapper, self.was, self.before, Told("", {}, main))
        return self._leader


@dataclass
class Ahead:
    """What was read before a flush wrote anything.

    *rows* and *links* are those of the objects that it is going to write, and not known or not complete; *owners* the
    entities whose links lead to what goes, by class and key.
    """

    rows: dict[InstanceState[Any], dict[str, Any]] = field(default_factory=dict)
    links: dict[InstanceState[Any], dict[str, str]] = field(default_factory=dict)
    owners: dict[tuple[Mapper[Any], Key], tuple[Connection, Watched]] = field(default_factory=dict)


@dataclass
class Buffer:
    """The captures of one root transaction, how many there were at each open savepoint, and the flush that runs.

    *mark* is put on the errors that have been kept as failures of this transaction. *marks* are the savepoints of the
    session, *savepoints* those of its connections, the innermost last, with their names and their captures before.
    *freshness* is what is known of its objects, *writes* how often its connections had been written on when it last
    wrote, *ahead* what was read before the running flush.
    *begun* are the rows that the running flush has announced and not yet reported as written; *flushed* those that it
    has; *settled* those whose outcome is known. *written* are the captures that have become lines already, *last_line*
    is the id of the last of these. *is_in_bulk* marks a bulk statement that is being followed.
    """

    captures: list[Capture | Remark] = field(default_factory=list)
    marks: dict[SessionTransaction, int] = field(default_factory=dict)
    savepoints: list[tuple[Connection, str, int]] = field(default_factory=list)
    freshness: Freshness = field(default_factory=Freshness)
    writes: dict[Connection, int] = field(default_factory=dict)
    ahead: Ahead = field(default_factory=Ahead)
    begun: dict[InstanceState[Any], Entry] = field(default_factory=dict)
    flushed: list[Entry] = field(default_factory=list)
    settled: list[Entry] = field(default_factory=list)
    written: list[Capture | Remark] = field(default_factory=list)
    last_line: str | None = None
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
        self.unit_of_work, self.ahead = None, Ahead()
        self.freshness.held = {}

    def take_back(self, count: int) -> None:
        """Keep the first *count* captures only; with the rest, locks are gone, and with them what was known."""
        del self.captures[count:]
        self.freshness = Freshness()


def buffer_of(session: Session) -> Buffer:
    """Return what *session* has done in its transaction."""
    found: Buffer | None = session.info.get(INFO)
    if found is None:
        found = session.info[INFO] = Buffer()
    return found


def forget(session: Session) -> None:
    """Let the next transaction of *session* begin with nothing."""
    session.info.pop(INFO, None)
