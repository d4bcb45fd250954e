"""Statements that change many rows are told row by row, as it came out; what cannot be followed is refused."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, event, func, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from erebus import trail
from tests.conftest import DATABASE
from tests.trail.cases.conftest import News
from tests.trail.cases.models import Comment, Nick, Odd, Party, Person, Step, Tag, Task, task_tags

upsert: Any = sqlite.insert if DATABASE == "sqlite" else postgresql.insert


@pytest.fixture
def tasks(session: Session, news: News) -> list[Task]:
    """Tasks 1 to 3 with 1 to 3 points."""
    tasks = [Task(project_id="p", title=f"T{n}", slug=f"t{n}", points=n) for n in (1, 2, 3)]
    session.add_all(tasks)
    session.commit()
    news()
    return tasks


# Updates and deletions


@pytest.mark.parametrize("how", ["auto", "evaluate", "fetch", False])
def test_a_bulk_update_is_one_event_for_each_row_that_changed(
    session: Session, tasks: list[Task], news: News, how: Any
) -> None:
    """O-B1, O-B5: a row that has the value already is no event."""
    statement = update(Task).where(Task.points > 1).values(points=2)
    session.execute(statement, execution_options={"synchronize_session": how})
    session.commit()

    assert news() == ["update task 3 points 3→2"]
    assert tasks[2].points == 2


@pytest.mark.parametrize("how", ["auto", "evaluate", "fetch", False])
def test_a_bulk_deletion_is_one_event_a_row_with_what_the_database_takes_along(
    session: Session, tasks: list[Task], news: News, how: Any
) -> None:
    session.add(Comment(id=7, task_id=2, text="c"))
    session.commit()
    news()
    session.execute(delete(Task).where(Task.points > 1), execution_options={"synchronize_session": how})
    session.commit()

    assert news() == [
        "delete comment 7 text c, task_id 2",
        "delete task 2 title T2, project_id p, slug t2, points 2, state open",
        "delete task 3 title T3, project_id p, slug t3, points 3, state open",
    ]


def test_the_legacy_update_and_delete_of_a_query_are_told_like_the_statements(
    session: Session, tasks: list[Task], news: News
) -> None:
    session.query(Task).filter(Task.id == 1).update({"points": 9})
    session.query(Task).filter(Task.id == 2).delete()
    session.commit()

    assert news() == ["update task 1 points 1→9", "delete task 2 title T2, project_id p, slug t2, points 2, state open"]


def test_criteria_may_have_parameters_of_their_own(session: Session, tasks: list[Task], news: News) -> None:
    session.execute(update(Task).where(Task.title == bindparam("t")).values(points=9), {"t": "T1"})
    session.execute(delete(Task).where(Task.title == bindparam("t")), {"t": "T3"})
    session.commit()

    assert news() == ["update task 1 points 1→9", "delete task 3 title T3, project_id p, slug t3, points 3, state open"]


def test_a_list_of_rows_by_primary_key_is_told_row_by_row(session: Session, tasks: list[Task], news: News) -> None:
    session.execute(update(Task), [{"id": 1, "points": 9}, {"id": 2, "title": "x"}, {"id": 3, "points": 3}])
    session.commit()

    assert news() == ["update task 1 points 1→9", "update task 2 title T2→x"]


@pytest.mark.parametrize(
    "statement",
    [
        update(Task)
        .where(Task.title == bindparam("t"))
        .values(points=9)
        .execution_options(dml_strategy="core_only", synchronize_session=None),
        delete(Task).where(Task.title == bindparam("t")).execution_options(synchronize_session=None),
    ],
)
def test_a_list_of_parameters_that_are_no_primary_keys_is_refused(
    session: Session, tasks: list[Task], news: News, statement: Any
) -> None:
    with pytest.raises(RuntimeError, match="primary key"):
        session.execute(statement, [{"t": "T1"}, {"t": "T2"}])
    session.commit()

    assert news() == []
    assert session.scalars(select(Task.points).order_by(Task.id)).all() == [1, 2, 3]


def test_rows_moved_to_another_log_are_told_in_the_log_that_they_came_to(
    session: Session, tasks: list[Task], news: News
) -> None:
    """O-B6: with both projects in the change."""
    session.execute(update(Task).where(Task.id == 1).values(project_id="q"))
    session.commit()

    assert news() == ["q: update task 1 project_id p→q"]


def test_other_tables_may_be_looked_at_in_the_criteria(session: Session, tasks: list[Task], news: News) -> None:
    """UPDATE … FROM and DELETE … USING, with two rows that fit one."""
    session.add_all([Comment(id=1, task_id=1, text="a"), Comment(id=2, task_id=1, text="b")])
    session.commit()
    news()
    session.execute(update(Task).where(Task.id == Comment.task_id).values(points=7))
    if DATABASE == "postgresql":
        session.execute(delete(Comment).where(Comment.task_id == Task.id, Comment.text == "b"))
    session.execute(update(Task).where(Task.id.in_(select(Comment.task_id))).values(title="x"))
    session.commit()

    gone = ["delete comment 2 text b, task_id 1"] if DATABASE == "postgresql" else []
    assert news() == ["update task 1 title T1→x, points 1→7", *gone]


def test_returning_gives_its_rows(session: Session, tasks: list[Task], news: News) -> None:
    """O-B7."""
    statement = update(Task).where(Task.id < 3).values(points=Task.points + 5)
    pairs = session.execute(statement.returning(Task.id, Task.points)).all()
    entities = session.scalars(update(Task).where(Task.id == 1).values(title="x").returning(Task)).all()
    gone = session.scalars(delete(Task).where(Task.id == 3).returning(Task.title)).one()
    session.commit()

    assert sorted(pairs) == [(1, 6), (2, 7)]
    assert entities == [tasks[0]]
    assert gone == "T3"
    assert news() == [
        "update task 1 title T1→x, points 1→6",
        "update task 2 points 2→7",
        "delete task 3 title T3, project_id p, slug t3, points 3, state open",
    ]


def test_the_count_of_rows_is_given(session: Session, tasks: list[Task], news: News) -> None:
    assert session.execute(update(Task).values(points=2)).rowcount == 3
    assert session.execute(delete(Task).where(Task.id > 1)).rowcount == 2


def test_a_bulk_update_and_the_unit_of_work_on_one_row_are_one_event(
    session: Session, tasks: list[Task], news: News
) -> None:
    tasks[0].title = "first"
    session.execute(update(Task).where(Task.id == 1).values(points=9))
    tasks[0].points = 10
    session.commit()

    assert news() == ["update task 1 title T1→first, points 1→10"]


def test_what_a_session_has_not_flushed_comes_first_if_it_flushes_by_itself(
    session: Session, tasks: list[Task], news: News
) -> None:
    with session.no_autoflush:
        tasks[0].points = 50
        session.execute(update(Task).where(Task.points < 10).values(title="x"))
    session.commit()

    assert news() == ["update task 1 title T1→x, points 1→50", "update task 2 title T2→x", "update task 3 title T3→x"]


def test_a_bulk_statement_in_a_savepoint_goes_with_it(session: Session, tasks: list[Task], news: News) -> None:
    session.execute(update(Task).where(Task.id == 1).values(points=9))
    savepoint = session.begin_nested()
    session.execute(update(Task).values(points=10))
    session.execute(delete(Task))
    savepoint.rollback()
    session.commit()

    assert news() == ["update task 1 points 1→9"]


def test_a_bulk_update_of_a_column_that_others_refer_to_tells_what_follows(
    session: Session, tasks: list[Task], news: News
) -> None:
    session.add(Comment(id=1, task_id=1, task_slug="t1", text="a"))
    session.commit()
    news()
    session.execute(update(Task).where(Task.id == 1).values(slug="new"))
    session.commit()

    assert news() == ["update comment 1 task_slug t1→new", "update task 1 slug t1→new"]


def test_a_bulk_update_of_the_primary_key_is_refused(session: Session, tasks: list[Task], news: News) -> None:
    with pytest.raises(RuntimeError, match="primary key of Task"):
        session.execute(update(Task).where(Task.id == 1).values(id=99))
    session.rollback()

    assert session.scalars(select(Task.id).order_by(Task.id)).all() == [1, 2, 3]


# Inheritance


def test_bulk_statements_of_a_base_class_tell_each_row_as_its_own_class(session: Session, news: News) -> None:
    session.execute(insert(Person), [{"id": 1, "name": "Ada", "role": "x"}, {"id": 2, "name": "Eve", "role": None}])
    session.execute(insert(Party), [{"id": 3, "name": "Club", "kind": "party"}])
    session.execute(update(Party).values(name="N"))
    session.execute(update(Person), [{"id": 1, "name": "M", "role": "y"}])
    session.commit()
    assert news() == [
        "main: create person 1 name M, role y",
        "main: create person 2 name N",
        "main: create party 3 name N",
    ]

    session.execute(update(Person).where(Person.role == "y").values(role="z"))
    session.execute(delete(Party).where(Party.id != 2))
    session.commit()
    assert sorted(news()) == ["main: delete party 3 name N", "main: delete person 1 name M, role y"]


def test_a_bulk_deletion_of_half_an_entity_is_refused(session: Session, news: News) -> None:
    session.add(Person(id=1, name="Ada"))
    session.commit()
    with pytest.raises(RuntimeError, match="parties"):
        session.execute(delete(Person))
    session.rollback()

    assert session.scalars(select(Person.name)).all() == ["Ada"]


# Insertions and upserts


def test_a_bulk_insertion_is_one_creation_a_row_with_keys_and_defaults(session: Session, news: News) -> None:
    """O-B2."""
    session.execute(insert(Task), [{"project_id": "p", "title": title} for title in "abc"])
    session.commit()

    ids = dict(session.execute(select(Task.title, Task.id)).all())
    assert news() == [
        f"create task {ids[t]} title {t}, project_id p, points 3, state open" for t in sorted(ids, key=ids.__getitem__)
    ]


def test_an_insertion_gives_what_returning_asks_for_and_nothing_more(session: Session, news: News) -> None:
    """O-B7."""
    rows = [{"project_id": "p", "title": title} for title in "abc"]
    made = session.scalars(insert(Task).returning(Task, sort_by_parameter_order=True), rows).all()
    titles = session.execute(insert(Task).values(project_id="p", title="d").returning(Task.title)).all()
    keys = session.scalars(insert(Task).returning(Task.id), rows[:1]).all()
    session.commit()

    assert [task.title for task in made] == ["a", "b", "c"]
    assert titles == [("d",)]
    assert len(keys) == 1
    assert len(news()) == 5


@pytest.mark.parametrize("strategy", ["raw", "bulk", "orm"])
def test_every_way_to_insert_is_heard(session: Session, news: News, strategy: str) -> None:
    statement = insert(Task).execution_options(dml_strategy=strategy)
    row = {"id": 1, "project_id": "p", "title": "a"}
    session.execute(statement.values(row) if strategy == "orm" else statement, None if strategy == "orm" else [row])
    session.commit()

    assert news() == ["create task 1 title a, project_id p, points 3, state open"]


def test_an_insertion_from_a_selection_is_told_row_by_row(session: Session, tasks: list[Task], news: News) -> None:
    source = select(Task.project_id, Task.title, literal(8)).where(Task.id < 3)
    session.execute(insert(Task).from_select(["project_id", "title", "points"], source))
    session.commit()

    assert [line.partition(" title ")[2] for line in news()] == [
        "T1, project_id p, points 8, state open",
        "T2, project_id p, points 8, state open",
    ]


def test_several_rows_in_one_values_clause_are_told(session: Session, news: News) -> None:
    session.execute(insert(Task).values([{"id": n, "project_id": "p", "title": "x"} for n in (1, 2)]))
    session.commit()

    assert [line[:13] for line in news()] == ["create task 1", "create task 2"]


@pytest.mark.parametrize("given", ["parameters", "values", "rows", "literals"])
def test_an_upsert_is_a_creation_or_an_update_or_nothing(
    session: Session, tasks: list[Task], news: News, given: str
) -> None:
    """O-B3."""
    rows = [{"project_id": "p", "title": t, "slug": s, "points": 9} for t, s in (("T1", "t1"), ("T4", "t4"))]
    statement = upsert(Task)
    if given == "values":
        statement = statement.values(rows)
    elif given == "literals":
        statement = statement.values({k: literal(v) for k, v in rows[0].items()})
    statement = statement.on_conflict_do_update(index_elements=[Task.slug], set_={"points": statement.excluded.points})
    if given == "parameters":
        session.execute(statement, rows)
    elif given == "rows":
        for row in rows:
            session.execute(statement, row)
    else:
        session.execute(statement)
    session.commit()

    created = [] if given == "literals" else ["title T4, project_id p, slug t4, points 9, state open"]
    found = news()
    assert found[0] == "update task 1 points 1→9"
    assert [line.split(" ", 3)[3] for line in found[1:]] == created


def test_an_upsert_that_leaves_the_row_as_it_is_is_nothing(session: Session, tasks: list[Task], news: News) -> None:
    row = {"project_id": "p", "title": "other", "slug": "t1"}
    session.execute(upsert(Task).on_conflict_do_nothing(), [row])
    session.execute(upsert(Task).on_conflict_do_nothing(index_elements=["slug"]).values(row))
    statement = upsert(Task).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["slug"], set_={"points": 1}))
    session.execute(
        statement.on_conflict_do_update(index_elements=["slug"], set_={"points": 50}, where=Task.points > 10)
    )
    session.commit()

    assert news() == []


def test_an_upsert_gives_what_returning_asks_for(session: Session, tasks: list[Task], news: News) -> None:
    statement = upsert(Task).values(project_id="p", title="x", slug="t1")
    statement = statement.on_conflict_do_update(index_elements=["slug"], set_={"title": "new"}).returning(Task)
    found = session.scalars(statement, execution_options={"populate_existing": True}).all()
    session.commit()

    assert found == [tasks[0]]
    assert news() == ["update task 1 title T1→new"]


@pytest.mark.skipif(DATABASE == "sqlite", reason="only PostgreSQL takes the name of a constraint")
def test_an_upsert_may_name_the_constraint(session: Session, tasks: list[Task], news: News) -> None:
    statement = upsert(Task).values(project_id="p", title="x", slug="t1")
    session.execute(statement.on_conflict_do_update(constraint="uq_tasks_slug", set_={"title": "new"}))
    session.commit()

    assert news() == ["update task 1 title T1→new"]


@pytest.mark.skipif(DATABASE != "sqlite", reason="PostgreSQL says so itself")
@pytest.mark.parametrize("columns", [("name",), ("kind", "second")])
def test_an_upsert_finds_the_row_that_is_the_same_by_the_rule_of_an_index(
    session: Session, news: News, columns: tuple[str, ...]
) -> None:
    session.add_all([Nick(id=1, name="ada", kind=1, second="x"), Nick(id=2, name="bob", kind=2, second="y")])
    session.commit()
    news()
    rows = [{"name": n, "kind": k, "second": s, "points": 9} for n, k, s in (("ADA", 1, "X"), ("CY", 3, "Z"))]
    statement = upsert(Nick).values(rows)
    statement = statement.on_conflict_do_update(index_elements=columns, set_={"points": statement.excluded.points})
    session.execute(statement)
    session.commit()

    assert news() == ["main: update nick 1 points 0→9", "main: create nick 3 name CY, kind 3, second Z, points 9"]


def test_an_upsert_that_meets_what_another_has_just_added_is_never_told_as_a_creation(
    engine: Engine, session: Session, news: News
) -> None:
    """SQLite refuses the statement, PostgreSQL runs it and is not believed."""

    def meddle(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO nicks") and connection is session.connection():
            with Session(engine) as other:
                other.add(Nick(id=1, name="ada"))
                other.commit()

    session.rollback()
    event.listen(engine, "before_cursor_execute", meddle)
    statement = upsert(Nick).values(name="ada").on_conflict_do_update(index_elements=["name"], set_={"points": 9})
    error, words = (RuntimeError, "just added it") if DATABASE == "postgresql" else (DBAPIError, "locked")
    with pytest.raises(error, match=words):
        session.execute(statement)
    session.rollback()

    told = ["main: create nick 1 name ada, points 0"]
    assert news() == (told if DATABASE == "postgresql" else [*told, "main: not done: create nick  name ada"])


def _without_target(statement: Any) -> Any:
    return statement.on_conflict_do_update(set_={"points": 5})


def _on_an_expression(statement: Any) -> Any:
    return statement.on_conflict_do_update(index_elements=[func.lower(Task.slug)], set_={"points": 5})


def _on_a_text(statement: Any) -> Any:
    return statement.on_conflict_do_update(index_elements=[text("lower(slug)")], set_={"points": 5})


@pytest.mark.parametrize(
    "conflict",
    [
        pytest.param(
            _without_target, marks=pytest.mark.skipif(DATABASE != "sqlite", reason="SQLAlchemy asks for a target")
        ),
        _on_an_expression,
        _on_a_text,
    ],
)
def test_an_upsert_whose_rows_cannot_be_looked_for_is_refused(
    session: Session, tasks: list[Task], news: News, conflict: Callable[[Any], Any]
) -> None:
    statement = conflict(upsert(Task).values(id=1, project_id="p", title="x", slug="t1"))
    with pytest.raises(RuntimeError, match=r"columns.*one by one"):
        session.execute(statement)


@pytest.mark.parametrize("slug", [func.lower("T1"), select(Task.slug).where(Task.id == 1).scalar_subquery(), None])
def test_an_upsert_with_no_plain_value_for_its_conflict_is_refused(
    session: Session, tasks: list[Task], news: News, slug: Any
) -> None:
    row = {"project_id": "p", "title": "x", **({} if slug is None else {"slug": slug})}
    statement = upsert(Task).values(row).on_conflict_do_update(index_elements=["slug"], set_={"points": 5})
    with pytest.raises(RuntimeError, match="plain values"):
        session.execute(statement)


def test_an_upsert_of_a_selection_is_refused(session: Session, tasks: list[Task], news: News) -> None:
    source = select(Task.project_id, Task.title, Task.slug).where(Task.id == 1)
    statement = upsert(Task).from_select(["project_id", "title", "slug"], source)
    with pytest.raises(RuntimeError, match="plain values"):
        session.execute(statement.on_conflict_do_update(index_elements=["slug"], set_={"points": 5}))


def test_an_upsert_that_changes_the_primary_key_is_refused(session: Session, tasks: list[Task], news: News) -> None:
    statement = upsert(Task).values(id=50, project_id="p", title="x", slug="t1")
    with pytest.raises(RuntimeError, match="primary key of Task"):
        session.execute(statement.on_conflict_do_update(index_elements=["slug"], set_={"id": 50}))


@pytest.mark.skipif(DATABASE != "sqlite", reason="a statement of SQLite")
def test_insert_or_replace_is_refused(session: Session, tasks: list[Task], news: News) -> None:
    statement = insert(Task).prefix_with("OR REPLACE").values(id=1, project_id="p", title="x")
    with pytest.raises(RuntimeError, match="on_conflict_do_update"):
        session.execute(statement)


# What is refused


CORE: list[Any] = [
    Task.__table__.update().values(points=9),
    Task.__table__.delete(),
    Task.__table__.insert().values(id=9, project_id="p", title="x"),
    task_tags.insert().values(task_id=1, tag_id=1),
    task_tags.delete(),
    Odd.__table__.insert().values(text="x"),
    text("UPDATE tasks SET points = 9"),
    text("/* tasks */ DELETE FROM tasks -- nothing"),
    text('DELETE FROM "tasks"'),
    text("DELETE\n\tFROM\n\tmain.tasks" if DATABASE == "sqlite" else "DELETE\n\tFROM\n\tpublic.tasks"),
    text('WITH a AS (SELECT 1 AS "--") UPDATE tasks SET points = 9'),
    text("WITH a AS (SELECT 1 AS \"'\") DELETE FROM tasks WHERE title <> 'x'"),
    text("REPLACE INTO tasks (id, project_id, title, points) VALUES (1, 'p', 'x', 1)"),
    select(Task).from_statement(text("UPDATE tasks SET points = 9 RETURNING *")),
    select(Task).from_statement(update(Task).values(points=9).returning(Task)),
]
if DATABASE == "postgresql":
    CORE += [
        select(delete(Task).returning(Task.id).cte()),
        text(r"WITH a AS (SELECT E'\'') DELETE FROM tasks WHERE title = 'x'"),
        text("WITH a AS (SELECT 1 AS a$$) DELETE FROM tasks WHERE title <> $$x$$"),
        text("DO $$ BEGIN DELETE FROM tasks; END $$"),
        text("TRUNCATE comments, tasks CASCADE"),
        text("MERGE INTO tasks USING tags ON false WHEN NOT MATCHED THEN DO NOTHING"),
        text("DELETE FROM ONLY tasks"),
    ]


@pytest.mark.parametrize("statement", CORE, ids=lambda s: str(s)[:60])
def test_a_core_or_text_statement_that_writes_is_refused_in_words(
    session: Session, tasks: list[Task], news: News, statement: Any
) -> None:
    """O-B4."""
    with pytest.raises(RuntimeError, match="is audited: change objects in a session"):
        session.execute(statement)
    session.commit()

    assert news() == []
    assert session.scalars(select(Task.points).order_by(Task.id)).all() == [1, 2, 3]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM tasks WHERE title <> 'delete' -- update it",
        'SELECT id AS "a" FROM tasks /* insert */',
        "SELECT id FROM tasks WHERE title <> 'it''s an update'",
        *(["SELECT id FROM tasks FOR UPDATE", "SELECT id FROM tasks FOR NO KEY UPDATE"] * (DATABASE == "postgresql")),
    ],
)
def test_a_text_that_only_reads_passes(session: Session, tasks: list[Task], news: News, statement: str) -> None:
    assert len(session.execute(text(statement)).all()) == 3


def test_the_driver_statement_of_a_connection_is_refused_too(engine: Engine, session: Session, news: News) -> None:
    with engine.connect() as connection, pytest.raises(RuntimeError, match="Task is audited"):
        connection.exec_driver_sql("DELETE FROM tasks")


@pytest.mark.parametrize("other", [Comment, Task])
@pytest.mark.skipif(DATABASE == "sqlite", reason="only PostgreSQL writes in a common table expression")
def test_a_second_statement_inside_a_followed_one_is_refused(
    session: Session, tasks: list[Task], news: News, other: type
) -> None:
    inner = delete(other).returning(other.id).cte()
    with pytest.raises(RuntimeError, match="one statement"):
        session.execute(update(Task).where(Task.id == 3).values(points=9).add_cte(inner))
    with pytest.raises(RuntimeError, match="one statement"):
        session.execute(update(Task).where(Task.id.in_(select(inner))).values(points=9))


LEGACY: dict[str, Callable[[Session], object]] = {
    "bulk_save_objects": lambda s: s.bulk_save_objects([Task(id=9, project_id="p", title="x")]),
    "bulk_insert_mappings": lambda s: s.bulk_insert_mappings(Task, [{"id": 9, "project_id": "p", "title": "x"}]),
    "bulk_update_mappings": lambda s: s.bulk_update_mappings(Task, [{"id": 1, "points": 9}]),
}


@pytest.mark.parametrize("after", ["nothing", "a flush", "an empty flush"])
@pytest.mark.parametrize("method", LEGACY)
def test_the_legacy_bulk_methods_are_refused(
    session: Session, tasks: list[Task], news: News, method: str, after: str
) -> None:
    if after == "a flush":
        tasks[0].title = "x"
        session.flush()
    elif after == "an empty flush":
        session.add(orphan := Step(text="x"))
        task = Task(steps=[orphan])
        task.steps.remove(orphan)
        session.flush()
    with pytest.raises(RuntimeError, match="Task is audited"):
        LEGACY[method](session)
    session.rollback()

    assert session.scalars(select(Task.points).order_by(Task.id)).all() == [1, 2, 3]


@pytest.mark.parametrize("moment", ["before_insert", "after_insert", "after_update"])
def test_a_core_statement_of_a_listener_in_the_middle_of_a_flush_is_refused(
    session: Session, tasks: list[Task], news: News, moment: str
) -> None:
    def meddle(_mapper: object, connection: Any, _target: object) -> None:
        connection.execute(Task.__table__.update().values(points=9))

    event.listen(Comment, moment, meddle)
    session.add(comment := Comment(task_id=1, text="a"))
    try:
        with pytest.raises(RuntimeError, match="Task is audited"):
            session.flush()
            comment.text = "b"
            session.flush()
    finally:
        event.remove(Comment, moment, meddle)


def test_a_bulk_statement_in_the_middle_of_a_flush_is_refused(session: Session, tasks: list[Task], news: News) -> None:
    def meddle(_mapper: object, _connection: object, _target: object) -> None:
        session.execute(update(Comment).values(text="b"))

    event.listen(Comment, "after_insert", meddle)
    session.add(Comment(task_id=1, text="a"))
    try:
        with pytest.raises(RuntimeError, match="middle of a flush"):
            session.commit()
    finally:
        event.remove(Comment, "after_insert", meddle)


def test_a_bulk_statement_before_a_flush_is_told_with_it(session: Session, tasks: list[Task], news: News) -> None:
    def meddle(session: Session, _context: object, _objects: object) -> None:
        session.execute(update(Task).where(Task.id == 1).values(points=9))

    event.listen(session, "before_flush", meddle)
    tasks[0].title = "x"
    session.commit()

    assert news() == ["update task 1 title T1→x, points 1→9"]


# Past the log, with a reason


@pytest.mark.past_the_log("the option is tried")
def test_the_option_lets_one_statement_past_the_log_and_is_told_itself(
    session: Session, tasks: list[Task], news: News
) -> None:
    """O-B4: also one of a class, which is not followed then."""
    table = Task.__table__
    session.execute(table.update().values(points=9), execution_options={trail.UNAUDITED: "import"})
    session.execute(update(Task).values(points=8).execution_options(erebus_unaudited="of a class"))
    with pytest.raises(RuntimeError, match="Task is audited"):
        session.execute(table.update().values(points=7))
    session.commit()

    assert news() == ["main: past the log tasks: import", "main: past the log tasks: of a class"]
    assert session.scalars(select(Task.points)).all() == [8, 8, 8]


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_the_option_without_a_reason_is_none(session: Session, tasks: list[Task], news: News, reason: object) -> None:
    with pytest.raises(RuntimeError, match="Task is audited"):
        session.execute(text("DELETE FROM tasks"), execution_options={trail.UNAUDITED: reason})


def test_the_option_goes_with_its_savepoint_and_its_transaction(
    session: Session, tasks: list[Task], news: News
) -> None:
    statement = text("UPDATE tasks SET points = 9").execution_options(erebus_unaudited="import")
    savepoint = session.begin_nested()
    session.execute(statement)
    savepoint.rollback()
    session.commit()
    session.execute(statement)
    session.rollback()

    assert news() == []


@pytest.mark.past_the_log("the option is tried")
def test_the_option_on_a_connection_of_its_own_is_told_in_its_transaction(
    engine: Engine, session: Session, tasks: list[Task], news: News
) -> None:
    session.close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET points = 9"), execution_options={trail.UNAUDITED: "import"})
    with engine.connect() as connection:
        connection.execute(text("UPDATE tasks SET points = 8"), execution_options={trail.UNAUDITED: "import"})
        connection.rollback()

    assert news() == ["main: past the log tasks: import"]


def test_the_option_does_not_leak_from_a_connection_or_an_engine(
    engine: Engine, session: Session, tasks: list[Task], news: News
) -> None:
    """O-F7: there is no off switch."""
    session.rollback()
    session.connection(execution_options={trail.UNAUDITED: "all of it"})
    session.execute(update(Task).where(Task.id == 1).values(points=9))
    session.add(Tag(id=1, text="x"))
    session.flush()
    with pytest.raises(RuntimeError, match="Task is audited"):
        session.execute(text("DELETE FROM tasks"))
    session.commit()
    option = {trail.UNAUDITED: "all"}
    with engine.execution_options(**option).connect() as connection, pytest.raises(RuntimeError, match="is audited"):
        connection.execute(text("DELETE FROM tasks"))

    assert news() == ["main: create tag 1 text x", "update task 1 points 1→9"]


def test_the_option_does_not_outlive_an_exception(session: Session, tasks: list[Task], news: News) -> None:
    """O-F7."""
    with pytest.raises(Exception, match="nowhere"):
        session.execute(text("UPDATE tasks SET nowhere = 9"), execution_options={trail.UNAUDITED: "import"})
    session.rollback()
    with pytest.raises(RuntimeError, match="Task is audited"):
        session.execute(text("UPDATE tasks SET points = 9"))

    assert news() == []


@pytest.mark.past_the_log("the option is tried")
def test_the_option_holds_for_no_other_thread(engine: Engine, session: Session, tasks: list[Task], news: News) -> None:
    """O-F7: not even while its statement runs."""
    refused: list[str] = []

    def act_elsewhere(*_: object) -> None:
        with Session(engine) as other, pytest.raises(RuntimeError, match="Task is audited") as caught:
            other.execute(text("DELETE FROM tasks"))
        refused.append(str(caught.value))

    def run_elsewhere(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE tasks"):
            (thread := Thread(target=act_elsewhere)).start()
            thread.join()

    event.listen(engine, "before_cursor_execute", run_elsewhere)
    session.execute(text("UPDATE tasks SET points = 9"), execution_options={trail.UNAUDITED: "import"})
    session.commit()

    assert len(refused) == 1
    assert news() == ["main: past the log tasks: import"]


# What it costs


def test_the_number_of_statements_does_not_grow_with_the_rows(engine: Engine, session: Session, news: News) -> None:
    run: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: run.append(given[2]))
    counts = []
    for rows in (10, 400):
        session.execute(insert(Task), [{"project_id": "p", "title": "x"} for _ in range(rows)])
        session.commit()
        run.clear()
        session.execute(update(Task).values(points=9))
        session.execute(delete(Task))
        counts.append(len(run))
        session.commit()

    assert counts[0] == counts[1] < 20


def test_a_statement_acts_for_whoever_acts(session: Session, tasks: list[Task], engine: Engine, news: News) -> None:
    """O-B8."""
    ada = trail.Actor(trail.ActorKind.USER, "user_1", "Ada")
    with trail.acting_as(ada):
        session.execute(update(Task).where(Task.id == 1).values(points=9))
        session.commit()
    session.execute(update(Task).where(Task.id == 1).values(points=8))
    session.commit()
    log = trail.read_log(session.connection(), "p")

    assert log is not None
    assert [e.actor_id for e in log.events[:2]] == ["system", "user_1"]
