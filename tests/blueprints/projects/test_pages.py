"""The pages of projects: what each shows to whom, and what its forms answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects import services
from erebus.blueprints.projects.models import Project, ProjectStatus, Region
from erebus.db import db, transaction
from erebus.trail import AuditEvent
from tests.blueprints.people import register

SignIn = Callable[[str], FlaskClient]
Log = Callable[[str], list[AuditEvent]]
SECRET = "sk-er-" + "aB3" * 16
BAD_NAMES = [
    ("", "A project needs a name."),
    ("ab", "3 to 100 characters"),
    ("a" * 101, "3 to 100 characters"),
    ("Shop\0", "cannot be seen"),
    ("Sh\u202eop", "cannot be seen"),
    ("Sh\nop", "cannot be seen"),
    ("\u200d\u200d\u200d", "cannot be seen"),
    ("\u3164\u3164\u3164", "cannot be seen"),
    ("Shop \ufffd", "did not arrive as they were typed"),
    (f"Shop {SECRET}", "Leave the secret out"),
]


@pytest.fixture
def visitor(project: Project, sign_in: SignIn) -> FlaskClient:
    """The owner's browser."""
    return sign_in("owner@example.com")


def text(answer: object) -> str:
    return unescape(answer.text)  # type: ignore[attr-defined]


def switch(html: str) -> str:
    """The menu of projects in the top bar."""
    return html.partition('<details class="menu switch">')[2].partition("</details>")[0]


# The list


def test_somebody_without_projects_is_told_what_to_do(owner: User, sign_in: SignIn) -> None:
    page = sign_in("owner@example.com").get("/projects")

    assert page.status_code == 200
    assert "No projects yet" in page.text
    assert "Create new project" in page.text


def test_the_list_shows_the_projects_that_one_is_a_member_of(project: Project, sign_in: SignIn) -> None:
    stranger = register("stranger")
    with transaction():
        services.create_project(stranger, "Elsewhere", Region.GLOBAL)

    page = sign_in("support@example.com").get("/projects")

    assert "My Chat App" in page.text
    assert "you are support" in page.text
    assert "4 members" in page.text
    assert "Elsewhere" not in page.text


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("chat", True),
        ("x" * 60_000, False),
        ("CHAT app", True),
        ("", True),
        ("zzz", False),
        ("%", False),
        ("_", False),
        ("<b>", False),
    ],
)
def test_the_list_is_searched_by_name(visitor: FlaskClient, asked: str, is_found: bool) -> None:
    page = visitor.get("/projects", query_string={"q": asked})

    assert page.status_code == 200
    assert ('class="card-link" href="/projects/my-chat-app"' in page.text) == is_found
    assert "<b>”" not in page.text


def test_every_page_leads_to_the_readers_projects_the_current_one_first_and_marked(
    project: Project, sign_in: SignIn
) -> None:
    stranger, owner = register("stranger"), project.owner
    with transaction():
        services.create_project(owner, "A Shop", Region.GLOBAL)
        services.create_project(stranger, "Elsewhere", Region.GLOBAL)

    menu = switch(sign_in("owner@example.com").get("/projects/my-chat-app/settings").text)

    assert re.findall(r'href="/projects/([\w-]+)"\s*(aria-current="true")?', menu) == [
        ("my-chat-app", 'aria-current="true"'),
        ("a-shop", ""),
        ("new", ""),
    ]


def test_somebody_without_projects_finds_none_in_the_menu(owner: User, sign_in: SignIn) -> None:
    assert "You are in no project yet" in switch(sign_in("owner@example.com").get("/account").text)


def test_the_list_has_no_second_search(visitor: FlaskClient) -> None:
    assert visitor.get("/projects").text.count('type="search"') == 1
    assert visitor.get("/account").text.count('type="search"') == 1


# Creating


def test_a_created_project_is_shown(owner: User, sign_in: SignIn) -> None:
    visitor = sign_in("owner@example.com")
    answer = visitor.post("/projects/new", data={"title": "  My Chat App ", "region": "eu"})

    assert (answer.status_code, answer.location) == (302, "/projects/my-chat-app")
    page = visitor.get(answer.location)
    assert "Project 'My Chat App' created." in text(page)
    assert "Created project 'My Chat App' in region eu" in text(page)


@pytest.mark.parametrize(("title", "message"), BAD_NAMES)
def test_a_name_that_cannot_be_is_told_at_its_field(visitor: FlaskClient, log: Log, title: str, message: str) -> None:
    answer = visitor.post("/projects/new", data={"title": title, "region": "global"})

    assert answer.status_code == 422
    assert message in text(answer)
    assert 'aria-invalid="true"' in answer.text
    assert all(event.status for event in log("platform"))


