"""Every route, every role, one's own project and another's, every method: from the one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from erebus import db
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Region
from erebus.db import transaction
from erebus.permissions import Role
from erebus.trail import open_bursts, read_log
from tests.access.table import PUBLIC, TABLE, USER, Access
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

MEMBERS = {"support": Role.SUPPORT, "developer": Role.DEVELOPER, "admin": Role.ADMIN, "owner": Role.OWNER}
FORM_TOKEN = re.compile(r'name="csrf_token" value="[^"]+"')  # signed with the second that it was made in
VISITORS = ("anonymous", "stranger", "platform-admin", *MEMBERS)


@dataclass(frozen=True)
class Stage:
    project_id: str
    slug: str
    key_id: str
    event_id: str


@pytest.fixture
def stage(app: Flask) -> Stage:
    """A project with a member of each role; the platform's admin and a stranger are none."""
    with app.app_context():
        people = {}
        for name in ("platform-admin", "owner", "admin", "developer", "support", "stranger"):
            draft = accounts.draft_account(name=name.title(), email=f"{name}@example.com", password=PASSWORD)
            with transaction():
                people[name] = accounts.register_user(draft)
        with transaction():
            project = projects.create_project(people["owner"], "Own project", Region.EU)
        for name in ("admin", "developer", "support"):
            with transaction():
                projects.add_member(project, people[name], MEMBERS[name])
        with transaction():
            key, _secret = keys.create_key(project, "Some key", Environment.DEVELOPMENT, by=people["owner"])
        log = read_log(db.session.connection(), project.id)
        assert log is not None
        return Stage(project.id, project.slug, key.id, log.events[0].id)


def allowed(visitor: str, access: Access) -> bool:
    if access.least in {PUBLIC, USER}:
        return access.least == PUBLIC or visitor != "anonymous"
    return visitor in MEMBERS and MEMBERS[visitor].includes(Role(access.least))


def expected(visitor: str, access: Access) -> set[int]:
    """The statuses that fit: a page, a redirect after a form, a form with a message; or a refusal of the right kind."""
    if allowed(visitor, access):
        return {200, 201, 302, 303, 400, 409, 422}
    if visitor == "anonymous":
        return {302}
    return {403} if visitor in MEMBERS else {404}


def failures(app: Flask, stage: Stage) -> int:
    with app.app_context():
        log = read_log(db.session.connection(), stage.project_id)
        assert log is not None
        counted = open_bursts(db.session.connection(), stage.project_id)
        return sum(1 for event in log.events if not event.status) + sum(burst.count for burst in counted)


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    routes = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert {route for route in routes if route[0] not in {"HEAD", "OPTIONS"}} == set(TABLE)


@pytest.mark.parametrize("visitor", VISITORS)
def test_each_visitor_reaches_what_the_table_says_and_nothing_else(
    app: Flask, stage: Stage, sign_in: Callable[[str], FlaskClient], visitor: str
) -> None:
    client = app.test_client() if visitor == "anonymous" else sign_in(f"{visitor}@example.com")
    image = "0" * 64 if visitor == "anonymous" else client.get("/account").text.split("/images/")[1].split(".png")[0]
    for (method, rule), access in TABLE.items():
        if rule in {"/logout", "/signup"} and method == "POST":
            continue  # would end what is being tested
        values = {"<slug>": stage.slug, "<key_id>": stage.key_id, "<event_id>": stage.event_id, "<sha256>": image}
        values |= {"<entity_type>": "api_key", "<entity_id>": stage.key_id}
        address = rule.replace("<path:filename>", "css/tokens.css")
        for part, value in values.items():
            address = address.replace(part, value)
        before = failures(app, stage)

        with client.open(address, method=method, data={} if method == "POST" else None) as answer:
            answer.get_data()

        if image == "0" * 64 and "images" in rule:
            assert answer.status_code == 404
            continue
        assert answer.status_code in expected(visitor, access), (method, rule, answer.status_code)
        if visitor == "anonymous" and access.least != PUBLIC:
            assert answer.location.startswith("/login?next=" if method == "GET" else "/login")
        refused_change = access.change and answer.status_code == 403
        assert failures(app, stage) - before == (1 if refused_change or answer.status_code == 409 else 0), rule


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_project_that_does_not_exist_answers_like_one_of_others(
    stage: Stage, sign_in: Callable[[str], FlaskClient], method: str
) -> None:
    stranger = sign_in("stranger@example.com")
    answers = [stranger.open(f"/projects/{slug}/settings", method=method) for slug in (stage.slug, "no-such-project")]
    assert [a.status_code for a in answers] == [404, 404]
    existing, missing = (FORM_TOKEN.sub("", answer.text) for answer in answers)
    assert existing.replace(stage.slug, "") == missing.replace("no-such-project", "")


def test_head_and_options_ask_for_no_more_than_get_does(stage: Stage, app: Flask) -> None:
    client = app.test_client()
    assert client.head(f"/projects/{stage.slug}").status_code == 302
    assert client.options(f"/projects/{stage.slug}").status_code == 200
    assert client.options(f"/projects/{stage.slug}").data == b""
