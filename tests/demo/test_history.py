"""What the demo leaves in the database: a small company, and logs that wrote themselves."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from erebus import db
from erebus.blueprints.audit.queries import PAGE_SIZE
from erebus.blueprints.auth.models import User
from erebus.blueprints.keys.models import ApiKey, KeyStatus
from erebus.blueprints.projects.models import Membership, Project
from erebus.trail import metadata, read_log, verify
from tests.demo.conftest import DEMO_PASSWORD

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from erebus.trail import AuditEvent, AuditLog


EMAILS = ["admin", "colleague", "developer", "owner", "support"]


def log_of(connection: Connection, title: str) -> AuditLog:
    project_id = db.session.scalar(select(Project.id).where(Project.title == title))
    log = read_log(connection, project_id or "")
    assert log is not None
    return log


def failures(log: AuditLog) -> list[AuditEvent]:
    return [event for event in log.events if not event.status]


def test_a_small_company_is_there(connection: Connection) -> None:
    counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (User, Project, ApiKey)]
    assert counts == [5, 3, 15]
    emails = db.session.scalars(select(User.email).order_by(User.email)).all()
    assert emails == [f"{name}@example.com" for name in EMAILS]


def test_the_first_account_is_the_platform_admin_and_the_only_one(connection: Connection) -> None:
    admins = db.session.scalars(select(User.email).where(User.is_platform_admin)).all()
    assert admins == ["admin@example.com"]


def test_the_colleague_owns_one_project_and_is_admin_in_another(connection: Connection) -> None:
    roles = select(Membership.role).join(Membership.user).where(User.email == "colleague@example.com")
    assert sorted(db.session.scalars(roles)) == ["admin", "owner"]


def test_keys_are_in_all_states_and_one_is_dormant(connection: Connection) -> None:
    keys = db.session.scalars(select(ApiKey)).all()
    assert set(Counter(key.status for key in keys)) == set(KeyStatus)
    assert sum(key.is_dormant(90) for key in keys) == 1
    assert any(key.last_used_at for key in keys)


def test_something_is_folded_on_the_first_page_of_the_log(connection: Connection) -> None:
    newest = log_of(connection, "Kiteline Chat").events[:PAGE_SIZE]
    requests = Counter(event.request_id for event in newest)
    (request,) = [request for request, events in requests.items() if events > 1]
    numbers = [event.number for event in newest if event.request_id == request]
    assert numbers == list(range(numbers[0], numbers[0] - 3, -1))
    assert {e.action_description for e in newest if e.request_id == request} == {"Revoked API key"}


def test_every_log_verifies(connection: Connection) -> None:
    logs = ["platform", *db.session.scalars(select(Project.id))]
    assert {log: verify(connection, log).finding for log in logs} == dict.fromkeys(logs, "")


def test_one_project_has_displaced_events_one_has_some_one_only_its_creation(connection: Connection) -> None:
    chat, billing, docs = (log_of(connection, f"Kiteline {name}") for name in ("Chat", "Billing", "Docs"))
    assert chat.head_number > 100
    assert len(chat.events) == 100
    assert 10 < billing.head_number < 100
    assert {event.action for event in docs.events} == {"create"}
    assert len({event.created_at for event in docs.events}) == 1


def test_rules_of_all_sorts_were_answered(connection: Connection) -> None:
    chat, billing = (
        " ".join(e.reason or "" for e in failures(log_of(connection, f"Kiteline {n}"))) for n in ("Chat", "Billing")
    )
    for words in (
        "already has a project named",
        "label of a disabled key",
        "is archived",
        "must start with https",
        "must have no path",
        "active keys",
        "Only a revoked key",
        "which is final",
        "say why",
        "is a member already",
        "takes the role developer",
        "takes the role admin",
        "takes the role owner",
    ):
        assert words in chat
    assert "has a webhook URL" in billing
    assert "typed to confirm" in billing


def test_history_is_two_weeks_long_and_ends_shortly_before_now(connection: Connection) -> None:
    events = log_of(connection, "Kiteline Chat").events
    newest, oldest = (datetime.fromtimestamp(event.created_at / 1000, UTC) for event in (events[0], events[-1]))
    assert timedelta() < datetime.now(UTC) - newest < timedelta(minutes=30)
    assert newest - oldest > timedelta(days=10)
    times = [event.created_at for event in events]
    assert times == sorted(times, reverse=True)


def test_everybody_acts_under_their_own_name_and_picture(connection: Connection) -> None:
    events = log_of(connection, "Kiteline Chat").events
    people = {(user.id, user.name, user.image) for user in db.session.scalars(select(User))}
    assert {(event.actor_id, event.actor_name, event.actor_image) for event in events} <= people


def test_no_secret_is_in_any_event(connection: Connection) -> None:
    table = metadata.tables["audit_events"]
    text = "\n".join(str(row) for row in connection.execute(select(table)))
    hidden = [DEMO_PASSWORD, *db.session.scalars(select(User.password)), *db.session.scalars(select(ApiKey.digest))]
    assert len(text) > 10_000
    assert not [secret for secret in hidden if secret in text]
    assert not re.search(r"(dv|sk)-er-[0-9A-Za-z]{5}", text)


@pytest.mark.parametrize("name", EMAILS)
def test_everybody_can_sign_in(told: Flask, name: str) -> None:
    answer = told.test_client().post("/login", data={"email": f"{name}@example.com", "password": DEMO_PASSWORD})
    assert answer.status_code == 302