def test_an_unknown_region_is_told_at_its_field(visitor: FlaskClient) -> None:
    answer = visitor.post("/projects/new", data={"title": "Shop", "region": "mars"})

    assert answer.status_code == 422
    assert "There is no such region." in answer.text
    assert 'value="Shop"' in answer.text


def test_a_taken_name_is_refused_at_its_field_and_logged(visitor: FlaskClient, owner: User, log: Log) -> None:
    answer = visitor.post("/projects/new", data={"title": "my chat app", "region": "global"})

    assert answer.status_code == 409
    assert "already has a project named 'My Chat App'" in text(answer)
    event = log("platform")[0]
    assert (event.status, event.actor_id) == (False, owner.id)


def test_markup_is_data(visitor: FlaskClient) -> None:
    answer = visitor.post("/projects/new", data={"title": "<script>alert(1)</script>", "region": "global"})
    page = visitor.get(answer.location)

    assert "<script>alert" not in page.text
    assert "<script>alert(1)</script>" in text(page)


def test_a_name_taken_past_the_services_is_refused_in_the_same_words(
    visitor: FlaskClient, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule has looked too early, say: the constraint behind it says the same."""
    monkeypatch.setattr(services, "_check_title", lambda *_args, **_options: None)
    answer = visitor.post("/projects/new", data={"title": "my chat app", "region": "global"})

    assert answer.status_code == 409
    assert "already has a project named 'my chat app'" in text(answer)
    failures = [event for event in log("platform") if not event.status]
    assert [event.action_description for event in failures] == ["Created new project"]
    assert failures[0].reason == services.taken_title("my chat app")


# The overview


def test_the_overview_counts_keys_and_shows_what_happened_last(
    visitor: FlaskClient, project: Project, owner: User
) -> None:
    with transaction():
        for number in range(3):
            keys.create_key(project, f"Key {number}", Environment.PRODUCTION, by=owner)

    page = visitor.get("/projects/my-chat-app")

    assert 'aria-label="3 active keys"' in page.text
    assert "Created production API key 'Key 2' for project 'My Chat App'" in text(page)
    assert project.id in page.text
    assert "Create new key" in page.text


def test_the_overview_offers_support_nothing_to_change(project: Project, sign_in: SignIn) -> None:
    page = sign_in("support@example.com").get("/projects/my-chat-app")

    assert page.status_code == 200
    assert "Create new key" not in page.text
    assert "/keys" not in page.text
    assert "/settings" not in page.text


# Members


def test_members_are_listed_with_their_roles(visitor: FlaskClient) -> None:
    page = visitor.get("/projects/my-chat-app/members")

    names = ["Owner", "Admin", "Developer", "Support"]
    places = [page.text.index(f"<b>{name}</b>") for name in names]
    assert places == sorted(places)
    assert "support@example.com" in page.text


def test_members_see_what_each_role_may_do_the_greatest_first(visitor: FlaskClient) -> None:
    page = visitor.get("/projects/my-chat-app/members")

    told = dict(re.findall(r"<dt>(\w+)</dt><dd>(.*?)</dd>", page.text))
    assert list(told) == ["owner", "admin", "developer", "support"]
    assert told["owner"] == "delete the project"
    assert "export the audit log as a file" in told["admin"]
    assert "create API keys" in told["developer"]
    assert "read the audit log; see the records of events" in told["support"]


# Settings


@pytest.mark.parametrize(
    ("typed", "attribute", "value"),
    [
        ({"title": "Chat"}, "title", "Chat"),
        ({"webhook_url": "https://hooks.example.com"}, "webhook_url", "https://hooks.example.com"),
        ({"status": "archived"}, "status", ProjectStatus.ARCHIVED),
    ],
)
def test_a_setting_is_changed_by_its_own_form(
    visitor: FlaskClient, project: Project, typed: dict[str, str], attribute: str, value: object
) -> None:
    answer = visitor.post("/projects/my-chat-app/settings", data=typed)

    assert (answer.status_code, answer.location) == (302, "/projects/my-chat-app/settings")
    db.session.expire_all()
    db.session.rollback()
    assert getattr(project, attribute) == value


@pytest.mark.parametrize(
    ("typed", "status", "message"),
    [
        ({"title": "ab"}, 422, "3 to 100 characters"),
        ({"webhook_url": "https://example.com/path"}, 409, "must have no path"),
        ({"webhook_url": f"https://{'a' * 300}.example"}, 422, "at most 261"),
        ({"status": "sleeping"}, 422, "There is no such status."),
        ({}, 422, "There is no such status."),
    ],
)
def test_a_wrong_setting_is_told_at_its_field_and_nothing_typed_is_lost(
    visitor: FlaskClient, typed: dict[str, str], status: int, message: str
) -> None:
    answer = visitor.post("/projects/my-chat-app/settings", data=typed)

    assert answer.status_code == status
    assert message in text(answer)
    assert all(f'value="{value}"' in answer.text for name, value in typed.items() if name != "status")


def test_the_settings_of_an_archived_project_are_read_only_but_for_the_status(visitor: FlaskClient) -> None:
    visitor.post("/projects/my-chat-app/settings", data={"status": "archived"})
    page = visitor.get("/projects/my-chat-app/settings")

    assert "Update Project Name" not in page.text
    assert "Update Webhook URL" not in page.text
    assert "Update Status" in page.text
    answer = visitor.post("/projects/my-chat-app/settings", data={"title": "Chat"})
    assert answer.status_code == 409
    assert "The project is archived" in answer.text


def test_nobody_is_told_that_webhooks_are_sent(visitor: FlaskClient) -> None:
    assert "Nothing is sent yet." in visitor.get("/projects/my-chat-app/settings").text


def test_an_admin_sees_why_the_project_cannot_be_deleted(project: Project, sign_in: SignIn) -> None:
    page = sign_in("admin@example.com").get("/projects/my-chat-app/settings")

    assert "Only the owner, Owner, can delete the project." in page.text
    assert "/projects/my-chat-app/delete" not in page.text


# Deleting


def test_a_deletion_is_confirmed_by_the_name(visitor: FlaskClient) -> None:
    answer = visitor.post("/projects/my-chat-app/delete", data={"confirmation": "My Chat App"})

    assert (answer.status_code, answer.location) == (302, "/projects")
    assert "Project 'My Chat App' deleted." in text(visitor.get("/projects"))
    assert visitor.get("/projects/my-chat-app").status_code == 404


@pytest.mark.parametrize("data", [{"confirmation": "hunter2"}, {}, {"confirmation": "\0\u202e"}])
def test_every_mistyped_confirmation_is_logged(
    visitor: FlaskClient, project: Project, log: Log, data: dict[str, str]
) -> None:
    before = len(log(project.id))
    answer = visitor.post("/projects/my-chat-app/delete", data=data)

    assert answer.status_code == 409
    assert "The name typed to confirm is not the project's." in text(answer)
    assert len(log(project.id)) == before + 1
    assert "hunter2" not in repr(log(project.id))


def test_the_page_says_what_stands_against_a_deletion(visitor: FlaskClient, project: Project, owner: User) -> None:
    with transaction():
        keys.create_key(project, "My Dev Key", Environment.DEVELOPMENT, by=owner)
        services.set_webhook_url(project, "https://hooks.example.com")

    page = visitor.get("/projects/my-chat-app/delete")
    assert "It cannot be deleted yet" in page.text
    assert "1 active key" in page.text
    assert "https://hooks.example.com" in page.text
    assert visitor.post("/projects/my-chat-app/delete", data={"confirmation": "My Chat App"}).status_code == 409


# Who may


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("support", {"title": "Mine"}, "name 'My Chat App' → 'Mine'"),
        ("support", {"title": SECRET}, "name 'My Chat App' → 'sk-er-…3aB3'"),
        ("support", {"webhook_url": f"https://{SECRET}.a.example"}, "webhook URL none → 'https://…'"),
        ("support", {"webhook_url": "https://a.example/x/hunter2"}, "webhook URL none → 'https://a.example…'"),
        ("developer", {"status": "archived"}, "active → archived"),
        ("developer", {"webhook_url": "https://me:hunter2@a.example"}, "webhook URL none → 'https://…@a.example'"),
    ],
)
def test_an_attempt_without_the_role_is_403_and_a_failure_in_the_log(
    project: Project, sign_in: SignIn, log: Log, name: str, data: dict[str, str], told: str
) -> None:
    answer = sign_in(f"{name}@example.com").post("/projects/my-chat-app/settings", data=data)

    assert answer.status_code == 403
    event = log(project.id)[0]
    assert (event.status, event.actor_name) == (False, name.title())
    assert told in event.description
    assert "Not done: This takes the role admin or owner." in event.description
    assert "hunter2" not in repr(event)


@pytest.mark.parametrize("name", ["admin", "developer", "support"])
def test_only_the_owner_can_try_to_delete(project: Project, sign_in: SignIn, log: Log, name: str) -> None:
    visitor = sign_in(f"{name}@example.com")

    assert visitor.get("/projects/my-chat-app/delete").status_code == 403
    assert visitor.post("/projects/my-chat-app/delete", data={"confirmation": "My Chat App"}).status_code == 403
    event = log(project.id)[0]
    assert (event.action_description, event.status) == ("Deleted project", False)


def test_a_project_of_others_is_not_there(project: Project, sign_in: SignIn, app: Flask) -> None:
    register("stranger")
    visitor = sign_in("stranger@example.com")

    for path in ("", "/members", "/settings", "/delete", "/keys"):
        assert visitor.get(f"/projects/my-chat-app{path}").status_code == 404
