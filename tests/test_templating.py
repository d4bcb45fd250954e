"""What templates can ask for, seen in the pages that a browser gets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import g, render_template_string

from erebus import clock, db
from erebus.blueprints.auth.models import Theme, User
from erebus.db import transaction
from erebus.permissions import Role
from erebus.templating import Link, navigation
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient

MOMENT = datetime(2026, 11, 24, 9, 41, 7, 250_000, tzinfo=UTC)


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    """The browser of somebody who has just signed up, and owns the project *Engine*."""
    client = app.test_client()
    form = {"name": "Ada Byron", "email": "ada@example.com", "password": PASSWORD}
    assert client.post("/signup", data=form).status_code == 302
    assert client.post("/projects/new", data={"title": "Engine", "region": "eu"}).status_code == 302
    return client


@pytest.fixture
def change_ada(app: Flask, ada: FlaskClient) -> Callable[..., None]:
    """``change_ada(theme=Theme.DARK)`` changes her account."""

    def change(**values: Any) -> None:
        with app.app_context(), transaction():
            user = db.session.scalars(db.select(User)).one()
            for name, value in values.items():
                setattr(user, name, value)

    return change


@pytest.fixture
def say(app: Flask) -> Iterator[Callable[..., str]]:
    """``say("{{ x | utc }}", x=…)`` is what a template says to somebody who is not signed in."""
    with app.test_request_context("/"):
        g.request_id = "request"
        yield render_template_string


def sidebar(html: str) -> str:
    """The project's own menu in *html*."""
    return html.partition("<aside")[2].partition("</aside>")[0]


def texts(html: str) -> list[str]:
    """The pieces of text between the tags of *html*."""
    return [text.strip() for text in re.findall(r"[^<>]+(?=<)", html) if text.strip()]


# Times and numbers


@pytest.mark.parametrize("moment", [MOMENT, MOMENT.astimezone(), int(MOMENT.timestamp() * 1000)])
def test_a_moment_is_shown_in_utc_to_the_second(say: Callable[..., str], moment: datetime | int) -> None:
    assert say("{{ x | utc }}", x=moment) == "2026-11-24 09:41:07 UTC"
    assert say("{{ x | local }}", x=moment) == "2026-11-24 09:41:07 UTC"
    assert say("{{ x | iso }}", x=moment) == "2026-11-24T09:41:07.250Z"


def test_a_moment_is_shown_to_the_millisecond_where_that_is_asked_for(say: Callable[..., str]) -> None:
    assert say("{{ x | utc(exact=true) }}", x=MOMENT) == "2026-11-24 09:41:07.250 UTC"
    assert say("{{ x | local(exact=true) }}", x=MOMENT) == "2026-11-24 09:41:07.250 UTC"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "2026-11-24 10:41:07 UTC+01:00"),
        ("Asia/Kathmandu", "2026-11-24 15:26:07 UTC+05:45"),
        ("America/St_Johns", "2026-11-24 06:11:07 UTC-03:30"),
        ("Europe/London", "2026-11-24 09:41:07 UTC+00:00"),
        ("UTC", "2026-11-24 09:41:07 UTC"),
    ],
)
def test_a_moment_is_shown_in_the_readers_zone_with_its_offset(
    app: Flask, change_ada: Callable[..., None], zone: str, shown: str
) -> None:
    change_ada(time_zone=zone)
    with app.test_request_context("/"), app.app_context():
        g._login_user = db.session.scalars(db.select(User)).one()
        assert render_template_string("{{ x | local }}", x=MOMENT) == shown


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(), "just now"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=-7), "in 1 week"),
    ],
)
def test_a_moment_is_told_in_words(say: Callable[..., str], ago: timedelta, words: str) -> None:
    with clock.at(MOMENT):
        assert say("{{ x | relative }}", x=MOMENT - ago) == words


