"""The probes look nobody up, whatever cookies come along; the page of an error does, and says when it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from erebus import create_app, db
from erebus.blueprints.auth import services as accounts
from erebus.db import transaction
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

AWAY = ["sqlite:////nowhere/erebus.db", "postgresql://erebus:s3cret@127.0.0.1:1/erebus"]


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    """A browser that stays signed in: it sends a session, and a cookie to begin another with."""
    with app.app_context(), transaction():
        accounts.register_user(accounts.draft_account(name="Ada", email="ada@example.com", password=PASSWORD))
    client = app.test_client()
    client.post("/login", data={"email": "ada@example.com", "password": PASSWORD, "remember": "y"})
    assert client.get_cookie("erebus_session")
    assert client.get_cookie("erebus_remember")
    return client


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """What the database is asked from now on; a connection that is taken and not used is there as nothing."""
    found: list[str] = []

    def ask(*call: Any) -> None:
        found.append(call[2])

    def take(*_: object) -> None:
        found.append("")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", ask)
    event.listen(engine, "checkout", take)
    yield found
    event.remove(engine, "before_cursor_execute", ask)
    event.remove(engine, "checkout", take)


def elsewhere(ada: FlaskClient, settings: dict[str, Any], url: str) -> FlaskClient:
    """Return Ada's browser before the same installation, whose database is away."""
    client = create_app({**settings, "DATABASE_URL": url}).test_client()
    for name in ("erebus_session", "erebus_remember"):
        cookie = ada.get_cookie(name)
        assert cookie
        client.set_cookie(name, cookie.value)
    return client


@pytest.mark.parametrize("kept", [("erebus_session", "erebus_remember"), ("erebus_session",), ("erebus_remember",), ()])
def test_whether_it_is_alive_is_answered_without_the_database(
    ada: FlaskClient, statements: list[str], kept: tuple[str, ...]
) -> None:
    for name in {"erebus_session", "erebus_remember"} - {*kept}:
        ada.delete_cookie(name)

    assert ada.get("/healthz").json == {"alive": True}
    assert statements == []


@pytest.mark.parametrize("path", ["/static/css/tokens.css", "/static/css/erebus.css"])
def test_an_asset_is_served_without_the_database(ada: FlaskClient, statements: list[str], path: str) -> None:
    with ada.get(path) as asset:
        assert asset.status_code == 200
    assert statements == []


def test_whether_it_is_ready_is_asked_for_nobody(ada: FlaskClient, statements: list[str]) -> None:
    assert ada.get("/readyz").status_code == 200
    assert statements
    assert not [statement for statement in statements if "users" in statement]


@pytest.mark.parametrize("url", AWAY)
def test_with_the_database_away_it_is_alive_also_for_who_is_signed_in(
    ada: FlaskClient, settings: dict[str, Any], url: str
) -> None:
    there = elsewhere(ada, settings, url)

    assert there.get("/healthz").json == {"alive": True}
    assert there.get("/readyz").json == {"ready": False, "questions": {"database": False}}


@pytest.mark.parametrize("url", AWAY)
@pytest.mark.parametrize("address", ["/nowhere", "/login?next=%00", "/static/nowhere.css", "/projects", "/login"])
def test_with_the_database_away_no_page_breaks_that_looks_for_its_reader(
    ada: FlaskClient, settings: dict[str, Any], url: str, address: str
) -> None:
    answer = elsewhere(ada, settings, url).get(address)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The database cannot be reached" in answer.text
    assert "Nothing was changed" in answer.text
    assert "s3cret" not in answer.text
