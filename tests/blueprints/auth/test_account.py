"""One's own account: profile, picture, theme, password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from erebus import db
from erebus.blueprints.auth import images
from erebus.blueprints.auth.models import Image, Theme, User
from erebus.db import transaction
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

    from erebus.trail import AuditEvent

PROFILE = {"name": "Ada Lovelace", "time_zone": "UTC", "theme": "system"}
NEW = "a quite different engine"


@pytest.fixture
def ada(register: Callable[..., str]) -> str:
    return register("Ada Lovelace")


@pytest.fixture
def client(ada: str, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """The browser in which Ada is signed in."""
    return sign_in("ada@example.com")


def test_the_profile_is_changed_and_told(
    client: FlaskClient, user_of: Callable[[str], User], told: Callable[[], list[AuditEvent]]
) -> None:
    answer = client.post("/account", data={"name": "Ada King", "time_zone": "Europe/London", "theme": "dark"})

    assert (answer.status_code, answer.location) == (302, "/account")
    assert "Your profile is saved." in client.get("/account").text
    user = user_of("ada@example.com")
    assert (user.name, user.time_zone, user.theme) == ("Ada King", "Europe/London", Theme.DARK)
    event = told()[0]
    assert (event.action_description, event.actor_name) == ("Updated profile", "Ada Lovelace")
    assert event.description == (
        "Updated account 'Ada Lovelace': name 'Ada Lovelace' → 'Ada King', time zone 'UTC' → 'Europe/London'"
    )


def test_saving_what_is_already_there_is_no_event(client: FlaskClient, told: Callable[[], list[AuditEvent]]) -> None:
    before = told()
    assert client.post("/account", data=PROFILE).status_code == 302
    assert told() == before


def test_the_generated_picture_follows_the_initials_and_the_old_one_stays(
    client: FlaskClient, user_of: Callable[[str], User]
) -> None:
    first = user_of("ada@example.com").image
    client.post("/account", data={**PROFILE, "name": "Anna Lovelace"})
    assert user_of("ada@example.com").image == first
    client.post("/account", data={**PROFILE, "name": "Ada King"})
    second = user_of("ada@example.com").image
    assert second != first
    assert client.get(f"/images/{first}.png").status_code == 200
    assert client.get(f"/images/{second}.png").status_code == 200


def test_a_picture_of_ones_own_stays(app: Flask, client: FlaskClient, ada: str, user_of: Callable[[str], User]) -> None:
    png = images.picture("somebody", "Own Picture")
    with app.app_context(), transaction() as session:
        session.add(Image(sha256=images.digest(png), png=png))
        session.flush()
        session.get_one(User, ada).image = images.digest(png)

    client.post("/account", data={**PROFILE, "name": "Grace Hopper"})

    assert user_of("ada@example.com").image == images.digest(png)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Say what others should call you."),
        ("name", "x" * 101, "at most 100 characters"),
        ("name", "a\u2028b", "cannot be seen"),
        ("time_zone", "Europe/Atlantis", "no such time zone"),
        ("time_zone", "../../etc/passwd", "no such time zone"),
        ("theme", "pink", "Choose one of the themes."),
    ],
)
def test_bad_input_is_told_at_its_field_and_changes_nothing(
    client: FlaskClient, user_of: Callable[[str], User], field: str, value: str, message: str
) -> None:
    answer = client.post(
        "/account", data={"name": "Ada King", "time_zone": "Asia/Tokyo", "theme": "dark", field: value}
    )
    assert answer.status_code == 422
    assert message in answer.text
    assert field == "name" or "Ada King" in answer.text
    assert user_of("ada@example.com").name == "Ada Lovelace"


def test_the_theme_switch_leads_back_to_where_one_was(client: FlaskClient, user_of: Callable[[str], User]) -> None:
    answer = client.post("/account/theme", data={"theme": "light", "next": "/projects?q=a"})
    assert (answer.status_code, answer.location) == (303, "/projects?q=a")
    assert user_of("ada@example.com").theme is Theme.LIGHT

    back = {"Referer": "http://localhost/account"}
    assert client.post("/account/theme", data={"theme": "dark"}, headers=back).location == "/account"
    foreign = {"Referer": "http://evil.example/x"}
    hostile = client.post("/account/theme", data={"theme": "dark", "next": "//evil.example"}, headers=foreign)
    assert hostile.location == "/projects"


def test_a_theme_that_there_is_not_is_refused(client: FlaskClient) -> None:
    assert client.post("/account/theme", data={"theme": "pink"}).status_code == 400
    assert client.post("/account/theme").status_code == 400


def test_a_look_is_nobody_elses_concern_and_no_event(client: FlaskClient, told: Callable[[], list[AuditEvent]]) -> None:
    before = told()
    client.post("/account/theme", data={"theme": "light"})
    assert told() == before


def test_a_new_password_ends_every_other_session_and_keeps_this_one(
    client: FlaskClient, sign_in: Callable[[str], FlaskClient], told: Callable[[], list[AuditEvent]], app: Flask
) -> None:
    elsewhere = sign_in("ada@example.com")
    remembered = app.test_client()
    remembered.post("/login", data={"email": "ada@example.com", "password": PASSWORD, "remember": "y"})
    remembered.delete_cookie("erebus_session")

    answer = client.post("/account/password", data={"current": PASSWORD, "new": NEW, "repeat": NEW})

    assert (answer.status_code, answer.location) == (302, "/account")
    assert "Your password is changed." in client.get("/account").text
    assert elsewhere.get("/account").status_code == 302
    assert remembered.get("/account").status_code == 302
    assert app.test_client().post("/login", data={"email": "ada@example.com", "password": NEW}).status_code == 302
    event = told()[0]
    assert (event.action_description, event.description) == (
        "Changed password",
        "Changed password of account 'Ada Lovelace'",
    )
    assert event.changes == ({"field": "password", "hidden": "secret", "name": "password"},)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"current": "wrong", "new": NEW, "repeat": NEW}, "not your current password"),
        ({"current": "", "new": NEW, "repeat": NEW}, "Give the password that you have now."),
        ({"current": PASSWORD, "new": NEW, "repeat": NEW + "x"}, "differs from the new password"),
        ({"current": PASSWORD, "new": "short", "repeat": "short"}, "at least 10 characters"),
        ({"current": PASSWORD, "new": "lovelace1815", "repeat": "lovelace1815"}, "too easy to guess"),
        ({"current": PASSWORD, "new": "x" * 129, "repeat": "x" * 129}, "at most 128 characters"),
        ({}, "Choose a password."),
    ],
)
def test_a_password_that_cannot_be_is_told_at_its_field(
    client: FlaskClient, user_of: Callable[[str], User], typed: dict[str, str], message: str
) -> None:
    kept = user_of("ada@example.com").password
    answer = client.post("/account/password", data=typed)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'value="Ada Lovelace"' in answer.text
    assert user_of("ada@example.com").password == kept


def test_the_address_of_the_password_form_shows_the_account(client: FlaskClient) -> None:
    assert client.get("/account/password").status_code == 200


def test_signed_out_people_are_asked_to_sign_in(app: Flask) -> None:
    stranger = app.test_client()
    for path in ("/account", "/account/password"):
        assert stranger.get(path).location == f"/login?next={path}"
    assert stranger.post("/account", data=PROFILE).status_code == 302


def test_other_peoples_accounts_are_out_of_reach(
    client: FlaskClient, register: Callable[..., str], user_of: Callable[[str], User], ada: str
) -> None:
    other = register("Grace Hopper")
    client.post("/account", data={**PROFILE, "name": "Mallory", "id": other, "email": "grace@example.com"})
    assert user_of("grace@example.com").name == "Grace Hopper"
    assert user_of("ada@example.com").id == ada


def test_nobody_makes_themselves_platform_admin(
    app: Flask, register: Callable[..., str], sign_in: Callable[[str], FlaskClient]
) -> None:
    register("Ada Lovelace")
    grace = register("Grace Hopper")
    sign_in("grace@example.com").post("/account", data={**PROFILE, "is_platform_admin": "y", "active": "y"})
    with app.app_context():
        assert not db.session.get_one(User, grace).is_platform_admin
