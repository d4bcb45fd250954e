"""What changes through a relationship, or by the database's own cascades, is told of the entity that it belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.trail.cases.conftest import News
from tests.trail.cases.models import Alias, Badge, Comment, Member, Person, Project, Step, Stripe, Tag, Task, Team, User


@pytest.fixture
def task(session: Session, news: News) -> Task:
    """Task 1 in project p; the tags 1 to 3 and the user ada are there."""
    task = Task(project_id="p", title="T")
    session.add_all([task, *(Tag(text=f"tag {n}") for n in (1, 2, 3)), User(code="ada", name="Ada")])
    session.commit()
    news()
    return task


GONE = "delete task 1 title T, project_id p, points 3, state open"


# Cascades of the database


def test_what_the_database_deletes_with_a_parent_is_in_the_log(session: Session, task: Task, news: News) -> None:
    """O-C1: children and their children, of which nothing was loaded."""
    session.add_all([Comment(task_id=1, text="a"), Task(project_id="p", title="child", parent_id=1)])
    session.commit()
    session.add(Comment(task_id=2, text="b"))
    session.commit()
    news()
    session.expunge_all()
    session.delete(session.get_one(Project, "p"))
    session.commit()

    lines = news()
    assert sorted(lines) == [
        "delete comment 1 text a, task_id 1",
        "delete comment 2 text b, task_id 2",
        "delete project p",
        GONE,
        "delete task 2 title child, project_id p, parent_id 1, points 3, state open",
    ]
    assert lines[-1] == "delete project p"


def test_a_tree_that_refers_to_itself_goes_with_its_root(session: Session, task: Task, news: News) -> None:
    """O-C1."""
    for parent_id in (1, 2):
        session.add(Task(project_id="p", title="c", parent_id=parent_id))
        session.commit()
    news()
    session.delete(task)
    session.commit()

    assert [line[:13] for line in news()] == ["delete task 3", "delete task 2", "delete task 1"]
    assert session.scalars(select(Task)).all() == []


@pytest.mark.parametrize("how", ["object", "statement"])
def test_what_the_database_unlinks_is_an_update(session: Session, task: Task, news: News, how: str) -> None:
    """ON DELETE SET NULL."""
    task.owner_code = "ada"
    session.commit()
    news()
    if how == "object":
        session.delete(session.get_one(User, "ada"))
    else:
        session.execute(delete(User))
    session.commit()

    assert news() == ["main: delete user ada code ada, name Ada", "update task 1 owner_code ada→None"]


def test_what_the_database_lets_follow_a_key_is_an_update(session: Session, task: Task, news: News) -> None:
    """ON UPDATE CASCADE, of a primary key."""
    task.owner_code = "ada"
    session.commit()
    news()
    session.get_one(User, "ada").code = "eve"
    session.commit()

    assert news() == ["main: update user eve code ada→eve", "update task 1 owner_code ada→eve"]


def test_what_the_database_lets_follow_another_column_is_an_update(session: Session, task: Task, news: News) -> None:
    """ON UPDATE CASCADE, of a unique column."""
    task.slug = "old"
    session.flush()
    session.add(Comment(task_id=1, task_slug="old", text="a"))
    session.commit()
    news()
    task.slug = "new"
    session.commit()

    assert sorted(news()) == ["update comment 1 task_slug old→new", "update task 1 slug old→new"]


def test_a_row_whose_own_key_follows_is_an_update_under_its_new_key(session: Session, task: Task, news: News) -> None:
    """And what follows that in turn; a key that is referred to twice follows twice."""
    session.add_all([User(code="bob", name="Bob"), Badge(user_code="ada", number=1, giver_code="ada", text="b")])
    session.flush()
    session.add_all([Badge(user_code="bob", number=1, giver_code="ada", text="c")])
    session.add_all([Stripe(code="ada", number=1, text="s"), Stripe(code="bob", number=1, text="t")])
    session.commit()
    news()
    session.expunge_all()
    session.get_one(User, "ada").code = "eve"
    session.commit()

    assert sorted(news()) == [
        "main: update badge bob,1 giver_code ada→eve",
        "main: update badge eve,1 user_code ada→eve, giver_code ada→eve",
        "main: update stripe eve,1 code ada→eve",
        "main: update user eve code ada→eve",
    ]


def test_a_row_that_is_unlinked_and_deleted_takes_with_it_what_it_would(
    session: Session, task: Task, news: News
) -> None:
    """Two foreign keys lead to the same parent, and only one of them cascades."""
    session.add(Badge(user_code="ada", number=1, giver_code="ada", text="b"))
    session.flush()
    session.add(Stripe(code="ada", number=1, text="s"))
    session.commit()
    news()
    session.expunge_all()
    session.delete(session.get_one(User, "ada"))
    session.commit()

    assert sorted(news()) == [
        "main: delete badge ada,1 user_code ada, number 1, giver_code ada, text b",
        "main: delete stripe ada,1 code ada, number 1, text s",
        "main: delete user ada code ada, name Ada",
    ]


def test_a_row_that_is_deleted_after_its_key_followed_is_a_deletion_of_what_it_was(
    session: Session, task: Task, news: News
) -> None:
    session.add(Badge(user_code="ada", number=1, text="b"))
    session.commit()
    news()
    session.expunge_all()
    session.get_one(User, "ada").code = "eve"
    session.flush()
    session.delete(session.get_one(Badge, ("eve", 1)))
    session.commit()

    assert sorted(news()) == [
        "main: delete badge ada,1 user_code ada, number 1, text b",
        "main: update user eve code ada→eve",
    ]


@pytest.mark.parametrize("how", ["object", "statement"])
def test_a_key_that_follows_another_value_than_a_key_is_an_update(
    session: Session, task: Task, news: News, how: str
) -> None:
    task.slug = "old"
    session.flush()
    session.add(Alias(slug="old", text="a"))
    session.commit()
    news()
    if how == "object":
        task.slug = "new"
    else:
        session.execute(update(Task).values(slug="new"))
    session.commit()

    assert sorted(news()) == ["main: update alias new slug old→new", "update task 1 slug old→new"]


def test_a_row_of_a_subclass_is_one_entity_and_so_is_its_deletion(session: Session, news: News) -> None:
    session.add(person := Person(name="Ada", role="x"))
    session.commit()
    person.name, person.role = "Eve", "y"
    session.commit()
    session.delete(person)
    session.commit()

    assert news() == [
        "main: create person 1 name Ada, role x",
        "main: update person 1 name Ada→Eve, role x→y",
        "main: delete person 1 name Eve, role y",
    ]


# Lists


def test_many_to_many_links_are_an_update_of_the_side_that_records_them(
    session: Session, task: Task, news: News
) -> None:
    """O-C2: in one flush and in several, and nothing of a table that has no class."""
    one, two, three = session.scalars(select(Tag).order_by(Tag.id))
    task.tags.append(one)
    session.flush()
    task.tags.append(two)
    session.commit()
    assert news() == ["update task 1 tags →1, 2"]

    task.tags.remove(one)
    task.tags.append(three)
    session.commit()
    assert news() == ["update task 1 tags 1, 2→2, 3"]

    task.tags = [three, two]
    session.commit()
    task.tags.append(one)
    session.flush()
    task.tags.remove(one)
    session.commit()
    assert news() == []

    task.tags.clear()
    session.commit()
    assert news() == ["update task 1 tags 2, 3→"]


@pytest.mark.parametrize("is_loaded", [True, False])
def test_links_made_from_the_other_side_are_told_too(session: Session, task: Task, news: News, is_loaded: bool) -> None:
    """O-C2."""
    tag = session.get_one(Tag, 1)
    assert not is_loaded or task.tags == []
    tag.tasks.append(task)
    session.commit()
    assert news() == ["update task 1 tags →1"]

    assert not is_loaded or task.tags == [tag]
    tag.tasks.remove(task)
    session.commit()
    assert news() == ["update task 1 tags 1→"]


def test_a_new_entity_tells_its_links_and_a_deleted_one_too(session: Session, news: News) -> None:
    session.add(task := Task(project_id="p", title="T", tags=[Tag(text="a"), Tag(text="b")]))
    session.commit()
    assert news()[-1] == "create task 1 title T, project_id p, points 3, state open, tags 1, 2"

    session.delete(task)
    session.commit()
    assert news() == [f"{GONE}, tags 1, 2"]


# Links that lose their other end


@pytest.fixture
def tagged(session: Session, task: Task, news: News) -> Task:
    """Task 1 with the tags 1 to 3; task 2 has none."""
    task.tags = list(session.scalars(select(Tag)))
    session.add(Task(project_id="p", title="other"))
    session.commit()
    news()
    return task


@pytest.mark.parametrize("how", ["object", "object with its tasks", "statement"])
def test_a_deleted_tag_is_an_update_of_each_task_that_loses_it(
    session: Session, tagged: Task, news: News, how: str
) -> None:
    tag = session.get_one(Tag, 2)
    assert how != "object with its tasks" or tag.tasks == [tagged]
    if how == "statement":
        session.execute(delete(Tag).where(Tag.id == 2))
    else:
        session.delete(tag)
    session.commit()
    assert news() == ["main: delete tag 2 text tag 2", "update task 1 tags 1, 2, 3→1, 3"]

    session.expire_all()
    tagged.tags.clear()
    session.commit()
    assert news() == ["update task 1 tags 1, 3→"]


@pytest.mark.parametrize("how", ["object", "statement"])
def test_tags_that_the_database_deletes_with_something_else_are_taken_from_their_tasks(
    session: Session, tagged: Task, news: News, how: str
) -> None:
    """ON DELETE CASCADE, twice: from the user to the tags, from the tags to the links."""
    for tag in session.scalars(select(Tag).where(Tag.id < 3)):
        tag.owner_code = "ada"
    session.commit()
    news()
    session.expunge_all()
    if how == "object":
        session.delete(session.get_one(User, "ada"))
    else:
        session.execute(delete(User))
    session.commit()

    assert news() == [
        "main: delete tag 1 text tag 1",
        "main: delete tag 2 text tag 2",
        "main: delete user ada code ada, name Ada",
        "update task 1 tags 1, 2, 3→3",
    ]


def test_a_task_that_changes_too_as_it_loses_a_tag_is_one_update(session: Session, tagged: Task, news: News) -> None:
    tags = {tag.id: tag for tag in tagged.tags}
    tagged.title = "new"
    tagged.tags.remove(tags[1])
    session.delete(tags[2])
    session.commit()

    assert news() == ["main: delete tag 2 text tag 2", "update task 1 title T→new, tags 1, 2, 3→3"]


def test_a_task_that_goes_together_with_its_tag_is_a_deletion_with_its_links(
    session: Session, tagged: Task, news: News
) -> None:
    assert len(tagged.tags) == 3
    session.delete(tagged)
    session.delete(session.get_one(Tag, 2))
    session.commit()

    assert news() == ["main: delete tag 2 text tag 2", f"{GONE}, tags 1, 2, 3"]


@pytest.mark.past_the_log("the oracle follows an entity to its new key only where the key is recorded")
def test_a_task_that_gets_another_key_as_it_loses_a_tag_is_one_update(
    session: Session, tagged: Task, news: News
) -> None:
    session.delete(session.get_one(Tag, 2))
    session.flush()
    tagged.id = 9
    session.delete(session.get_one(Tag, 3))
    with session.no_autoflush:
        session.commit()

    assert news() == [
        "main: delete tag 2 text tag 2",
        "main: delete tag 3 text tag 3",
        "update task 9 tags 1, 2, 3→1, id None→None",
    ]


@pytest.mark.parametrize("model", [Task, Project])
def test_a_bulk_deletion_tells_the_links_of_what_goes(
    session: Session, tagged: Task, news: News, model: type[Task | Project]
) -> None:
    key = 1 if model is Task else "p"
    session.execute(delete(model).where(model.id == key))
    session.commit()

    assert [line for line in news() if " 1 " in line] == [f"{GONE}, tags 1, 2, 3"]


@pytest.mark.past_the_log("the oracle follows an entity to its new key only where the key is recorded")
def test_a_tag_that_gets_another_key_is_an_update_of_its_tasks(session: Session, tagged: Task, news: News) -> None:
    session.expire_all()
    session.get_one(Tag, 2).id = 20
    session.commit()

    assert news() == ["main: update tag 20 id None→None", "update task 1 tags 1, 2, 3→1, 20, 3"]


def test_who_is_at_no_far_end_is_not_looked_up(session: Session, engine: Engine, tagged: Task) -> None:
    run: list[str] = []
    session.add(step := Step(task_id=1, text="s"))
    session.commit()
    event.listen(engine, "before_cursor_execute", lambda *given: run.append(given[2]))
    session.delete(step)
    session.commit()

    assert run
    assert not [statement for statement in run if "task_tags" in statement]


def test_what_is_only_looked_at_is_no_link(session: Session, task: Task, news: News) -> None:
    session.refresh(task)
    assert task.seen_tags == []
    task.seen_tags.append(session.get_one(Tag, 1))
    session.commit()

    assert news() == []


def test_an_orphan_is_a_deletion(session: Session, task: Task, news: News) -> None:
    task.steps = [Step(text="a"), Step(text="b")]
    session.commit()
    assert news() == ["create step 1 text a", "create step 2 text b"]

    task.steps.pop(0)
    session.commit()
    assert news() == ["delete step 1 text a"]


@pytest.mark.parametrize("name", ["later", "now", "tasks"])
def test_write_only_and_dynamic_relationships_are_like_a_list(
    session: Session, task: Task, news: News, name: str
) -> None:
    """O-C4."""
    p, q = session.get_one(Project, "p"), session.get_one(Project, "q")
    listed: Any = getattr(q, name)
    add = listed.append if name == "tasks" else listed.add
    add(new := Task(title="N"))
    session.commit()
    assert news() == ["q: create task 2 title N, project_id q, points 3, state open"]

    with session.no_autoflush:
        getattr(q, name).remove(new)
        (getattr(p, name).append if name == "tasks" else getattr(p, name).add)(new)
    session.commit()
    assert news() == ["update task 2 project_id q→p"]


# Single values


def test_a_foreign_key_set_through_its_relationship_only_is_told(session: Session, task: Task, news: News) -> None:
    """O-C3."""
    task.owner = session.get_one(User, "ada")
    session.commit()
    task.owner = User(code="eve", name="Eve")
    session.commit()
    task.owner = None
    session.commit()

    assert news() == [
        "main: create user eve code eve, name Eve",
        "update task 1 owner_code None→ada",
        "update task 1 owner_code ada→eve",
        "update task 1 owner_code eve→None",
    ]


def test_an_association_object_shows_the_keys_of_both_sides(session: Session, task: Task, news: News) -> None:
    """O-C5."""
    task.label_texts.append("x")
    session.commit()
    assert news() == ["main: create label 1 text x", "create labelling 1,1 task_id 1, label_id 1"]

    task.label_texts.clear()
    session.commit()
    assert news() == ["delete labelling 1,1 task_id 1, label_id 1"]


def test_a_cycle_is_told_with_the_key_that_was_set_late(session: Session, news: News) -> None:
    """O-C6."""
    session.add(team := Team(members=[(lead := Member()), Member()], lead=lead))
    session.commit()
    assert news() == [
        "main: create team 1 lead_id 1",
        "main: create member 1 team_id 1",
        "main: create member 2 team_id 1",
    ]

    team.lead = team.members[1]
    session.commit()
    team.lead = None
    session.commit()
    assert news() == ["main: update team 1 lead_id 1→2", "main: update team 1 lead_id 2→None"]


def test_a_childs_log_is_found_through_a_parent_that_is_not_loaded(session: Session, task: Task, news: News) -> None:
    """O-C7."""
    session.expunge_all()
    session.add(comment := Comment(task_id=1, text="a"))
    session.commit()
    session.expire_all()
    comment.text = "b"
    session.commit()
    session.delete(comment)
    session.commit()

    assert news() == [
        "create comment 1 text a, task_id 1",
        "update comment 1 text a→b",
        "delete comment 1 text b, task_id 1",
    ]


def test_a_child_is_told_in_the_log_of_a_parent_made_in_the_same_flush(session: Session, news: News) -> None:
    """O-C7."""
    session.add(Comment(text="a", task=Task(title="T", project=Project(id="new"))))
    session.commit()

    assert news() == [
        "new: create project new",
        "new: create task 1 title T, project_id new, points 3, state open",
        "new: create comment 1 text a, task_id 1",
    ]


def test_a_merged_object_is_told_by_what_differs(session: Session, task: Task, news: News) -> None:
    session.expunge_all()
    session.merge(Task(id=1, project_id="p", title="merged", points=3))
    session.merge(Task(id=2, project_id="p", title="new"))
    session.commit()

    assert news() == ["update task 1 title T→merged", "create task 2 title new, project_id p, points 3, state open"]
