"""The rules of keys, and what the log says of each change and each refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect, text

from erebus import clock
from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import secret as secrets
from erebus.blueprints.keys import services
from erebus.blueprints.keys.models import ApiKey, Environment, KeyStatus
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, ProjectStatus
from erebus.db import db, transaction
from erebus.trail import AuditEvent
from tests.blueprints.projects.conftest import Attempt

MOMENT = datetime(2026, 11, 28, 12, tzinfo=UTC)
Log = Callable[[str], list[AuditEvent]]
Try = Callable[[Callable[[], object]], Attempt]


def revoked(key: ApiKey) -> ApiKey:
    with transaction():
        services.revoke(key, "leaked in a gist")
    return key


def archived(project: Project) -> None:
    with transaction():
        projects.change_status(project, ProjectStatus.ARCHIVED)


@pytest.mark.parametrize(("environment", "prefix"), [("development", "dv-er-"), ("production", "sk-er-")])
def test_a_new_key_is_active_and_told_with_environment_label_and_project(
    project: Project, owner: User, log: Log, environment: str, prefix: str
) -> None:
    with transaction():
        key, secret = services.create_key(project, "My Dev Key", Environment(environment), by=owner)

    assert key.id.startswith("key_")
    assert (key.status, key.prefix, key.last_four) == (KeyStatus.ACTIVE, prefix, secret[-4:])
    assert secrets.matches(secret, key.digest)
    event = log(project.id)[0]
    assert (event.action, event.action_description, event.entity_type) == ("create", "Generated new API key", "api_key")
    assert event.description == f"Created {environment} API key 'My Dev Key' for project 'My Chat App'"


def test_no_secret_is_anywhere_in_the_database(project: Project, owner: User) -> None:
    with transaction():
        _key, secret = services.create_key(project, "My Dev Key", Environment.PRODUCTION, by=owner)

    tables = inspect(db.engine).get_table_names()
    assert {"api_keys", "audit_events"} <= set(tables)
    kept = "".join(repr(db.session.execute(text(f"SELECT * FROM {table}")).all()) for table in tables)
    assert secret[-4:] in kept
    assert secret[6:-4] not in kept


def test_the_log_says_that_there_is_a_secret_and_not_what(key: ApiKey, log: Log) -> None:
    changes = {change["field"]: change for change in log(key.project_id)[0].changes}

    assert changes["digest"] == {"field": "digest", "name": "secret", "hidden": "secret"}
    assert changes["last_four"]["after"] == key.last_four


def test_a_label_is_changed_from_old_to_new(key: ApiKey, attempt: Try, log: Log) -> None:
    attempt(lambda: services.change_label(key, "Billing worker"))

    event = log(key.project_id)[0]
    assert (event.action_description, event.description) == (
        "Updated API key",
        "Renamed development API key 'My Dev Key' to 'Billing worker'",
    )


def test_disabling_and_enabling_tell_the_direction(key: ApiKey, attempt: Try, log: Log) -> None:
    attempt(lambda: services.disable(key))
    attempt(lambda: services.enable(key))

    assert key.is_active
    assert [(event.action_description, event.description) for event in log(key.project_id)[:2]] == [
        ("Updated API key status", "Enabled development API key 'My Dev Key': disabled → active"),
        ("Updated API key status", "Disabled development API key 'My Dev Key': active → disabled"),
    ]


@pytest.mark.parametrize("is_disabled", [False, True])
def test_revoking_tells_which_key_and_why(key: ApiKey, attempt: Try, log: Log, is_disabled: bool) -> None:
    if is_disabled:
        attempt(lambda: services.disable(key))
    attempt(lambda: services.revoke(key, "leaked in a gist"))

    assert (key.status, key.revoked_reason) == (KeyStatus.REVOKED, "leaked in a gist")
    event = log(key.project_id)[0]
    assert (event.action_description, event.reason) == ("Revoked API key", "leaked in a gist")
    assert event.description == "Revoked development API key 'My Dev Key', giving the reason 'leaked in a gist'"


@pytest.mark.parametrize("reason", ["", "   "])
def test_revoking_asks_for_a_reason(key: ApiKey, attempt: Try, reason: str) -> None:
    tried = attempt(lambda: services.revoke(key, reason))

    assert isinstance(tried.refused, services.RevocationNeedsReason)
    assert tried.refused.field == "reason"
    assert key.is_active


def test_the_same_value_again_is_no_change_and_no_event(key: ApiKey, attempt: Try, log: Log) -> None:
    before = len(log(key.project_id))
    attempt(lambda: services.change_label(key, "My Dev Key"))
    attempt(lambda: services.enable(key))
    assert len(log(key.project_id)) == before

    attempt(lambda: services.disable(key))
    attempt(lambda: services.disable(key))
    assert len(log(key.project_id)) == before + 1


def test_two_changes_in_one_transaction_are_one_event_called_by_the_most_telling(
    key: ApiKey, attempt: Try, log: Log
) -> None:
    def change() -> None:
        services.change_label(key, "Old worker")
        services.revoke(key, "replaced")

    attempt(change)

    event = log(key.project_id)[0]
    assert (event.action_description, event.description) == (
        "Revoked API key",
        "Revoked development API key 'Old worker', giving the reason 'replaced'; label 'My Dev Key' → 'Old worker'",
    )


def test_the_label_of_a_disabled_key_cannot_be_changed(key: ApiKey, attempt: Try, log: Log) -> None:
    attempt(lambda: services.disable(key))
    tried = attempt(lambda: services.change_label(key, "Billing worker"))

    assert isinstance(tried.refused, services.KeyIsDisabled)
    event = log(key.project_id)[0]
    assert (event.action_description, event.status) == ("Updated API key", False)
    assert event.description == (
        "Tried to rename development API key 'My Dev Key' to 'Billing worker'. Not done: The label of a disabled key"
        " cannot be changed. Enable the key first."
    )


@pytest.mark.parametrize(
    ("change", "called", "told"),
    [
        (lambda key: services.change_label(key, "Other"), "Updated API key", "rename development API key 'My Dev Key'"),
        (services.enable, "Updated API key status", "enable development API key 'My Dev Key': revoked → active"),
        (services.disable, "Updated API key status", "disable development API key 'My Dev Key': revoked → disabled"),
        (lambda key: services.revoke(key, "again"), "Revoked API key", "giving the reason 'again'"),
    ],
)
def test_a_revoked_key_cannot_be_changed_at_all(
    key: ApiKey, attempt: Try, log: Log, change: Callable[[ApiKey], None], called: str, told: str
) -> None:
    revoked(key)
    tried = attempt(lambda: change(key))

    assert isinstance(tried.refused, services.KeyIsRevoked)
    assert "Create a new key instead." in tried.refused.reason
    assert key.revoked_reason == "leaked in a gist"
    event = log(key.project_id)[0]
    assert (event.action_description, event.status) == (called, False)
    assert event.description.startswith("Tried to ")
    assert told in event.description


@pytest.mark.parametrize("is_disabled", [False, True])
def test_only_a_revoked_key_can_be_deleted(key: ApiKey, attempt: Try, log: Log, is_disabled: bool) -> None:
    if is_disabled:
        attempt(lambda: services.disable(key))
    tried = attempt(lambda: services.delete_key(key))

    assert isinstance(tried.refused, services.KeyIsNotRevoked)
    event = log(key.project_id)[0]
    assert (event.action, event.action_description, event.status) == ("delete", "Deleted API key", False)


def test_a_revoked_key_can_be_deleted_and_its_reason_is_not_the_deletions(key: ApiKey, attempt: Try, log: Log) -> None:
    project_id = key.project_id
    attempt(lambda: services.delete_key(revoked(key)))

    event = log(project_id)[0]
    assert (event.description, event.reason) == ("Deleted development API key 'My Dev Key'", None)
    assert db.session.get(ApiKey, event.entity_id) is None


def test_in_an_archived_project_keys_can_be_disabled_and_revoked_and_nothing_else(
    key: ApiKey, owner: User, attempt: Try, log: Log
) -> None:
    project = key.project
    archived(project)
    before = len(log(project.id))

    assert attempt(lambda: services.disable(key)).refused is None
    refused = [
        attempt(lambda: services.enable(key)),
        attempt(lambda: services.create_key(project, "Another", Environment.PRODUCTION, by=owner)),
    ]
    assert attempt(lambda: services.revoke(key, "not needed")).refused is None
    refused.append(attempt(lambda: services.delete_key(key)))

    assert [type(tried.refused) for tried in refused] == [services.ProjectIsArchived] * 3
    assert len(log(project.id)) == before + 5


def test_the_label_of_an_active_key_cannot_be_changed_in_an_archived_project(key: ApiKey, attempt: Try) -> None:
    archived(key.project)

    tried = attempt(lambda: services.change_label(key, "Another"))
    assert isinstance(tried.refused, services.ProjectIsArchived)


def test_a_refused_creation_is_told_as_what_was_tried(project: Project, owner: User, attempt: Try, log: Log) -> None:
    archived(project)
    attempt(lambda: services.create_key(project, "Another", Environment.PRODUCTION, by=owner))

    event = log(project.id)[0]
    assert (event.action_description, event.entity_label, event.status) == ("Generated new API key", "Another", False)
    assert event.description.startswith("Tried to create production API key 'Another' for project 'My Chat App'. Not")


@pytest.mark.parametrize(("days", "is_dormant"), [(89, False), (91, True)])
def test_a_key_unused_for_90_days_is_dormant(key: ApiKey, days: int, is_dormant: bool) -> None:
    with clock.at(key.created_at + timedelta(days=days)):
        assert key.is_dormant(90) == is_dormant


def test_use_ends_dormancy_and_is_no_event(key: ApiKey, log: Log) -> None:
    before, later = len(log(key.project_id)), key.created_at + timedelta(days=100)
    with transaction():
        key.last_used_at = later

    with clock.at(later + timedelta(days=1)):
        assert not key.is_dormant(90)
    assert len(log(key.project_id)) == before


def test_a_revoked_key_is_not_dormant_for_it_cannot_be_used(key: ApiKey) -> None:
    with clock.at(revoked(key).created_at + timedelta(days=100)):
        assert not key.is_dormant(90)


def test_a_label_in_use_is_refused_until_its_key_is_revoked(
    project: Project, key: ApiKey, owner: User, log: Log
) -> None:
    def create() -> ApiKey:
        with transaction():
            return services.create_key(project, "My Dev Key", Environment.PRODUCTION, by=owner)[0]

    with pytest.raises(services.LabelIsTaken, match="already has a key labelled 'My Dev Key'"):
        create()
    assert [(e.status, e.action_description) for e in log(project.id)[:1]] == [(False, "Generated new API key")]

    revoked(key)
    other = create()
    with transaction():
        third, _secret = services.create_key(project, "Third", Environment.PRODUCTION, by=owner)
    with pytest.raises(services.LabelIsTaken), transaction():
        services.change_label(third, other.label)


def test_a_label_taken_past_the_services_is_refused_in_the_same_words(project: Project, key: ApiKey, log: Log) -> None:
    with transaction():
        other, _secret = services.create_key(project, "Other", Environment.PRODUCTION, by=project.owner)

    with pytest.raises(services.LabelIsTaken) as refused, transaction():
        other.label = key.label

    assert str(refused.value) == services.taken_label(key.label)
    event = log(project.id)[0]
    assert (event.status, event.entity_id, event.reason) == (False, other.id, services.taken_label(key.label))
    assert {c["field"]: (c["before"], c["after"]) for c in event.changes} == {"label": ("Other", "My Dev Key")}


def test_a_key_counts_how_often_its_status_changed_and_no_event_tells_of_that(
    key: ApiKey, attempt: Try, log: Log
) -> None:
    assert key.status_changes == 0

    for change in (services.disable, services.disable, services.enable, services.enable, revoked, services.disable):
        attempt(lambda change=change: change(key))

    assert (key.status_changes, key.status_counted_since) == (3, None)
    told = {change["field"] for event in log(key.project_id) for change in event.changes}
    assert not {field for field in told if field.startswith("status_")}


def test_a_key_older_than_the_count_counts_from_the_next_change_on(key: ApiKey, attempt: Try) -> None:
    with transaction():
        key.status_changes = None

    with clock.at(MOMENT):
        attempt(lambda: services.disable(key))
    attempt(lambda: services.enable(key))

    assert (key.status_changes, key.status_counted_since) == (2, MOMENT)
