"""The state machine: whatever is done to its models, in whatever order, the oracle finds nothing.

Keys come from a few, so that steps meet; every step may fail as it would without the trail, and is rolled back then.
Two sessions take turns, and what the one holds may be stale when its turn comes.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import JSON, delete, insert, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from erebus import trail
from tests.trail import oracle
from tests.trail.machine_models import Asset, Comment, Mood, Person, Seat, Tag, Task, Tool, Vehicle, clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Engine
    from sqlalchemy.orm import SessionTransaction

REFUSED = (
    "is audited: change objects",
    "may not change the primary key",
    "rows appeared while",
    "would leave its rows",
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

handles = st.sampled_from(["ada", "bob", "cy"])
ids = st.integers(1, 3)
ranks = st.sampled_from([None, 1, 2, 3])
texts = st.sampled_from([None, "", "x", "y\n", "z" * 2001])
titles = st.sampled_from(["x", "y", "bad", ""])
documents = st.sampled_from([None, JSON.NULL, "x", 1.5]) | st.builds(dict, st.just({"a": 1})) | st.builds(list)
people = st.fixed_dictionaries(
    {},
    optional={
        "mood": st.sampled_from(Mood),
        "balance": st.sampled_from([None, Decimal(0), Decimal("1.50"), Decimal("1.5"), Decimal("2.005"), Decimal(-1)]),
        "seen": st.sampled_from([None, NOON, NOON.astimezone(timezone(timedelta(hours=1)))]),
        "profile": documents,
        "password": texts,
        "hidden": texts,
        "visits": ids,
    },
)
tasks = st.fixed_dictionaries({"title": titles}, optional={"rank": ranks})
assets = st.sampled_from([Asset, Vehicle, Tool])
places = st.one_of(
    st.tuples(st.just(Person), handles),
    st.tuples(st.sampled_from([Task, Tag, Comment, Asset, Vehicle, Tool]), ids),
    st.tuples(st.just(Seat), st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 2))),
)
ways = st.sampled_from(["auto", "evaluate", "fetch", False])


class Machine(RuleBasedStateMachine):
    """Steps on an engine whose tables are empty."""

    steps: ClassVar[int] = 0

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.session, self.other = Session(engine), Session(engine, expire_on_commit=False)
        self.savepoints: list[SessionTransaction] = []

    def teardown(self) -> None:
        self.session.close()
        self.other.close()

    @contextmanager
    def step(self) -> Iterator[Session]:
        """Do a step; if it fails as it may, roll all back, and ask the oracle."""
        type(self).steps += 1
        try:
            yield self.session
        except (SQLAlchemyError, ValueError) as error:
            assert isinstance(error, SQLAlchemyError) or "that is no title" in str(error)  # noqa: PT017 - a rule may meet either, or none
            self.end(Session.rollback)
        except RuntimeError as error:
            assert any(words in str(error) for words in REFUSED), error  # noqa: PT017 - the same
            self.end(Session.rollback)

    def end(self, how: Callable[[Session], None]) -> None:
        """End the transaction, and ask the oracle."""
        self.savepoints.clear()
        try:
            how(self.session)
        except (SQLAlchemyError, ValueError):
            self.session.rollback()
        oracle.check(self.engine)

    def person(self, handle: str) -> Person:
        found = self.session.get(Person, handle)
        if found is None:
            found = Person(handle=handle)
            self.session.add(found)
        return found

    def task(self, number: int) -> Task:
        found = self.session.get(Task, number)
        if found is None:
            found = Task(id=number, title="made", person=self.person("ada"))
            self.session.add(found)
        return found

    def save(self, model: type, key: Any, names: tuple[str, ...], values: dict[str, Any]) -> None:
        found = self.session.get(model, key)
        if found is None:
            parts = key if isinstance(key, tuple) else (key,)
            self.session.add(model(**dict(zip(names, parts, strict=True)), **values))
            return
        for name, value in values.items():
            setattr(found, name, value)

    # Objects

    @rule(handle=handles, values=people)
    def save_person(self, handle: str, values: dict[str, Any]) -> None:
        with self.step():
            self.save(Person, handle, ("handle",), values)

    @rule(number=ids, values=tasks, handle=handles, by_key=st.booleans())
    def save_task(self, number: int, values: dict[str, Any], handle: str, by_key: bool) -> None:
        with self.step():
            owner = {"person_handle": self.person(handle).handle} if by_key else {"person": self.person(handle)}
            self.save(Task, number, ("id",), {**values, **owner})

    @rule(number=ids, name=st.sampled_from(["red", "blue"]))
    def save_tag(self, number: int, name: str) -> None:
        with self.step():
            self.save(Tag, number, ("id",), {"name": name})

    @rule(number=ids, value=texts, task=ids)
    def save_comment(self, number: int, value: str | None, task: int) -> None:
        with self.step():
            self.save(Comment, number, ("id",), {"text": value, "task": self.task(task)})

    @rule(key=st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 2)), note=texts, holder=st.none() | ids)
    def save_seat(self, key: tuple[str, int], note: str | None, holder: int | None) -> None:
        with self.step():
            if holder is not None:
                self.task(holder)
            self.save(Seat, key, ("row", "number"), {"note": note, "holder_id": holder})

    @rule(model=assets, number=ids, name=texts, extra=st.none() | ids)
    def save_asset(self, model: type, number: int, name: str | None, extra: int | None) -> None:
        own = {Asset: {}, Vehicle: {"wheels": extra}, Tool: {"weight": extra and Decimal(extra) / 8}}[model]
        with self.step():
            self.save(model, number, ("id",), {"name": name, **own})

    @rule(place=places)
    def delete(self, place: tuple[type, Any]) -> None:
        with self.step() as session:
            if found := session.get(*place):
                session.delete(found)

    @rule(task=ids, tag=ids, is_added=st.booleans(), is_reverse=st.booleans())
    def link(self, task: int, tag: int, is_added: bool, is_reverse: bool) -> None:
        with self.step() as session:
            one, other = session.get(Task, task), session.get(Tag, tag)
            if one is None or other is None:
                return
            links: Any = other.tasks if is_reverse else one.tags
            target = one if is_reverse else other
            if is_added and target not in links:
                links.append(target)
            elif not is_added and target in links:
                links.remove(target)

    @rule(task=ids, handle=handles, is_orphaned=st.booleans())
    def move(self, task: int, handle: str, is_orphaned: bool) -> None:
        with self.step() as session:
            if found := session.get(Task, task):
                if is_orphaned:
                    found.person.tasks.remove(found)
                else:
                    self.person(handle).tasks.append(found)

    @rule(old=handles, new=handles)
    def rename(self, old: str, new: str) -> None:
        with self.step() as session:
            if found := session.get(Person, old):
                found.handle = new

    @rule(row=st.sampled_from(["a", "b"]), number=st.integers(1, 2), to=st.integers(1, 3))
    def renumber(self, row: str, number: int, to: int) -> None:
        with self.step() as session:
            if found := session.get(Seat, (row, number)):
                found.number = to

    @rule(handle=handles, value=ids)
    def change_in_place(self, handle: str, value: int) -> None:
        with self.step() as session:
            found = session.get(Person, handle)
            if found is not None and isinstance(found.profile, dict):
                found.profile["a"] = value
                flag_modified(found, "profile")

    @rule(task=ids)
    def count_up(self, task: int) -> None:
        with self.step() as session:
            if found := session.get(Task, task):
                found.rank = Task.rank + 1

    @rule(handle=handles, values=people)
    def merge_person(self, handle: str, values: dict[str, Any]) -> None:
        with self.step() as session:
            session.merge(Person(handle=handle, **values))

    @rule(number=ids, values=tasks, tags=st.lists(ids, max_size=2, unique=True))
    def merge_task(self, number: int, values: dict[str, Any], tags: list[int]) -> None:
        with self.step() as session:
            found = [t for t in (session.get(Tag, tag) for tag in tags) if t]
            session.merge(Task(id=number, person_handle=self.person("bob").handle, tags=found, **values))

    @rule(place=places, how=st.sampled_from(["expire", "refresh", "expunge"]))
    def lose(self, place: tuple[type, Any], how: str) -> None:
        with self.step() as session:
            if found := session.get(*place):
                getattr(session, how)(found)

    # Statements

    @rule(handle=handles | st.none(), mood=st.sampled_from(Mood), balance=st.sampled_from([Decimal(2), None]), way=ways)
    def update_people(self, handle: str | None, mood: Mood, balance: Decimal | None, way: Any) -> None:
        with self.step() as session:
            where = [] if handle is None else [Person.handle == handle]
            statement = update(Person).where(*where).values(mood=mood, balance=balance)
            session.execute(statement, execution_options={"synchronize_session": way})

    @rule(handle=handles, value=ranks, way=ways)
    def update_tasks(self, handle: str, value: int | None, way: Any) -> None:
        with self.step() as session:
            statement = update(Task).where(Task.person_handle == handle).values(rank=value)
            session.execute(statement, execution_options={"synchronize_session": way})

    @rule(rows=st.lists(st.fixed_dictionaries({"id": ids, "title": titles}), min_size=1, unique_by=lambda r: r["id"]))
    def update_by_key(self, rows: list[dict[str, Any]]) -> None:
        with self.step() as session:
            session.execute(update(Task), rows)

    @rule(model=st.sampled_from([Task, Tag, Comment, Seat, Person, Tool]), number=ids, way=ways)
    def delete_rows(self, model: Any, number: int, way: Any) -> None:
        with self.step() as session:
            where = {Person: Person.handle == "cy", Seat: Seat.number == number}.get(model)
            statement = delete(model).where(model.id == number if where is None else where)
            session.execute(statement, execution_options={"synchronize_session": way})

    @rule(name=texts, way=ways)
    def update_assets(self, name: str | None, way: Any) -> None:
        with self.step() as session:
            session.execute(update(Asset).values(name=name), execution_options={"synchronize_session": way})

    @rule(numbers=st.lists(ids, min_size=1, unique=True), is_returning=st.booleans())
    def insert_tags(self, numbers: list[int], is_returning: bool) -> None:
        with self.step() as session:
            statement = insert(Tag).returning(Tag) if is_returning else insert(Tag)
            session.execute(statement, [{"id": n, "name": f"tag {n}"} for n in numbers])

    @rule(models=st.lists(st.tuples(assets, ids), min_size=1, max_size=2, unique_by=lambda m: m[1]))
    def insert_assets(self, models: list[tuple[Any, int]]) -> None:
        with self.step() as session:
            for model, number in models:
                session.execute(insert(model), [{"id": number, "name": "bulk"}])

    @rule(
        numbers=st.lists(ids, min_size=1, unique=True), name=st.sampled_from(["red", "up"]), is_updating=st.booleans()
    )
    def upsert_tags(self, numbers: list[int], name: str, is_updating: bool) -> None:
        with self.step() as session:
            dialect = postgresql_insert if self.engine.dialect.name == "postgresql" else sqlite_insert
            statement: Any = dialect(Tag).values([{"id": n, "name": f"{name} {n}"} for n in numbers])
            if is_updating:
                excluded = statement.excluded.name
                statement = statement.on_conflict_do_update(index_elements=["id"], set_={"name": excluded})
            else:
                statement = statement.on_conflict_do_nothing()
            session.execute(statement)

    @rule()
    def write_text(self) -> None:
        with self.step() as session:
            session.execute(text("UPDATE machine_tags SET name = 'past'"))

    # Transactions

    @rule()
    def flush(self) -> None:
        with self.step() as session:
            session.flush()

    @rule()
    def begin_savepoint(self) -> None:
        with self.step() as session:
            self.savepoints.append(session.begin_nested())

    @rule(is_kept=st.booleans())
    def end_savepoint(self, is_kept: bool) -> None:
        with self.step():
            if self.savepoints:
                savepoint = self.savepoints.pop()
                savepoint.commit() if is_kept else savepoint.rollback()

    @rule()
    def commit(self) -> None:
        self.end(Session.commit)

    @rule()
    def roll_back(self) -> None:
        self.end(Session.rollback)

    @rule(how=st.sampled_from([Session.commit, Session.rollback]))
    def take_turns(self, how: Callable[[Session], None]) -> None:
        self.end(how)
        self.session, self.other = self.other, self.session

    @rule(place=places)
    def look_meanwhile(self, place: tuple[type, Any]) -> None:
        self.other.get(*place)

    @rule(place=places)
    def refuse(self, place: tuple[type, Any]) -> None:
        with self.step() as session:
            if found := session.get(*place):
                trail.note(session, trail.Refused(found, {}, reason="Not today."))

    @rule(step=st.sampled_from([1, 60_000, 3_600_000, -5_000]))
    def let_time_pass(self, step: int) -> None:
        clock.now += step
