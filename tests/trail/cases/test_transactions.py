"""Savepoints, outer transactions and listeners that look: a line is what the outermost commit kept.

The plain cases, O-A1 to O-A6 and O-A8, stand in ``tests/trail/test_capture.py``, O-A9 in
``test_two_phases.py``.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from erebus import trail
from tests.conftest import DATABASE
from tests.trail.cases.conftest import News
from tests.trail.cases.models import Project, Step, Tag, Task


def new(title: str, **values: Any) -> Task:
    return Task(project_id="p", title=title, **values)


def titles(lines: list[str]) -> list[tuple[str, str]]:
    """Action and title of each line about a task."""
    return [(line.split()[0], line.split(" title ")[1].split(",")[0]) for line in lines]


# Savepoints


def test_savepoints_inside_savepoints_take_back_what_is_theirs(session: Session, news: News) -> None:
    """O-A1."""
    with session.begin_nested():
        session.add(kept := new("a"))
        inner = session.begin_nested()
        session.add(new("b"))
        session.flush()
        innermost = session.begin_nested()
        session.add(new("c"))
        innermost.commit()
        inner.rollback()
        with session.begin_nested():
            session.add(new("d"))
    last = session.begin_nested()
    session.delete(kept)
    session.flush()
    last.rollback()
    session.commit()

    assert titles(news()) == [("create", "a"), ("create", "d")]


def test_a_released_savepoint_inside_one_that_rolls_back_is_nothing(session: Session, news: News) -> None:
    """O-A3."""
    outer = session.begin_nested()
    with session.begin_nested():
        session.add(new("a"))
    outer.rollback()
    session.commit()

    assert news() == []


def test_what_was_changed_before_a_savepoint_and_in_it_goes_back_to_before(session: Session, news: News) -> None:
    """O-A1: what was pending at its begin belongs to the outer transaction."""
    session.add(task := new("a", points=1))
    session.commit()
    news()
    task.points = 2
    savepoint = session.begin_nested()
    task.points, task.title = 3, "b"
    session.flush()
    savepoint.rollback()
    task.state = "done"
    session.commit()

    assert news() == ["update task 1 points 1→2, state open→done"]


def test_a_commit_with_open_savepoints_keeps_all_of_it(session: Session, news: News) -> None:
    session.add(new("a"))
    session.begin_nested()
    session.add(new("b"))
    session.begin_nested()
    session.add(new("c"))
    session.commit()

    assert titles(news()) == [("create", "a"), ("create", "b"), ("create", "c")]


def test_a_failure_inside_a_savepoint_is_kept_beside_what_succeeded(session: Session, news: News) -> None:
    """O-A1."""
    session.add(new("a", slug="s"))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(new("b", slug="s"))
    session.commit()

    assert news() == [
        "create task 1 title a, project_id p, slug s, points 3, state open",
        "not done: create task  title b, project_id p, slug s",
    ]


def test_a_savepoint_of_the_connection_takes_its_own_back_too(session: Session, news: News) -> None:
    session.add(new("a"))
    session.flush()
    savepoint = session.connection().begin_nested()
    session.add(task := new("b"))
    session.flush()
    session.expunge(task)
    savepoint.rollback()
    session.commit()

    assert titles(news()) == [("create", "a")]


@pytest.mark.parametrize(
    ("made", "undone"),
    [
        ("SAVEPOINT mine", "ROLLBACK TO SAVEPOINT mine"),
        ("SAVEPOINT mine", "ROLLBACK TO mine;"),
        ("savepoint Mine", "/* undo */ rollback transaction\n to MINE"),
        ('SAVEPOINT "my own"', 'ROLLBACK TO "my own"'),
    ],
)
def test_a_savepoint_that_is_a_text_takes_its_own_back_too(
    session: Session, news: News, made: str, undone: str
) -> None:
    session.add(new("a"))
    session.flush()
    session.execute(text(made))
    session.add(task := new("b"))
    session.flush()
    session.expunge(task)
    session.execute(text(undone))
    session.commit()

    assert titles(news()) == [("create", "a")]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ("SAVEPOINT x, a, SAVEPOINT x, b, ROLLBACK TO x", "a"),
        ("SAVEPOINT x, a, SAVEPOINT x, b, ROLLBACK TO x, c, ROLLBACK TO x", "a"),
        ("SAVEPOINT x, a, SAVEPOINT x, b, RELEASE x, c, ROLLBACK TO x", ""),
        ("SAVEPOINT x, a, SAVEPOINT x, b, RELEASE SAVEPOINT x, ROLLBACK TO SAVEPOINT x, c", "c"),
        ("SAVEPOINT x, a, SAVEPOINT y, b, ROLLBACK TO x, c", "c"),
        ("SAVEPOINT x, a, SAVEPOINT y, b, RELEASE x, c", "abc"),
        ("SAVEPOINT x, a, RELEASE x, b, SAVEPOINT x, c, ROLLBACK TO x", "ab"),
    ],
)
def test_savepoints_of_one_name_lie_one_upon_the_other(session: Session, news: News, steps: str, left: str) -> None:
    for step in steps.split(", "):
        if len(step) == 1:
            session.add(task := new(step))
            session.flush()
            session.expunge(task)
        else:
            session.execute(text(step))
    session.commit()

    assert titles(news()) == [("create", title) for title in left]


@pytest.mark.skipif(DATABASE == "sqlite", reason="SQLite has no capitals in names")
def test_a_name_in_quotes_keeps_its_capitals(session: Session, news: News) -> None:
    for statement in ('SAVEPOINT "X"', "SAVEPOINT x", 'ROLLBACK TO "X"'):
        session.add(task := new(statement))
        session.flush()
        session.expunge(task)
        session.execute(text(statement))
    session.commit()

    assert titles(news()) == [("create", 'SAVEPOINT "X"')]


@pytest.mark.parametrize("end", ["close", "reset", "rollback", "invalidate"])
def test_a_session_that_is_ended_takes_back_what_it_flushed(session: Session, news: News, end: str) -> None:
    session.add(new("a"))
    session.flush()
    getattr(session, end)()
    session.add(new("b"))
    session.commit()

    assert titles(news()) == [("create", "b")]


# Outer transactions


@pytest.mark.parametrize("mode", ["create_savepoint", "rollback_only", "conditional_savepoint"])
def test_what_a_session_commits_inside_an_outer_transaction_lives_and_dies_with_it(
    engine: Engine, session: Session, news: News, mode: Any
) -> None:
    """O-A7."""
    session.close()
    for is_kept in (False, True):
        with engine.connect() as connection:
            outer = connection.begin()
            with Session(bind=connection, join_transaction_mode=mode) as inner:
                for title in "ab":
                    inner.add(new(title))
                    inner.commit()
            (outer.commit if is_kept else outer.rollback)()
        assert titles(news()) == ([("create", "a"), ("create", "b")] if is_kept else [])


def test_a_session_that_rolls_back_inside_an_outer_transaction_leaves_what_it_committed(
    engine: Engine, session: Session, news: News
) -> None:
    """O-A7."""
    session.close()
    with engine.begin() as connection, Session(bind=connection, join_transaction_mode="create_savepoint") as inner:
        inner.add(new("a"))
        inner.commit()
        inner.add(new("b"))
        inner.flush()
        inner.rollback()
        inner.add(new("c"))
        inner.commit()

    assert titles(news()) == [("create", "a"), ("create", "c")]


# Listeners that look


def test_a_listener_that_queries_in_a_flush_changes_nothing(session: Session, news: News) -> None:
    """O-A10."""
    seen: list[int] = []

    def look(session: Session, *_: object) -> None:
        seen.append(session.scalars(select(func.count()).select_from(Task)).one())

    for name in ("before_flush", "after_flush", "after_flush_postexec", "before_commit"):
        event.listen(session, name, look)
    session.add(task := new("a"))
    session.commit()
    task.points = 5
    session.commit()

    assert seen
    assert news() == ["create task 1 title a, project_id p, points 3, state open", "update task 1 points 3→5"]


def test_a_label_may_be_looked_up_with_the_session(session: Session, engine: Engine, news: News) -> None:
    """O-A10: also while something else is pending."""
    session.add(new("a", steps=[Step(text="s")]))
    session.commit()
    step = session.scalars(select(Step)).one()
    step.text = "t"
    session.flush()
    session.add(Tag(text="pending"))
    session.delete(step)
    session.commit()

    assert [line.split(" ")[:2] for line in news() if not line.startswith("main")] == [
        ["create", "task"],
        ["create", "step"],
        ["delete", "step"],
    ]
    log = trail.read_log(session.connection(), "p")
    assert log is not None
    assert [e.entity_label for e in log.events[:2]] == ["a", "a"]


def test_what_a_listener_adds_after_the_flush_is_in_the_log(session: Session, news: News) -> None:
    def add(session: Session, _context: object) -> None:
        if not session.scalars(select(Tag)).all():
            session.add(Tag(text="late"))

    event.listen(session, "after_flush_postexec", add)
    session.add(new("a"))
    session.commit()

    assert news()[0] == "main: create tag 1 text late"


def test_two_sessions_keep_what_is_theirs_apart(engine: Engine, session: Session, news: News) -> None:
    session.add(new("a"))
    session.commit()
    with Session(engine) as other:
        assert other.scalars(select(Task.title)).all() == ["a"]
        session.get_one(Task, 1).points = 9
        session.commit()
        other.rollback()
        other.get_one(Task, 1).points = 10
        other.commit()

    assert news()[1:] == ["update task 1 points 3→9", "update task 1 points 9→10"]


def test_a_switched_row_keeps_its_log_when_the_project_is_made_again(session: Session, news: News) -> None:
    """O-A5: in one flush."""
    session.delete(session.get_one(Project, "q"))
    session.add(Project(id="q", name="again"))
    session.commit()

    assert news() == ["q: update project q name None→again"]
    assert session.execute(text("SELECT count(*) FROM projects_of_cases")).scalar_one() == 2
