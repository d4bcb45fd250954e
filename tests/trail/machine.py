"""What every step of the state machine does: it may fail as it would without the trail, and the oracle looks after it.

A step is done in the session whose turn it is, and then left, flushed or committed as it is drawn. Whoever fails is
rolled back, and must have left a failure in the log. Objects are held on to: what a session has seen goes stale there.
"""

from __future__ import annotations

from collections import Counter
from functools import wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import event, inspect, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, object_mapper
from sqlalchemy.orm.exc import StaleDataError

from erebus import trail
from tests.trail import collecting, oracle
from tests.trail.machine_errors import has_stopped_flush, is_lawful
from tests.trail.machine_models import TrippedError, tripwire

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine

    from tests.trail.collecting import Collected
    from tests.trail.machine_features import Family, Role

IDLE = object()
"""What a step gives back that found nothing to do."""
NOT_TODAY = "Not today."
"""Why a step refuses something; it may do so twice."""
NUMBERS = st.integers(0, 2)
WAYS = st.sampled_from(["auto", "evaluate", "fetch", False])
NAMES = {"flush", "keep_savepoint", "undo_savepoint", "trip", "change_capacity", "settle", "change_late"}
"""The names of all that is counted; those of the steps are added where they are made."""
_ENDS = st.sampled_from(["", "flush", "undo", "undo", "commit", "commit", "commit"])


