"""What is deleted and made anew under its key in one transaction is told as an update, of its links as well."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.trail.cases.conftest import News
from tests.trail.cases.models import Asset, Server, Tag, Task


@pytest.mark.parametrize("flushes", [1, 2], ids=["in one flush", "in two"])
@pytest.mark.parametrize(
    ("then", "told"), [([], "1, 2→"), ([1], "1, 2→1"), ([1, 2], None)], ids=["without links", "with one", "with all"]
)
def test_the_links_of_what_is_made_anew_are_told(
    session: Session, news: News, flushes: int, then: list[int], told: str | None
) -> None:
    tags = {n: Tag(id=n, text=f"tag {n}") for n in (1, 2)}
    session.add(task := Task(id=1, project_id="p", title="T", tags=list(tags.values())))
    session.commit()
    news()
    assert len(task.tags) == 2
    session.delete(task)
    if flushes == 2:
        session.flush()
    session.add(Task(id=1, project_id="p", title="T", tags=[tags[n] for n in then]))
    session.commit()

    assert news() == ([f"update task 1 tags {told}"] if told is not None else [])


@pytest.mark.filterwarnings("ignore:New instance:sqlalchemy.exc.SAWarning")
def test_what_is_made_under_the_key_of_another_that_stays_is_a_failed_creation(session: Session, news: News) -> None:
    session.add(tag := Tag(id=1, text="tag"))
    session.commit()
    news()
    assert tag.text == "tag"
    session.add(Tag(id=1, text="tag"))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()

    assert news() == ["main: not done: create tag 1 text tag"]


@pytest.mark.parametrize(("flushes", "told"), [(1, " name rack"), (2, "")], ids=["in one flush", "in two"])
def test_what_takes_over_the_row_of_another_class_is_no_update_of_it(
    session: Session, news: News, flushes: int, told: str
) -> None:
    """In one flush SQLAlchemy leaves in the row what the new object does not set."""
    session.add(asset := Asset(id=1, name="rack"))
    session.commit()
    assert asset.name == "rack"
    news()
    session.delete(asset)
    if flushes == 2:
        session.flush()
    session.add(Server(id=1))
    session.commit()

    assert news() == ["main: delete asset 1 name rack", f"main: create server 1{told}"]
