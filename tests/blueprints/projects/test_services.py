"""The rules of projects, and what the log says of each change and each refusal."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import ApiKey, Environment, KeyStatus
from erebus.blueprints.projects import services
from erebus.blueprints.projects.models import Membership, Project, ProjectStatus, Region, Slug
from erebus.db import db, transaction
from erebus.permissions import Role
from erebus.trail import AuditEvent
from tests.blueprints.people import register
from tests.blueprints.projects.conftest import Attempt

Log = Callable[[str], list[AuditEvent]]
Try = Callable[[Callable[[], object]], Attempt]


def test_a_new_project_is_active_and_its_owner_is_a_member(owner: User, log: Log) -> None:
    with transaction():
        project = services.create_project(owner, "My Chat App", Region.EU)

    assert project.id.startswith("proj_")
    assert (project.slug, project.region, project.status) == ("my-chat-app", Region.EU, ProjectStatus.ACTIVE)
    assert [(m.user_id, m.role) for m in project.memberships] == [(owner.id, Role.OWNER)]
    assert [(e.action, e.action_description, e.description) for e in reversed(log(project.id))] == [
        ("create", "Created new project", "Created project 'My Chat App' in region eu"),
        ("create", "Added member", "Added 'Owner' as owner to project 'My Chat App'"),
    ]


@pytest.mark.parametrize("title", ["My Chat App", "my chat app", "MY  CHAT APP"])
def test_a_title_is_unique_in_its_owners_account(project: Project, attempt: Try, log: Log, title: str) -> None:
    tried = attempt(lambda: services.create_project(project.owner, title, Region.GLOBAL))

    assert isinstance(tried.refused, services.TitleIsTaken)
    assert tried.refused.field == "title"
    event = log("platform")[0]
    assert (event.status, event.action_description) == (False, "Created new project")
    assert event.description.startswith(
        "Tried to create project 'my" if title[0] == "m" else "Tried to create project 'M"
    )
    assert event.description.endswith(
        "Not done: The owner's account already has a project named 'My Chat App'. Choose another name."
    )


def test_titles_that_are_written_in_two_ways_are_one(owner: User, attempt: Try) -> None:
    attempt(lambda: services.create_project(owner, unicodedata.normalize("NFC", "Café"), Region.GLOBAL))
    tried = attempt(lambda: services.create_project(owner, unicodedata.normalize("NFD", "CAFÉ"), Region.GLOBAL))

    assert isinstance(tried.refused, services.TitleIsTaken)


def test_two_accounts_may_use_one_title_and_get_two_slugs(project: Project, attempt: Try) -> None:
    other = register("other")
    made = attempt(lambda: services.create_project(other, "My Chat App", Region.GLOBAL)).result

    assert isinstance(made, Project)
    assert made.slug != project.slug


def test_an_account_owns_at_most_50_projects(owner: User, attempt: Try, log: Log) -> None:
    with transaction():
        for number in range(50):
            services.create_project(owner, f"Project {number}", Region.GLOBAL)

    tried = attempt(lambda: services.create_project(owner, "One more", Region.GLOBAL))

    assert isinstance(tried.refused, services.TooManyProjects)
    assert log("platform")[0].description == (
        "Tried to create project 'One more' in region global. Not done: An account can own 50 projects, and this one"
        " does. Delete one that is not needed first."
    )
    assert db.session.scalar(select(func.count(Project.id))) == 50


def test_renaming_keeps_the_slug(project: Project, attempt: Try, log: Log) -> None:
    attempt(lambda: services.rename(project, "Chat"))

    assert (project.title, project.slug) == ("Chat", "my-chat-app")
    event = log(project.id)[0]
    assert (event.action_description, event.description) == (
        "Updated project settings",
        "Updated settings of project 'My Chat App': name 'My Chat App' → 'Chat'",
    )


def test_a_title_can_be_written_otherwise(project: Project, attempt: Try) -> None:
    assert attempt(lambda: services.rename(project, "my chat app")).refused is None
    assert project.title == "my chat app"


def test_a_title_cannot_be_changed_to_a_taken_one(project: Project, attempt: Try, log: Log) -> None:
    attempt(lambda: services.create_project(project.owner, "Shop", Region.GLOBAL))
    tried = attempt(lambda: services.rename(project, "SHOP"))

    assert isinstance(tried.refused, services.TitleIsTaken)
    assert project.title == "My Chat App"
    event = log(project.id)[0]
    assert not event.status
    assert event.changes == ({"field": "title", "name": "name", "before": "My Chat App", "after": "SHOP"},)


def test_a_webhook_url_is_set_and_removed_and_shown_whole(project: Project, attempt: Try, log: Log) -> None:
    attempt(lambda: services.set_webhook_url(project, "https://hooks.example.com"))
    attempt(lambda: services.set_webhook_url(project, ""))

    assert project.webhook_url is None
    assert [event.description for event in log(project.id)[:2]] == [
        "Updated settings of project 'My Chat App': webhook URL 'https://hooks.example.com' → none",
        "Updated settings of project 'My Chat App': webhook URL none → 'https://hooks.example.com'",
    ]


def test_a_wrong_webhook_url_is_refused_and_its_credentials_are_not_kept(
    project: Project, attempt: Try, log: Log
) -> None:
    tried = attempt(lambda: services.set_webhook_url(project, "https://me:hunter2@example.com"))

    assert isinstance(tried.refused, services.WebhookUrlIsNotAllowed)
    event = log(project.id)[0]
    assert not event.status
    assert "'https://…@example.com'" in event.description
    assert "hunter2" not in repr(event)


@pytest.mark.parametrize("status", ["archived", "maintenance"])
def test_a_status_is_changed_and_changed_back(project: Project, attempt: Try, log: Log, status: str) -> None:
    attempt(lambda: services.change_status(project, ProjectStatus(status)))
    attempt(lambda: services.change_status(project, ProjectStatus.ACTIVE))

    assert [(event.action_description, event.description) for event in log(project.id)[:2]] == [
        ("Updated project status", f"Changed status of project 'My Chat App': {status} → active"),
        ("Updated project status", f"Changed status of project 'My Chat App': active → {status}"),
    ]


def test_an_archived_project_changes_nothing_but_its_status(project: Project, attempt: Try, log: Log) -> None:
    attempt(lambda: services.set_webhook_url(project, "https://hooks.example.com"))
    attempt(lambda: services.change_status(project, ProjectStatus.ARCHIVED))
    before, stranger = len(log(project.id)), register("stranger")

    for change in (
        lambda: services.rename(project, "Chat"),
        lambda: services.set_webhook_url(project, ""),
        lambda: services.set_webhook_url(project, "https://other.example.com"),
        lambda: services.add_member(project, stranger, Role.ADMIN),
    ):
        assert isinstance(attempt(change).refused, services.ProjectIsArchived)

    events = log(project.id)
    assert len(events) == before + 4
    assert not any(event.status for event in events[:4])
    assert attempt(lambda: services.change_status(project, ProjectStatus.ACTIVE)).refused is None


def test_a_project_in_maintenance_can_be_changed(project: Project, attempt: Try) -> None:
    attempt(lambda: services.change_status(project, ProjectStatus.MAINTENANCE))

    assert attempt(lambda: services.rename(project, "Chat")).refused is None


def test_the_same_value_again_is_no_change_and_no_event(project: Project, attempt: Try, log: Log) -> None:
    before = len(log(project.id))

    attempt(lambda: services.rename(project, "My Chat App"))
    attempt(lambda: services.set_webhook_url(project, "  "))
    attempt(lambda: services.change_status(project, ProjectStatus.ACTIVE))

    assert len(log(project.id)) == before


def test_one_transaction_is_one_event_called_by_the_most_telling_part(project: Project, attempt: Try, log: Log) -> None:
    def change() -> None:
        services.rename(project, "Chat")
        services.set_webhook_url(project, "https://hooks.example.com")
        services.change_status(project, ProjectStatus.ARCHIVED)

    before = len(log(project.id))
    attempt(change)

    event, *earlier = log(project.id)
    assert len(earlier) == before
    assert (event.action_description, event.description) == (
        "Updated project status",
        (
            "Changed status of project 'My Chat App': active → archived; name 'My Chat App' → 'Chat';"
            " webhook URL none → 'https://hooks.example.com'"
        ),
    )


def test_deleting_takes_keys_and_memberships_along_each_with_a_line_before_the_projects_own(
    project: Project, owner: User, attempt: Try, log: Log
) -> None:
    made = [
        attempt(lambda n=n: keys.create_key(project, f"Key {n}", Environment.PRODUCTION, by=owner)).result[0]
        for n in range(2)
    ]
    attempt(lambda: keys.disable(made[0]))
    attempt(lambda: keys.revoke(made[1], "leaked"))
    project_id, before = project.id, len(log(project.id))

    assert attempt(lambda: services.delete_project(project, "My Chat App")).refused is None

    events = log(project_id)
    told = [event.entity_type for event in reversed(events[: len(events) - before])]
    assert sorted(told[:-1]) == ["api_key"] * 2 + ["member"] * 4
    assert told[-1] == "project"
    assert (events[0].action_description, events[0].description) == ("Deleted project", "Deleted project 'My Chat App'")
    assert {event.action for event in events[:7]} == {"delete"}
    for model in (Project, Membership, ApiKey):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    assert db.session.scalar(select(Slug.slug)) == "my-chat-app"


def test_deleting_is_refused_while_a_key_is_active(project: Project, owner: User, attempt: Try, log: Log) -> None:
    attempt(lambda: keys.create_key(project, "My Dev Key", Environment.DEVELOPMENT, by=owner))
    tried = attempt(lambda: services.delete_project(project, "My Chat App"))

    assert isinstance(tried.refused, services.ProjectHasActiveKeys)
    event = log(project.id)[0]
    assert (event.action, event.action_description, event.status) == ("delete", "Deleted project", False)
    assert event.description == (
        "Tried to delete project 'My Chat App'. Not done: The project has 1 active key, to be disabled or revoked"
        " first. Then it can be deleted."
    )


@pytest.mark.parametrize("is_archived", [False, True])
def test_deleting_is_refused_while_there_is_a_webhook_url(project: Project, attempt: Try, is_archived: bool) -> None:
    attempt(lambda: services.set_webhook_url(project, "https://hooks.example.com"))
    if is_archived:
        attempt(lambda: services.change_status(project, ProjectStatus.ARCHIVED))
    tried = attempt(lambda: services.delete_project(project, "My Chat App"))

    assert isinstance(tried.refused, services.ProjectHasWebhookUrl)
    assert ("Set its status to active" in tried.refused.reason) == is_archived


@pytest.mark.parametrize("typed", ["", "My Chat", "hunter2"])
def test_a_mistyped_confirmation_is_a_failure_that_does_not_hold_what_was_typed(
    project: Project, attempt: Try, log: Log, typed: str
) -> None:
    tried = attempt(lambda: services.delete_project(project, typed))

    assert isinstance(tried.refused, services.ConfirmationIsWrong)
    event = log(project.id)[0]
    assert not event.status
    assert "hunter2" not in repr(event)


def test_an_archived_project_can_be_deleted(project: Project, attempt: Try) -> None:
    attempt(lambda: services.change_status(project, ProjectStatus.ARCHIVED))

    assert attempt(lambda: services.delete_project(project, "my chat app ")).refused is None


def test_a_deleted_projects_slug_is_not_given_again_and_its_title_is_free(project: Project, attempt: Try) -> None:
    owner = project.owner
    attempt(lambda: services.delete_project(project, "My Chat App"))
    made = attempt(lambda: services.create_project(owner, "My Chat App", Region.GLOBAL)).result

    assert isinstance(made, Project)
    assert made.slug.startswith("my-chat-app-")


def test_a_member_is_added_once_and_never_as_a_second_owner(project: Project, attempt: Try, log: Log) -> None:
    other = register("other")
    attempt(lambda: services.add_member(project, other, Role.ADMIN))

    assert isinstance(attempt(lambda: services.add_member(project, other, Role.ADMIN)).refused, services.AlreadyMember)
    third = register("third")
    tried = attempt(lambda: services.add_member(project, third, Role.OWNER))
    assert isinstance(tried.refused, services.ProjectHasAnOwner)
    assert [event.description for event in log(project.id)[:3]] == [
        (
            "Tried to add 'Third' as owner to project 'My Chat App'. Not done: A project has exactly one owner. Choose"
            " another role."
        ),
        "Tried to add 'Other' as admin to project 'My Chat App'. Not done: Other is a member already.",
        "Added 'Other' as admin to project 'My Chat App'",
    ]


def test_key_states_are_all_there_are() -> None:
    assert [status.value for status in KeyStatus] == ["active", "disabled", "revoked"]
