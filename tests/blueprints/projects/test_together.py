"""What holds when two people act at once, each in a thread and a transaction of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import NoResultFound

from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import ApiKey, Environment
from erebus.blueprints.projects import services
from erebus.blueprints.projects.models import Project, Region
from erebus.db import db, transaction
from erebus.trail import AuditEvent, Refused, verify
from tests.blueprints.people import register

Log = Callable[[str], list[AuditEvent]]


def at_once(app: Flask, *changes: Callable[[], object]) -> list[type | None]:
    """Make *changes* at once; return for each how it was refused, or None."""
    barrier = Barrier(len(changes))

    def act(change: Callable[[], object]) -> type | None:
        with app.app_context():
            barrier.wait(10)
            try:
                with transaction():
                    change()
            except Refused as refused:
                return type(refused)
            return None

    db.session.rollback()  # a session that has read sees what it saw then
    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(act, changes))


def create(owner_id: str, title: str) -> Callable[[], object]:
    return lambda: services.create_project(db.session.get_one(User, owner_id), title, Region.GLOBAL)


def rename(project_id: str, title: str) -> Callable[[], object]:
    return lambda: services.rename(db.session.get_one(Project, project_id), title)


def test_of_many_who_create_one_title_one_succeeds(app: Flask, owner: User, log: Log) -> None:
    outcomes = at_once(app, *[create(owner.id, "My Chat App")] * 4)

    assert sorted(outcomes, key=str) == sorted([None, *[services.TitleIsTaken] * 3], key=str)
    assert db.session.scalar(select(func.count(Project.id))) == 1
    assert len([event for event in log("platform") if not event.status]) == 3


def test_the_last_place_is_given_once(app: Flask, owner: User) -> None:
    with transaction():
        for number in range(49):
            services.create_project(owner, f"Project {number}", Region.GLOBAL)

    outcomes = at_once(app, *[create(owner.id, f"Last {number}") for number in range(4)])

    assert outcomes.count(None) == 1
    assert outcomes.count(services.TooManyProjects) == 3


def test_two_accounts_with_one_title_get_two_slugs(app: Flask, owner: User) -> None:
    others = [register(f"other{number}") for number in range(3)]

    assert at_once(app, *[create(user.id, "Shop") for user in (owner, *others)]) == [None] * 4
    slugs = db.session.scalars(select(Project.slug)).all()
    assert len(set(slugs)) == 4
    assert "shop" in slugs


def test_of_two_who_rename_to_one_title_one_succeeds(app: Flask, owner: User) -> None:
    with transaction():
        one, two = (services.create_project(owner, title, Region.GLOBAL) for title in ("One", "Two"))

    outcomes = at_once(app, rename(one.id, "Chat"), rename(two.id, "chat"))

    assert outcomes.count(None) == 1
    assert outcomes.count(services.TitleIsTaken) == 1


def test_no_project_with_an_active_key_is_deleted(app: Flask, project: Project, owner: User) -> None:
    project_id, owner_id = project.id, owner.id

    def add_key() -> None:
        found, by = db.session.get(Project, project_id), db.session.get_one(User, owner_id)
        with suppress(NoResultFound):  # the project was deleted while this waited for its lock
            if found is not None:
                keys.create_key(found, "My Dev Key", Environment.DEVELOPMENT, by=by)

    def delete() -> None:
        services.delete_project(db.session.get_one(Project, project_id), "My Chat App")

    outcomes = at_once(app, add_key, delete)

    assert (outcomes[1] is None) == (db.session.get(Project, project_id) is None)
    assert (db.session.scalar(select(func.count(ApiKey.id))) == 0) == (outcomes[1] is None)


def test_of_two_who_revoke_a_key_the_second_is_told_that_it_is_done(
    app: Flask, project: Project, owner: User, log: Log
) -> None:
    with transaction():
        key, _ = keys.create_key(project, "My Dev Key", Environment.DEVELOPMENT, by=owner)
    key_id = key.id

    outcomes = at_once(
        app, *[lambda n=n: keys.revoke(db.session.get_one(ApiKey, key_id), f"reason {n}") for n in range(2)]
    )

    assert outcomes.count(None) == 1
    assert outcomes.count(keys.KeyIsRevoked) == 1
    assert [event.status for event in log(project.id)[:2]] == [False, True]
    assert verify(db.session.connection(), project.id).is_sound