def test_a_macro_shows_a_moment_three_ways_and_none_twice(app: Flask, change_ada: Callable[..., None]) -> None:
    template = "{% from '_macros/ui.html' import time %}{{ time(x) }}"
    change_ada(time_zone="Europe/Berlin")
    with app.test_request_context("/"), clock.at(MOMENT + timedelta(minutes=3)):
        unknown = render_template_string(template, x=MOMENT)
        g._login_user = db.session.scalars(db.select(User)).one()
        known = render_template_string(template, x=MOMENT)

    assert texts(unknown) == ["2026-11-24 09:41:07 UTC", "3 minutes ago"]
    assert texts(known) == ["2026-11-24 09:41:07 UTC", "2026-11-24 10:41:07 UTC+01:00", "3 minutes ago"]
    assert 'datetime="2026-11-24T09:41:07.250Z"' in known


def test_thousands_are_told_apart(say: Callable[..., str]) -> None:
    assert say("{{ 1234567 | number }}, {{ 999 | number }}") == "1,234,567, 999"


def test_a_tight_text_is_read_by_a_browser_as_it_was(say: Callable[..., str]) -> None:
    text = "<dl><div><dt>a</dt><dd>b</dd><dd>c</dd></div></dl><ol><li>d</li><li>e<ul><li>f</li></ul></li></ol><p>g</p>"

    assert say("{% filter tight %}" + text + "{% endfilter %}") == (
        "<dl><div><dt>a<dd>b<dd>c</div></dl><ol><li>d<li>e<ul><li>f</ul></ol><p>g</p>"
    ), "the end tags that the next tag implies are left out, and no others"


# The reader and the page


def test_a_tight_text_is_the_same_markup_without_indentation(say: Callable[..., str]) -> None:
    text = "{% filter tight %}<p>\n    one\n\n    {{ x }}\n  </p>{% endfilter %}"
    assert say(text, x="<i>\n  two") == "<p>\none\n&lt;i&gt;\ntwo\n</p>"


def test_a_tight_text_keeps_the_space_between_words(say: Callable[..., str]) -> None:
    text = "{% filter tight %}<ul>\n  <li>\n  <b>a</b>\n  <b>b</b>\n  </li>\n</ul>{% endfilter %}"
    assert say(text) == "<ul><li>\n<b>a</b>\n<b>b</b></ul>"


@pytest.mark.parametrize("theme", list(Theme))
def test_the_theme_is_the_readers(ada: FlaskClient, change_ada: Callable[..., None], theme: Theme) -> None:
    change_ada(theme=theme)
    assert f'data-theme="{theme}"' in ada.get("/projects").text


def test_whoever_is_not_signed_in_sees_the_theme_of_their_device(client: FlaskClient) -> None:
    assert 'data-theme="system"' in client.get("/login").text


@pytest.mark.parametrize(
    ("path", "label", "current"),
    [
        ("/projects/engine", "Overview", "page"),
        ("/projects/engine/keys", "API Keys", "page"),
        ("/projects/engine/keys/new", "API Keys", "true"),
        ("/projects/engine/audit", "Audit Logs", "page"),
        ("/projects/engine/audit.csv", "Audit Logs", "true"),
        ("/projects/engine/records", "Audit Logs", "true"),
        ("/projects/engine/settings", "Settings", "page"),
        ("/projects/engine/delete", "Settings", "true"),
    ],
)
def test_the_sidebar_marks_where_one_is(ada: FlaskClient, path: str, label: str, current: str) -> None:
    side = sidebar(ada.get(path).text)
    assert re.findall(r'aria-current="(\w+)">\s*([\w ]+?)\s*<(?:span class="count"|/a)', side) == [(current, label)]


def test_the_sidebar_has_the_lines_that_the_reader_may_follow_in_order(app: Flask, ada: FlaskClient) -> None:
    with ada:
        ada.get("/projects/engine")
        links = navigation()
        g.role = Role.SUPPORT
        links_of_support = navigation()

    assert [link.label for link in links_of_support] == ["Overview", "Audit Logs"]
    assert [link.label for link in links] == ["Overview", "API Keys", "Audit Logs", "Members", "Settings"]
    assert links[0] == Link("Overview", "/projects/engine", None, "page")
    assert (links[1].href, links[1].count) == ("/projects/engine/keys", 0)


# Pages for errors


def test_an_error_page_says_what_to_do_next_also_to_strangers(client: FlaskClient) -> None:
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert "Check the address." in page.text
    assert 'href="/login"' in page.text
