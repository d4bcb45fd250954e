"""Who acted is who it was at that moment, and nobody that came before on the same worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from flask import Flask, stream_with_context
from flask.testing import FlaskClient
from flask_login import current_user

from erebus import trail
from erebus.blueprints.auth.models import PlatformSetting, User
from erebus.blueprints.auth.services import draft_account, register_user
from erebus.db import db, transaction
from tests.conftest import PASSWORD

pytestmark = pytest.mark.tampers("the database of the app is gone before the oracle could look")


@pytest.fixture
def ada(app: Flask) -> str:
    """The id of Ada, who has an account."""
    with app.app_context():
        draft = draft_account(name="Ada", email="ada@example.com", password=PASSWORD)
        with transaction():
            register_user(draft)
        return draft.user.id


def change(value: str) -> None:
    with transaction() as session:
        session.merge(PlatformSetting(key="k", value=value))


def actors(app: Flask) -> list[tuple[str, str]]:
    """Id and name of the actors in the platform's log after the account was made, oldest first."""
    with app.app_context():
        log = trail.read_log(db.session.connection(), "platform")
    assert log is not None
    return [(e.actor_id, e.actor_name) for e in reversed(log.events)][1:]


def serve(app: Flask, view: Callable[[], object]) -> None:
    """Let *view* answer at /signup."""
    view.erebus_permission = "public"  # type: ignore[attr-defined]
    app.view_functions["auth.signup"] = view


def test_outside_a_request_the_system_acts(app: Flask, ada: str) -> None:
    """O-F1: in an app context, and in a thread of a request's."""

    def work() -> None:
        with app.app_context():
            change("thread")

    def view() -> str:
        thread = Thread(target=work)
        thread.start()
        thread.join()
        return "done"

    serve(app, view)
    with app.app_context():
        change("command")
    app.test_client().get("/signup")

    assert actors(app) == [("system", "System")] * 2


def test_an_actor_who_changes_their_own_name_acts_as_who_they_are(
    app: Flask, ada: str, sign_in: Callable[[str], FlaskClient]
) -> None:
    """O-F2, O-F9: the id is the account's, not the token that the browser holds."""

    def view() -> str:
        with transaction() as session:
            session.get_one(User, current_user.id).name = "Eve"
        return "done"

    client = sign_in("ada@example.com")
    serve(app, view)
    assert client.get("/signup").status_code == 200

    assert actors(app) == [(ada, "Eve")]


def test_events_outlive_their_actor(app: Flask, ada: str, sign_in: Callable[[str], FlaskClient]) -> None:
    """O-F3."""
    client = sign_in("ada@example.com")
    serve(app, lambda: change("x") or "done")
    client.get("/signup")
    with app.app_context(), transaction() as session:
        session.delete(session.get_one(User, ada))

    assert actors(app) == [(ada, "Ada"), ("system", "System")]


def test_signing_in_and_out_is_no_event(app: Flask, ada: str, sign_in: Callable[[str], FlaskClient]) -> None:
    """O-F4."""
    sign_in("ada@example.com").post("/logout")

    assert actors(app) == []


def test_who_acts_for_somebody_else_is_told_inside_a_request_too(
    app: Flask, ada: str, sign_in: Callable[[str], FlaskClient]
) -> None:
    """O-F5: there is no impersonation; `acting_as` names the one who really acts, and ends with its block."""
    other = trail.Actor(trail.ActorKind.KEY, "key_1", "Key")

    def view() -> str:
        with trail.acting_as(other):
            change("x")
        change("y")
        return "done"

    client = sign_in("ada@example.com")
    serve(app, view)
    client.get("/signup")

    assert actors(app) == [("key_1", "Key"), (ada, "Ada")]


def test_nobody_acts_in_the_next_request_as_the_one_before(
    app: Flask, ada: str, sign_in: Callable[[str], FlaskClient]
) -> None:
    """O-F6: not after an exception either."""

    def view() -> str:
        change(f"by {current_user.is_authenticated}")
        if current_user.is_authenticated:
            message = "after the commit"
            raise RuntimeError(message)
        return "done"

    client = sign_in("ada@example.com")
    serve(app, view)
    app.testing = False
    assert client.get("/signup").status_code == 500
    assert app.test_client().get("/signup").status_code == 200

    assert actors(app) == [(ada, "Ada"), ("anonymous", "Somebody")]


@pytest.mark.parametrize("with_context", [True, False])
def test_what_a_stream_changes_is_told_with_the_one_who_asked_as_far_as_it_is_known(
    app: Flask, ada: str, sign_in: Callable[[str], FlaskClient], with_context: bool
) -> None:
    """O-F8: without its context a stream has no request, and the system acts."""

    def stream() -> Iterator[str]:
        if with_context:
            change("x")
        else:
            with app.app_context():
                change("x")
        yield "done"

    client = sign_in("ada@example.com")
    serve(app, lambda: app.response_class(stream_with_context(stream()) if with_context else stream()))
    assert client.get("/signup").text == "done"

    assert actors(app) == [(ada, "Ada") if with_context else ("system", "System")]


def test_what_is_changed_after_the_view_is_told_with_its_actor(
    app: Flask, ada: str, sign_in: Callable[[str], FlaskClient]
) -> None:
    """O-F8: after_request and teardown."""
    client = sign_in("ada@example.com")
    app.after_request_funcs.setdefault(None, []).append(lambda answer: change("a") or answer)
    app.teardown_request_funcs.setdefault(None, []).append(lambda _error: change("b"))
    assert client.get("/login").status_code == 302

    assert actors(app) == [(ada, "Ada")] * 2
