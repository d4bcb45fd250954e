"""How changes of accounts and settings are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from erebus.blueprints.auth.models import PlatformSetting, User
from erebus.db import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskCliRunner

    from erebus.trail import AuditEvent


ACCOUNT = "account 'Ada Lovelace'"


@pytest.mark.parametrize(
    ("changes", "title", "description"),
    [
        ({"active": False}, "Deactivated account", f"Deactivated {ACCOUNT}"),
        ({"email": "a@b.de"}, "Changed email", f"Changed email address 'ada@example.com' → 'a@b.de' of {ACCOUNT}"),
        ({"is_platform_admin": False}, "Updated profile", f"Updated {ACCOUNT}: platform admin yes → no"),
        ({"image": None}, "Updated profile", f"Updated {ACCOUNT}: profile image"),
        (
            {"password": "x", "name": "Eve"},
            "Changed password",
            f"Changed password of {ACCOUNT}: name 'Ada Lovelace' → 'Eve'",
        ),
        ({"active": False, "password": "x"}, "Deactivated account", f"Deactivated {ACCOUNT}: password"),
    ],
)
def test_the_most_telling_title_wins_and_the_sentence_tells_all(
    app: Flask,
    register: Callable[..., str],
    told: Callable[[], list[AuditEvent]],
    changes: dict[str, object],
    title: str,
    description: str,
) -> None:
    user_id = register("Ada Lovelace")
    with app.app_context(), transaction() as session:
        user = session.get_one(User, user_id)
        for name, value in changes.items():
            setattr(user, name, value)
    event = told()[0]
    assert (event.action, event.action_description, event.description) == ("update", title, description)


def test_reactivating_is_told(app: Flask, register: Callable[..., str], told: Callable[[], list[AuditEvent]]) -> None:
    user_id = register("Ada Lovelace")
    for is_active in (False, True):
        with app.app_context(), transaction() as session:
            session.get_one(User, user_id).active = is_active
    assert told()[0].description == "Reactivated account 'Ada Lovelace'"


def test_a_platform_setting_is_told_with_both_values(
    runner: FlaskCliRunner, told: Callable[[], list[AuditEvent]]
) -> None:
    for state in ("closed", "open"):
        result = runner.invoke(args=["sign-up", state])
        assert result.output == f"Sign-up is {state}.\n"
    event, earlier = told()[:2]
    assert (event.action_description, event.entity_type, event.entity_id) == (
        "Updated platform setting",
        "setting",
        "open_sign_up",
    )
    assert event.description == "Opened sign-up: closed → open to everyone"
    assert earlier.description == "Closed sign-up: open to everyone → closed"
    assert (event.actor_kind, event.actor_id) == ("system", "system")


def test_a_setting_without_words_of_its_own_is_told_by_name(app: Flask, told: Callable[[], list[AuditEvent]]) -> None:
    for value in ("red", "blue"):
        with app.app_context(), transaction() as session:
            session.merge(PlatformSetting(key="best_colour", value=value))
    assert [event.description for event in told()[:2]] == [
        "Updated platform setting 'best colour' from 'red' to 'blue'",
        "Updated platform setting 'best colour' to 'red'",
    ]
