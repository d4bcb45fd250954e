"""Signing up: who becomes what, and what a form may hold."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from erebus import db
from erebus.blueprints.auth import passwords
from erebus.blueprints.auth.models import User
from erebus.blueprints.auth.services import (
    EmailIsTaken,
    SignUpIsClosed,
    draft_account,
    register_user,
    set_open_sign_up,
)
from erebus.db import transaction
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

    from erebus.trail import AuditEvent

SECRET = "dv-er-" + "aB3" * 16
ADA = {"name": "Ada Lovelace", "email": "Ada@Example.com", "password": PASSWORD}


def test_the_first_account_is_the_platform_admin_and_signed_in(
    client: FlaskClient, user_of: Callable[[str], User]
) -> None:
    assert "platform admin" in client.get("/signup").text

    answer = client.post("/signup", data=ADA)

    assert answer.status_code == 302
    assert client.get("/account").status_code == 200
    assert user_of("ada@example.com").is_platform_admin


def test_the_second_account_is_nobody_special(
    register: Callable[..., str], client: FlaskClient, user_of: Callable[[str], User]
) -> None:
    register("Grace Hopper")
    client.post("/signup", data=ADA)
    assert not user_of("ada@example.com").is_platform_admin


def test_of_two_first_accounts_at_once_one_becomes_platform_admin(app: Flask) -> None:
    start = threading.Barrier(2)

    def make(name: str) -> None:
        with app.app_context():
            draft = draft_account(name=name, email=f"{name}@example.com", password=PASSWORD)
            start.wait()
            with transaction():
                register_user(draft)
            db.session.remove()

    threads = [threading.Thread(target=make, args=(name,)) for name in ("ada", "grace")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        admins = db.session.scalars(db.select(User.is_platform_admin)).all()
    assert sorted(admins) == [False, True]


def test_registering_is_ones_own_first_act(client: FlaskClient, told: Callable[[], list[AuditEvent]]) -> None:
    client.post("/signup", data=ADA)

    (event,) = told()

    assert (event.action, event.action_description, event.entity_type) == ("create", "Registered", "user")
    assert event.description == "Registered account 'Ada Lovelace' (ada@example.com) as platform admin"
    assert event.actor_id == event.entity_id
    assert (event.actor_name, event.project_id) == ("Ada Lovelace", None)
    assert len(event.actor_image or "") == 64
    assert event.address == "127.0.0.1"


def test_no_password_reaches_the_log_or_comes_back(client: FlaskClient, told: Callable[[], list[AuditEvent]]) -> None:
    again = client.post("/signup", data={**ADA, "name": ""})
    client.post("/signup", data=ADA)
    assert PASSWORD not in again.text
    assert PASSWORD not in str(told())
    assert {"field": "password", "name": "password", "hidden": "secret"} in told()[0].changes


def test_a_taken_address_is_told_at_its_field_whatever_its_case(
    register: Callable[..., str], client: FlaskClient
) -> None:
    register("Ada Lovelace")

    answer = client.post("/signup", data={**ADA, "name": "Somebody Else", "email": "ADA@example.COM"})

    assert answer.status_code == 409
    assert "There is an account with this email address" in answer.text
    assert "Somebody Else" in answer.text


def test_sign_up_that_is_not_open_says_so_and_takes_nobody(
    app: Flask, register: Callable[..., str], client: FlaskClient
) -> None:
    register("Grace Hopper")
    _close_sign_up(app)
    for answer in (client.get("/signup"), client.post("/signup", data=ADA)):
        assert answer.status_code == 403
        assert "Ask an administrator" in answer.text
    assert client.post("/login", data=ADA).status_code == 422


def test_a_refused_sign_up_is_a_failure_of_nobody_known_and_holds_nothing_that_was_typed(
    app: Flask, register: Callable[..., str], client: FlaskClient, told: Callable[[], list[AuditEvent]]
) -> None:
    register("Grace Hopper")
    _close_sign_up(app)
    before = len(told())
    client.post("/signup", data=ADA)

    event = told()[0]

    assert len(told()) == before + 1
    assert (event.status, event.action, event.action_description) == (False, "create", "Registered")
    assert event.description.startswith("Tried to register an account. Not done: Sign-up is closed here.")
    assert (event.actor_kind, event.actor_id, event.address) == ("anonymous", "anonymous", "127.0.0.1")
    assert not [typed for typed in ("Ada", "Lovelace", "ada@example.com", PASSWORD) if typed in str(event)]


def test_a_sign_up_with_a_taken_address_is_a_failure_that_names_the_address_alone(
    register: Callable[..., str], client: FlaskClient, told: Callable[[], list[AuditEvent]]
) -> None:
    register("Ada Lovelace")
    client.post("/signup", data={**ADA, "name": "Somebody Else"})

    event = told()[0]

    assert event.description.startswith("Tried to register an account for ada@example.com. Not done: There is an acc")
    assert (event.status, event.actor_id, event.entity_label) == (False, "anonymous", "")
    assert [change["field"] for change in event.changes] == ["email"]
    assert not [typed for typed in ("Somebody Else", PASSWORD) if typed in str(event)]


def test_while_sign_up_is_closed_nobody_learns_which_addresses_have_an_account(
    app: Flask, register: Callable[..., str], client: FlaskClient, told: Callable[[], list[AuditEvent]]
) -> None:
    register("Ada Lovelace")
    _close_sign_up(app)
    taken, free = (client.post("/signup", data={**ADA, "email": f"{who}@example.com"}) for who in ("ada", "eve"))
    assert (taken.status_code, taken.text) == (free.status_code, free.text)
    assert told()[0].description == told()[1].description


@pytest.mark.parametrize("is_open", [True, False])
def test_what_was_mistyped_or_only_looked_at_was_no_attempt(
    app: Flask, register: Callable[..., str], client: FlaskClient, told: Callable[[], list[AuditEvent]], is_open: bool
) -> None:
    register("Ada Lovelace")
    if not is_open:
        _close_sign_up(app)
    before = len(told())
    client.get("/signup")
    client.post("/signup", data={**ADA, "password": "short"})
    assert len(told()) == before


def test_a_flood_of_refused_sign_ups_pushes_nothing_out(
    register: Callable[..., str], client: FlaskClient, told: Callable[[], list[AuditEvent]]
) -> None:
    register("Ada Lovelace")
    for _ in range(10):
        client.post("/signup", data=ADA)
    assert [event.status for event in told()].count(False) == 3


def test_a_refused_sign_up_costs_no_hashing(
    register: Callable[..., str], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("Ada Lovelace")
    hashed: list[str] = []
    monkeypatch.setattr(passwords, "hashed", hashed.append)
    client.post("/signup", data=ADA)
    assert hashed == []


def test_the_service_refuses_while_sign_up_is_closed(app: Flask, register: Callable[..., str]) -> None:
    register("Grace Hopper")
    _close_sign_up(app)
    with app.app_context():
        draft = draft_account(name="Ada Lovelace", email="ada@example.com", password=PASSWORD)
        with pytest.raises(SignUpIsClosed), transaction():
            register_user(draft)


def test_the_service_lets_no_address_be_taken_twice(app: Flask, register: Callable[..., str]) -> None:
    register("Ada Lovelace")
    with app.app_context():
        draft = draft_account(name="Another", email="ada@example.com", password=PASSWORD)
        with pytest.raises(EmailIsTaken) as refusal, transaction():
            register_user(draft)
    assert refusal.value.field == "email"


def test_who_is_signed_in_is_led_to_their_projects(
    register: Callable[..., str], sign_in: Callable[[str], FlaskClient]
) -> None:
    register("Ada Lovelace")
    answer = sign_in("ada@example.com").get("/signup")
    assert (answer.status_code, answer.location) == (302, "/projects")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Say what others should call you."),
        ("name", "   ", "Say what others should call you."),
        ("name", "x" * 101, "at most 100 characters"),
        ("name", "Ada\u202eecalevoL", "cannot be seen"),
        ("name", "Ada\nLovelace", "cannot be seen"),
        ("name", "Ada\0", "cannot be seen"),
        ("name", "\u200d\u200c", "cannot be seen"),
        ("name", "\u3164", "cannot be seen"),
        ("name", "Ada \ufffd", "did not arrive as they were typed"),
        ("name", f"Ada {SECRET}", "holds the secret of an API key"),
        ("email", "", "Give your email address."),
        ("email", "ada", "not an email address like name@example.com"),
        ("email", "ada@example.com\0", "cannot be seen"),
        ("email", "<b>@example.com", "not an email address"),
        ("email", f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.com", "at most 254 characters"),
        ("password", "", "Choose a password."),
        ("password", "sh0rt", "at least 10 characters"),
        ("password", "x" * 129, "at most 128 characters"),
        ("password", "correct\0horse battery", "control characters"),
        ("password", "password12", "too easy to guess"),
        ("password", "correct horse \ufffd battery", "did not arrive as they were typed"),
        ("password", "AdaLovelace", "too easy to guess"),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_typed_is_lost(
    client: FlaskClient, field: str, value: str, message: str
) -> None:
    typed = {"name": "Ada <i>Lovelace</i>", "email": "ada@example.com", "password": PASSWORD, field: value}

    answer = client.post("/signup", data=typed)

    assert answer.status_code == 422
    assert message in answer.text
    assert field == "name" or "Ada &lt;i&gt;Lovelace&lt;/i&gt;" in answer.text
    assert field == "email" or "ada@example.com" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"name=%ff%fe&email=%80@example.com&password=%c3%28",
        b"name=%ED%A0%80Ada&email=a@b.de&password=x",
        b"%00=%00&&&===",
        b"",
    ],
)
def test_broken_bodies_are_bad_input_too(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/signup", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422


@pytest.mark.parametrize("field", ["name", "email", "password"])
def test_a_file_where_text_belongs_is_told_at_its_field(client: FlaskClient, field: str) -> None:
    answer = client.post("/signup", data={**ADA, field: (BytesIO(b"x"), "x.txt")})
    assert answer.status_code == 422
    assert 'class="field-errors"' in answer.text


def test_a_name_of_another_script_is_as_good_as_any(client: FlaskClient, user_of: Callable[[str], User]) -> None:
    client.post("/signup", data={**ADA, "name": " 李 明 "})
    assert user_of("ada@example.com").name == "李 明"


def _close_sign_up(app: Flask) -> None:
    with app.app_context(), transaction():
        set_open_sign_up(is_open=False)