def step(**strategies: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a rule of what is drawn by *strategies*, and leave, flush or commit what it did."""

    def decorate(act: Callable[..., Any]) -> Any:
        NAMES.add(act.__name__)

        @rule(end=_ENDS, **strategies)
        @wraps(act)
        def run(self: Core, end: str, **drawn: Any) -> None:
            self.attempt(act.__name__, lambda: act(self, **drawn))
            self.end_step(end)

        return run

    return decorate


class Core(RuleBasedStateMachine):
    """Two sessions that take turns on an engine whose tables are empty."""

    done: ClassVar[Counter[str]] = Counter()
    """How often a step of each name was committed."""
    changes: ClassVar[list[int]] = []
    """How many commits of each example changed something."""
    steps: ClassVar[int] = 0

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.session, self.other = Session(engine), Session(engine, expire_on_commit=False)
        for session in (self.session, self.other):
            for name in ("before_flush", "after_flush", "before_commit"):
                event.listen(session, name, lambda *_, name=name: tripwire.cross(name))
            event.listen(session, "before_flush", self._before_flush)
            event.listen(session, "before_commit", self._do_late)
        self.late: Callable[[], object] | None = None
        self.is_handed_on = True
        self.is_making = self.is_linking = False
        self.held: list[object] = []
        self.waiting: list[str] = []
        self.committed = 0
        self.tried = 0
        self.recovered = 0
        self.family: Family

    @classmethod
    def begin_counting(cls) -> None:
        cls.done.clear()
        cls.changes.clear()
        cls.steps = 0

    def teardown(self) -> None:
        tripwire.at = None
        self.session.close()
        self.other.close()
        self.changes.append(self.committed)

    # Steps

    def attempt(self, name: str, act: Callable[[], Any]) -> None:
        """Do a step; if it fails as it may, roll all back, and ask the oracle."""
        type(self).steps += 1
        try:
            if act() is not IDLE:
                self.waiting.append(name)
        except (SQLAlchemyError, RuntimeError, ValueError, TrippedError) as error:
            self.fail(error)

    def end_step(self, end: str) -> None:
        """Leave, flush or commit what a step did; in a savepoint, end that instead."""
        if end in {"commit", "undo"} and self.session.in_nested_transaction():
            self.end_savepoint(is_kept=end == "commit")
        elif end == "commit":
            self.end(Session.commit)
        elif end:
            self.attempt("flush", self.session.flush)

    def end_savepoint(self, *, is_kept: bool) -> None:
        savepoint = self.session.get_nested_transaction()
        if savepoint is not None:
            end = savepoint.commit if is_kept else savepoint.rollback
            self.attempt("keep_savepoint" if is_kept else "undo_savepoint", end)

    def end(self, how: Callable[[Session], None]) -> None:
        """End the transaction, and ask the oracle."""
        try:
            how(self.session)
        except (SQLAlchemyError, ValueError, TrippedError) as error:
            self.fail(error)
            return
        if how is Session.commit:
            self.done.update({*self.waiting})
        self.waiting.clear()
        self.look()

    def fail(self, error: Exception) -> None:
        """Roll back what *error* stopped: it has to be one that may be, and to be kept once."""
        assert is_lawful(error), f"the engine itself failed: {error!r}"
        is_kept = self._has_to_be_kept(error)
        if self.is_handed_on or not has_stopped_flush(error):
            trail.failed(self.session, error)
        self.session.rollback()
        self.waiting.clear()
        self.late = None
        before = self.tried
        self.look()
        assert self.tried > before or not is_kept, f"no failure was kept of {error!r}"

    def _do_late(self, session: Session) -> None:
        """Do what waits for the commit: in a listener that is called after the engine's."""
        if not session.in_nested_transaction():
            late, self.late = self.late, None
            if late is not None:
                late()

    def _before_flush(self, session: Session, *_: object) -> None:
        self.is_making = bool(session.new or session.deleted)
        self.is_linking = any(oracle.changes_links(o) for o in session.dirty)

    def _has_to_be_kept(self, error: Exception) -> bool:
        """Whether *error* stopped something that is told."""
        if isinstance(error, IntegrityError) and has_stopped_flush(error):
            return self.is_making or (self.is_linking and "_links" in str(error.statement))
        return isinstance(error, (IntegrityError, StaleDataError)) and self.has_changes()

    def has_changes(self) -> bool:
        """Whether the session had something to write of which the failure must tell."""
        return any(
            self.session.is_modified(o) for o in chain(self.session.new, self.session.dirty, self.session.deleted)
        )

    def look(self) -> None:
        """Ask the oracle, and count what was committed and what was tried."""
        oracle.check(self.engine, mappers=self.family.mappers)
        events = collecting.committed(self.engine)
        fresh = events[getattr(self, "seen", 0) :]
        self.seen = len(events)
        self.committed += any(e.content["status"] and e.content["entity_type"] in self.types for e in fresh)
        failures = [
            e for e in fresh if not e.content["status"] and e.content["reason"] != NOT_TODAY and not is_summary(e)
        ]
        told = Counter((e.content["entity_type"], e.content["entity_id"], e.content["action"]) for e in failures)
        assert all(count <= 1 + self.recovered or not key[1].strip(",") for key, count in told.items()), (
            f"a failure is told twice: {told}"
        )
        self.tried, self.recovered = self.tried_in(events), 0

    def tried_in(self, events: list[Collected]) -> int:
        """How many failures *events* tell, or are counted and not yet told."""
        with self.engine.connect() as connection:
            counted = sum(b.count for log in trail.log_ids(connection) for b in trail.open_bursts(connection, log))
        return counted + sum(summed(e) for e in events if not e.content["status"])

    @property
    def types(self) -> set[str]:
        return {oracle.type_of(mapper) for mapper in self.family.mappers}

    # Objects

    def hold(self, found: Any) -> Any:
        if found is not None:
            self.held.append(found)
        return found

    def get(self, role: Role, number: int) -> Any:
        """The object with the key *number* of the role, if it is there; where keys count up, the one in that place."""
        if not role.is_serial:
            found = self.session.get(role.model, role.pool[number])
            if found is not None and self._is_of_another_class(found):
                self.session.expunge(found)
                found = self.session.get(role.model, role.pool[number])
            return self.hold(found)
        statement = select(role.model).order_by(role.model.id).offset(number).limit(1)
        return self.hold(self.session.scalars(statement).first())

    def _is_of_another_class(self, found: Any) -> bool:
        """Whether the row of *found* has become one of another class behind the session, which goes on with the old."""
        mapper = object_mapper(found)
        if mapper.polymorphic_on is None or not inspect(found).persistent:
            return False
        is_row = [c == value for c, value in zip(mapper.primary_key, inspect(found).identity, strict=True)]
        with self.session.no_autoflush:
            sort = self.session.connection().scalar(select(mapper.polymorphic_on).where(*is_row))
        return sort not in {None, mapper.polymorphic_identity}

    def existing(self, role: Role, number: int) -> Any:
        """The object with the key *number*, with its row: made and flushed if it was not there."""
        found = self.get_or_add(role, number)
        self.session.flush()
        return found

    def make(self, role: Role, number: int, values: dict[str, Any]) -> Any:
        """A new object with the key *number* of the role, not yet in the session; counted keys are the database's."""
        key = {} if role.is_serial else dict(zip(role.key, role.pool[number], strict=True))
        return self.hold(role.model(**key, **values))

    def get_or_add(self, role: Role, number: int) -> Any:
        """The object with the key *number*, made with what it cannot be without if it is not there."""
        found = self.get(role, number)
        if found is None:
            needed = {role.above: self.get_or_add(self.family.roles[role.above], 0)} if role.above else {}
            found = self.make(role, number, needed)
            self.session.add(found)
        return found


def set_all(found: Any, values: dict[str, Any]) -> None:
    for attribute, value in values.items():
        setattr(found, attribute, value)


def is_summary(event: Collected) -> bool:
    return "more attempt" in event.content["description"]


def summed(event: Collected) -> int:
    return int(event.content["description"].split()[0]) if is_summary(event) else 1
