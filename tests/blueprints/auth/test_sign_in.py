"""Signing in and out: who may, what it tells those who may not, and where it leads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from erebus import create_app, db
from erebus.blueprints.auth import passwords
from erebus.blueprints.auth.models import User
from erebus.db import transaction
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

ADA = {"email": "ada@example.com", "password": PASSWORD}
FORM_TOKEN = re.compile(r'name="csrf_token" [^>]*value="[^"]+"')  # signed with the second that it was made in
pytestmark = pytest.mark.usefixtures("ada")


@pytest.fixture
def ada(register: Callable[..., str]) -> str:
    return register("Ada Lovelace")


def test_signing_in_and_out(client: FlaskClient) -> None:
    answer = client.post("/login", data={**ADA, "email": " ADA@example.com "})
    assert (answer.status_code, answer.location) == (302, "/projects")
    assert client.get("/account").status_code == 200

    assert client.get("/logout").status_code == 405
    answer = client.post("/logout")
    assert (answer.status_code, answer.location) == (302, "/login")
    assert client.get("/account").location == "/login?next=/account"
    assert "Then you go on to the page that you asked for." in client.get("/login?next=/account").text
    assert "Then you go on" not in client.get("/login?next=/projects").text  # where everybody goes


def test_a_stranger_and_a_mistyped_password_are_told_the_same(client: FlaskClient) -> None:
    stranger = client.post("/login", data={"email": "nobody@example.com", "password": "wrong password"})
    mistyped = client.post("/login", data={"email": "ada@example.com", "password": "wrong password"})
    assert stranger.status_code == mistyped.status_code == 422
    assert "Email or password is wrong." in mistyped.text
    assert FORM_TOKEN.sub("", stranger.text).replace("nobody@", "ada@") == FORM_TOKEN.sub("", mistyped.text)


def test_a_stranger_costs_as_much_hashing_as_a_mistyped_password(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("hashed", "is_right"):
        original = getattr(passwords, name)
        monkeypatch.setattr(passwords, name, lambda *a, _o=original, _n=name: (calls.append(_n), _o(*a))[1])
    client.post("/login", data={"email": "nobody@example.com", "password": "wrong password"})
    client.post("/login", data={"email": "ada@example.com", "password": "wrong password"})
    assert calls == ["hashed", "is_right"]


def test_a_deactivated_account_is_told_so_only_to_its_owner(app: Flask, client: FlaskClient, ada: str) -> None:
    _deactivate(app, ada)
    assert "Email or password is wrong." in client.post("/login", data={**ADA, "password": "wrong"}).text
    assert "This account is deactivated." in client.post("/login", data=ADA).text
    assert client.get("/account").status_code == 302


def test_deactivating_ends_a_running_session(app: Flask, sign_in: Callable[[str], FlaskClient], ada: str) -> None:
    client = sign_in("ada@example.com")
    _deactivate(app, ada)
    assert client.get("/account").location == "/login?next=/account"


def test_signing_in_writes_nothing(app: Flask, client: FlaskClient) -> None:
    written: list[str] = []
    with app.app_context():

        @event.listens_for(db.engine, "before_cursor_execute")
        def _watch(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if re.match(r"\s*(INSERT|UPDATE|DELETE)", statement):
                written.append(statement)

    client.post("/login", data=ADA)
    assert written == []


def test_it_leads_back_to_the_page_that_was_asked_for(client: FlaskClient) -> None:
    page = client.get("/account?tab=1").location
    assert 'value="/account?tab=1"' in client.get(page).text
    answer = client.post("/login", data={**ADA, "next": "/account?tab=1"})
    assert answer.location == "/account?tab=1"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http://[",
        "evil.example",
        "/" * 3000,
    ],
)
def test_it_leads_to_no_other_site(client: FlaskClient, wanted: str) -> None:
    assert f'value="{wanted}"' not in client.get("/login", query_string={"next": wanted}).text
    for answer in (
        client.post("/login", data={**ADA, "next": wanted}),
        client.post("/login", data=ADA, query_string={"next": wanted}),
    ):
        assert answer.status_code == 422
        assert "not one of this site" in answer.text
        assert "ada@example.com" in answer.text
    assert client.post("/login", data=ADA).location == "/projects"


def test_a_form_from_before_the_sign_in_changes_nothing_after_it(app: Flask, ada: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token
    assert client.post("/login", data={**ADA, "csrf_token": token[1]}).status_code == 302
    assert client.post("/account/theme", data={"theme": "dark", "csrf_token": token[1]}).status_code == 400


@pytest.mark.parametrize("wanted", ["https://evil.example/", "http://[", "//evil.example", "1e5", "/\\evil.example"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/login"), ("POST", "/login"), ("POST", "/logout")])
def test_who_is_signed_in_is_led_to_no_other_site_either(
    sign_in: Callable[[str], FlaskClient], ada: str, method: str, path: str, wanted: str
) -> None:
    client = sign_in("ada@example.com")
    for place in ({"query_string": {"next": wanted}}, {"data": {"next": wanted}}):
        if method == "GET" and "data" in place:
            continue
        assert client.open(path, method=method, **place).status_code == 400
    assert client.post("/logout", data={"next": "/docs/audit-logs"}).location == "/docs/audit-logs"


def test_staying_signed_in_survives_the_end_of_the_session(client: FlaskClient) -> None:
    client.post("/login", data={**ADA, "remember": "y"})
    client.delete_cookie("erebus_session")
    assert client.get("/account").status_code == 200


def test_without_asking_for_it_nobody_stays_signed_in(client: FlaskClient) -> None:
    client.post("/login", data=ADA)
    client.delete_cookie("erebus_session")
    assert client.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "", "Give your email address."),
        ("email", "x" * 300 + "@example.com", "at most 254 characters"),
        ("email", "ada\0@example.com", "cannot be seen"),
        ("email", "\u202eada@example.com", "cannot be seen"),
        ("email", "<script>", "not an email address"),
        ("password", "", "Give your password."),
        ("password", "x" * 100_000, "at most 128 characters"),
        ("password", "a\0b", "control characters"),
    ],
)
def test_bad_input_is_told_at_its_field(client: FlaskClient, field: str, value: str, message: str) -> None:
    answer = client.post("/login", data={**ADA, field: value})
    assert answer.status_code == 422
    assert message in answer.text


@pytest.mark.parametrize("body", [b"email=%ff&password=%ff", b"email=c&password=%ED%A0%80", b"", b"next=%ff"])
def test_broken_bodies_are_bad_input_too(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/login", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/login", "/logout", "/signup"])
@pytest.mark.parametrize("body", [b"[1]", b"{", b'{"email": 5, "password": ["x"]}', b"null", b"\xff"])
def test_json_is_no_form(client: FlaskClient, path: str, body: bytes) -> None:
    answer = client.post(path, data=body, content_type="application/json")
    assert answer.status_code == 415


def test_who_would_rather_have_json_gets_the_page(client: FlaskClient) -> None:
    answer = client.post("/login", data=ADA, headers={"Accept": "application/json"})
    assert answer.status_code == 302
    assert client.get("/login", headers={"Accept": "application/json"}).status_code == 302


def test_no_token_in_an_address_or_a_header_lets_anybody_in(app: Flask, client: FlaskClient, ada: str) -> None:
    with app.app_context():
        token = db.session.get_one(User, ada).get_auth_token()  # type: ignore[attr-defined]  # the mixin's
    assert client.get("/account", headers={"Authentication-Token": token}).status_code == 302
    assert client.get("/account", query_string={"auth_token": token}).status_code == 302


def test_of_flask_security_only_sign_in_and_sign_out_can_be_reached(app: Flask) -> None:
    found = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security.")}
    assert found == {"security.login": "/login", "security.logout": "/logout"}
    assert not {"users", "roles"} & set(app.cli.commands)


def test_sign_in_pages_are_kept_by_no_cache(client: FlaskClient) -> None:
    assert client.get("/login").headers["Cache-Control"] == "no-store"


def test_passwords_are_hashed_as_rfc_9106_recommends(tmp_path: Path) -> None:
    app = create_app({"INSTANCE_PATH": str(tmp_path)})
    with app.app_context():
        kept = passwords.hashed(PASSWORD)
        assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert passwords.is_right(PASSWORD, kept)


def test_a_lost_session_key_loses_no_password(settings: dict[str, object]) -> None:
    app = create_app({**settings, "SECRET_KEY": "another one"})
    app.config["WTF_CSRF_ENABLED"] = False
    assert app.test_client().post("/login", data=ADA).status_code == 302
    with app.app_context():
        db.engine.dispose()


def _deactivate(app: Flask, user_id: str) -> None:
    with app.app_context(), transaction():
        db.session.get_one(User, user_id).active = False
