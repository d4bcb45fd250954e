"""Steps on transactions: savepoints, turns, refusals, traps, capacities, and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from erebus import trail
from tests.trail.machine import IDLE, NOT_TODAY, NUMBERS, Core, set_all, step
from tests.trail.machine_families import FAMILIES, families
from tests.trail.machine_fields import clock
from tests.trail.machine_models import TrippedError, tripwire
from tests.trail.machine_objects import DATA, ROLES, ObjectSteps
from tests.trail.machine_statements import StatementSteps

if TYPE_CHECKING:
    from collections.abc import Callable

TRAPS = ("before_flush", "after_flush", "before_commit", "label", "about", "log")


class TransactionSteps(Core):
    """What ends a transaction, whole or in part, and what stands around it."""

    @rule()
    def begin_savepoint(self) -> None:
        self.attempt("begin_savepoint", self.session.begin_nested)

    @step(number=NUMBERS, is_kept=st.booleans(), how=st.sampled_from(["session", "connection", "text"]), data=DATA)
    def save_in_savepoint(self, number: int, is_kept: bool, how: str, data: Any) -> object:
        """In a savepoint of the session, or of the connection, of which the session hears nothing."""
        self.session.flush()
        savepoint = self._begin(how)
        role = self.family.roles["owner"]
        found = self.get_or_add(role, number)
        found.hidden, found.visits = "in a savepoint", 7
        set_all(found, data.draw(role.values))
        self.session.flush()
        savepoint(is_kept)
        if not is_kept and how != "session":
            self.session.expunge_all()
        return None

    def _begin(self, how: str) -> Callable[[bool], object]:
        if how == "session":
            self.session.begin_nested()
            return lambda is_kept: self.end_savepoint(is_kept=is_kept)
        connection = self.session.connection()
        if how == "connection":
            nested = connection.begin_nested()
            return lambda is_kept: nested.commit() if is_kept else nested.rollback()
        connection.execute(text("SAVEPOINT by_hand"))
        ends = {True: "RELEASE SAVEPOINT by_hand", False: "ROLLBACK TO SAVEPOINT by_hand"}
        return lambda is_kept: connection.execute(text(ends[is_kept]))

    @step(number=NUMBERS)
    def recover(self, number: int) -> object:
        """Meet a constraint in a savepoint, and go on."""
        role = self.family.roles["tag"]
        found = self.existing(role, number)
        self.session.refresh(found)  # a statement may have passed it by
        found.name = found.name or "green"
        name = found.name
        savepoint = self.session.begin_nested()
        try:
            self.session.add(role.model(**self._key_of(role, number), name=name))
            self.session.flush()
        except IntegrityError:
            savepoint.rollback()
            self.recovered += 1
            return None
        message = "the constraint did not hold"
        raise AssertionError(message)

    def _key_of(self, role: Any, number: int) -> dict[str, Any]:
        """A key that nothing else has, nearly."""
        return {} if role.is_serial else dict(zip(role.key, role.pool[(number + 1) % 3], strict=True))

    @rule()
    def commit(self) -> None:
        self.end(Session.commit)

    @rule(how=st.sampled_from([Session.rollback, Session.close]))
    def roll_back(self, how: Callable[[Session], None]) -> None:
        self.end(how)

    @rule(how=st.sampled_from([Session.commit, Session.commit, Session.rollback]))
    def take_turns(self, how: Callable[[Session], None]) -> None:
        self.end(how)
        self._take_over()

    @rule(name=ROLES, number=NUMBERS)
    def look_meanwhile(self, name: str, number: int) -> None:
        role = self.family.roles.get(name, self.family.roles["item"])
        self.hold(self.other.get(role.model, role.pool[number]))

    @step(name=ROLES, number=NUMBERS, data=DATA, is_deleted=st.booleans())
    def overtake(self, name: str, number: int, data: Any, is_deleted: bool) -> object:
        """Change what another session has changed since this one saw it, and believes to know."""
        role = self.family.roles.get(name, self.family.roles["item"])
        found = self.existing(role, number)
        if not inspect(found).persistent:
            return IDLE
        self._commit_unexpired(found)
        identity = inspect(found).identity
        self.other.rollback()
        self._take_over()
        self.attempt("overtake", lambda: self._set_if_seen(role.model, identity, data.draw(role.values)))
        self.end(Session.commit)
        self._take_over()
        if is_deleted:
            self.session.delete(found)
        else:
            set_all(found, data.draw(role.values))
        return None

    def _set_if_seen(self, model: Any, identity: Any, values: dict[str, Any]) -> object:
        """Set *values*, unless the session takes the object for one of the class that its row had before."""
        seen = self.session.get(model, identity)
        if seen is None:
            return IDLE
        set_all(seen, values)
        return None

    @step(number=NUMBERS, tag=NUMBERS)
    def link_to_gone(self, number: int, tag: int) -> object:
        """Link something to what another session has deleted: the link alone is refused."""
        one, other = self.existing(self.family.roles["item"], number), self.existing(self.family.roles["tag"], tag)
        if not (inspect(one).persistent and inspect(other).persistent) or other in one.tags:
            return IDLE
        self._commit_unexpired(other)
        identity = inspect(other).identity
        self.other.rollback()
        self._take_over()
        self.attempt("link_to_gone", lambda: self.session.delete(self.session.get(type(other), identity)))
        self.end(Session.commit)
        self._take_over()
        one.tags.append(other)
        try:
            self.session.flush()
        except IntegrityError:
            self.done["link_to_gone"] += 1
            raise
        return None

    def _commit_unexpired(self, found: Any) -> None:
        self.session.refresh(found)
        usual, self.session.expire_on_commit = self.session.expire_on_commit, False
        self.end(Session.commit)
        self.session.expire_on_commit = usual

    def _take_over(self) -> None:
        self.session, self.other = self.other, self.session

    @rule(name=ROLES, number=NUMBERS, data=DATA)
    def change_late(self, name: str, number: int, data: Any) -> None:
        """Change something in a listener of the commit, when the lines of all else are written."""
        role = self.family.roles.get(name, self.family.roles["item"])
        values = data.draw(role.values)
        self.attempt("change_late", lambda: self.existing(role, number))
        self.late = lambda: set_all(self.get_or_add(role, number), values)
        self.end(Session.commit)

    # Failures

    @step(name=ROLES, number=NUMBERS)
    def refuse(self, name: str, number: int) -> None:
        found = self.existing(self.family.roles.get(name, self.family.roles["item"]), number)
        trail.note(self.session, trail.Refused(found, {}, reason=NOT_TODAY))

    @rule(trap=st.sampled_from(TRAPS), number=NUMBERS)
    def trip(self, trap: str, number: int) -> None:
        """The application's own code raises in the middle: nothing may be committed."""
        self.attempt("trip", lambda: self._change(number))
        if not self.session.dirty and not self.session.new:
            return
        tripwire.at = trap
        try:
            self.session.commit()
        except (SQLAlchemyError, TrippedError) as error:
            tripwire.at = None
            self.done["trip"] += isinstance(error, TrippedError)
            self.fail(error)
        else:
            message = f"a raising {trap} was passed over"
            raise AssertionError(message)

    def _change(self, number: int) -> None:
        found = self.get_or_add(self.family.roles["owner"], number)
        found.hidden = None if found.hidden == "tripped" else "tripped"

    # Around it

    @rule(log_id=st.sampled_from(["people", "things"]), capacity=st.integers(10, 14))
    def change_capacity(self, log_id: str, capacity: int) -> None:
        self.end(Session.commit)
        self.other.rollback()
        with self.engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
            if log_id in trail.log_ids(connection):
                trail.change_capacity(connection, log_id, capacity, trail.SYSTEM, clock())
                self.done["change_capacity"] += 1
        self.look()

    @rule(number=NUMBERS, times=st.integers(4, 6))
    def settle(self, number: int, times: int) -> None:
        """So many refusals that some are counted only, told when it is time."""
        self.attempt("settle", lambda: self._refuse_often(number, times))
        self.end(Session.commit)
        self.other.rollback()
        clock.now += 3_600_000
        trail.settle_due(self.engine, clock())
        self.look()

    def _refuse_often(self, number: int, times: int) -> None:
        found = self.existing(self.family.roles["owner"], number)
        for _ in range(times):
            trail.note(self.session, trail.Refused(found, {}, reason=NOT_TODAY))

    @rule(ahead=st.sampled_from([1, 60_000, 3_600_000, -5_000]))
    def let_time_pass(self, ahead: int) -> None:
        clock.now += ahead


class Machine(ObjectSteps, StatementSteps, TransactionSteps):
    """All steps on one of the families, some of whose rows may be there already."""

    @initialize(number=st.integers(0, FAMILIES - 1), rows=st.integers(0, 3), is_handed_on=st.booleans())
    def begin(self, number: int, rows: int, is_handed_on: bool) -> None:
        self.family, self.is_handed_on = families()[number], is_handed_on
        for place in range(min(rows, 2)):
            for name in ("owner", "item", "part", "tag"):
                self.get_or_add(self.family.roles[name], place)
        self.end(Session.commit)
