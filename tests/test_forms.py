"""What all forms share: a field that takes one value takes no second, and a page opens at what is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectMultipleField

from erebus import db
from erebus.blueprints.auth import forms as accounts
from erebus.blueprints.auth.models import User
from erebus.blueprints.auth.services import draft_account, register_user
from erebus.blueprints.keys import forms as keys
from erebus.blueprints.projects import forms as projects
from erebus.db import transaction
from erebus.forms import BaseForm, SentTwice
from erebus.trail import read_log
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

EVE = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
FORMS = [
    form
    for module in (accounts, keys, projects)
    for form in vars(module).values()
    if isinstance(form, type) and issubclass(form, BaseForm) and form is not BaseForm
]


class Choices(BaseForm):
    agree = BooleanField()
    days = SelectMultipleField(choices=["monday", "tuesday"])


@pytest.fixture
def ada(app: Flask) -> None:
    with app.app_context():
        draft = draft_account(name="Ada", email="ada@example.com", password=PASSWORD)
        with transaction():
            register_user(draft)


@pytest.mark.parametrize("kind", FORMS, ids=lambda form: form.__name__)
def test_no_field_of_ours_takes_a_second_value(app: Flask, kind: type[BaseForm]) -> None:
    with app.test_request_context(method="POST"):
        names = list(kind(formdata=None)._fields)
        for name in names:
            with pytest.raises(SentTwice):
                kind(formdata=MultiDict([(name, "one"), (name, "another")]))
            kind(formdata=MultiDict([(name, "one")]))


def test_a_field_of_several_choices_takes_several(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        form = Choices(formdata=MultiDict([("agree", "y"), ("days", "monday"), ("days", "tuesday")]))
    assert form.days.data == ["monday", "tuesday"]


@pytest.mark.parametrize("field", ["name", "email", "password"])
def test_it_is_answered_in_words_and_changes_nothing(app: Flask, client: FlaskClient, ada: None, field: str) -> None:
    answer = client.post("/signup", data={**EVE, field: [EVE[field], "something else"]})

    assert answer.status_code == 400
    assert "A field was sent more than once" in answer.text
    assert "Reload the page" in answer.text
    with app.app_context():
        log = read_log(db.session.connection(), "platform")
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
        assert [event.status for event in log.events if log] == [True]


def test_the_form_of_another_library_is_no_exception(client: FlaskClient, ada: None) -> None:
    sent = {"email": ["ada@example.com", "eve@example.com"], "password": PASSWORD}
    assert client.post("/login", data=sent).status_code == 400
    assert client.get("/account").status_code == 302


@pytest.mark.parametrize("twice", [{"theme": ["dark", "light"]}, {"theme": "dark", "next": ["/account", "/projects"]}])
def test_neither_is_a_button(
    app: Flask, sign_in: Callable[[str], FlaskClient], ada: None, twice: dict[str, object]
) -> None:
    answer = sign_in("ada@example.com").post("/account/theme", data=twice)

    assert answer.status_code == 400
    with app.app_context():
        assert db.session.scalar(select(User.theme)) == "system"


@pytest.mark.parametrize(
    ("path", "data", "at"),
    [
        ("/signup", {**EVE, "name": "", "password": ""}, ['name="name"']),
        ("/signup", {**EVE, "password": "short"}, ['name="password"']),
        ("/login", {"email": "eve@example.com", "password": "wrong"}, ['role="alert"']),
        ("/login", None, []),
    ],
)
def test_a_page_opens_at_what_is_wrong_first(
    client: FlaskClient, ada: None, path: str, data: dict[str, str] | None, at: list[str]
) -> None:
    answer = client.post(path, data=data) if data else client.get(path)

    focused = re.findall(r"<[^>]*\bautofocus\b[^>]*>", answer.text)
    assert len(focused) == len(at)
    assert all(name in tag for name, tag in zip(at, focused, strict=True))
