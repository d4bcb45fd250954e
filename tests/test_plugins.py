"""Strangers' features come in by the same door as ours, and are audited without a line changed in Erebus."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint
from sqlalchemy import text

from erebus import create_app, db, plugins
from erebus.db import transaction
from erebus.permissions import requires
from erebus.plugins import Plugin, PluginError
from erebus.trail import read_log, verify
from tests.plugins import notes, tallies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask


@pytest.fixture
def app(blank_database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The app with two strangers' plugins, on a database made by everybody's migrations."""
    settings = {"DATABASE_URL": blank_database_url, "INSTANCE_PATH": str(tmp_path), "TESTING": True}
    app = create_app(settings, plugins=[notes.plugin, tallies.plugin])
    assert app.test_cli_runner().invoke(args=["erebus", "upgrade"]).exit_code == 0
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def project_slug(app: Flask) -> str:
    """A project, made by somebody who has signed up, through the pages."""
    client = app.test_client()
    form = {"name": "Ada Byron", "email": "ada@example.com", "password": "correct horse battery staple 9"}
    app.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/signup", data=form).status_code == 302
    answer = client.post("/projects/new", data={"title": "Engine", "region": "eu"})
    assert answer.status_code == 302
    app.extensions["client"] = client
    return str(answer.location.rstrip("/").rsplit("/", 1)[-1])


def events_of(app: Flask, slug: str) -> list[dict[str, Any]]:
    answer = app.extensions["client"].get(f"/projects/{slug}/audit.json")
    return list(answer.json["events"])


def test_a_plugin_with_words_is_told_in_them(app: Flask, project_slug: str) -> None:
    client = app.extensions["client"]

    assert client.post(f"/projects/{project_slug}/notes", data={"text": "Ship it"}).status_code == 302

    newest = events_of(app, project_slug)[0]
    assert newest["actionDescription"] == "Wrote note"
    assert newest["description"] == "Wrote note 'Ship it'"
    assert (newest["entityType"], newest["status"], newest["actorName"]) == ("note", True, "Ada Byron")
    assert newest["entityId"].startswith("note_")


def test_a_plugin_has_a_page_in_the_projects_sidebar(app: Flask, project_slug: str) -> None:
    page = app.extensions["client"].get(f"/projects/{project_slug}/notes")
    assert page.status_code == 200
    assert f'href="/projects/{project_slug}/notes"' in page.text
    order = [page.text.index(f'href="/projects/{project_slug}/{name}"') for name in ("audit", "notes", "settings")]
    assert order == sorted(order)


def test_a_plugin_without_a_word_is_audited_by_names(app: Flask, project_slug: str) -> None:
    with app.app_context():
        project_id = db.session.execute(text("SELECT id FROM projects")).scalar_one()
        with transaction() as session:
            session.add(tallies.DailyTally(project_id=project_id, count=3))
        with transaction() as session:
            session.get_one(tallies.DailyTally, 1).count = 4
        log = read_log(db.session.connection(), project_id)
        assert log is not None
        told = [(e.actor_id, e.description, e.changes) for e in log.events[:2]]
        assert verify(db.session.connection(), log).is_sound

    assert told == [
        ("system", "Updated daily tally: count", ({"field": "count", "name": "count", "hidden": "unrecorded"},)),
        ("system", "Created daily tally", ()),
    ]


def test_each_plugin_has_a_line_of_migrations_of_its_own_and_running_them_again_is_safe(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["erebus", "upgrade"]).exit_code == 0
    with app.app_context():
        versions = {
            table: db.session.execute(text(f"SELECT version_num FROM {table}")).scalar_one()
            for table in ("alembic_version_notes", "alembic_version_tallies")
        }
    assert versions == {"alembic_version_notes": "notes_0001", "alembic_version_tallies": "tallies_0001"}


def test_an_installed_plugin_comes_in_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    door = EntryPoint("notes", "tests.plugins.notes:plugin", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda *, group: [door] if group == plugins.GROUP else [])
    assert plugins.load([]) == [notes.plugin]


@pytest.mark.parametrize("built_in", ["auth", "projects", "keys", "audit"])
def test_a_name_is_claimed_once(built_in: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=f"two plugins are named '{built_in}'"):
        create_app({"INSTANCE_PATH": str(tmp_path)}, plugins=[Plugin(name=built_in)])


def test_an_entry_point_that_leads_elsewhere_is_named() -> None:
    with pytest.raises(PluginError, match=r"leads to erebus\.clock:now, which is no Plugin"):
        plugins.load(["erebus.clock:now"])


def test_a_route_without_a_mark_is_named(tmp_path: Path) -> None:
    bp = Blueprint("stray", __name__)
    bp.add_url_rule("/stray", "page", lambda: "x")
    with pytest.raises(PluginError, match=r"the route stray\.page has neither @requires nor @public"):
        create_app({"INSTANCE_PATH": str(tmp_path)}, plugins=[Plugin(name="stray", blueprints=(bp,))])


def test_a_route_with_a_permission_that_nobody_declares_is_named(tmp_path: Path) -> None:
    bp = Blueprint("stray", __name__)
    bp.add_url_rule("/stray", "page", requires("project:stray:read")(lambda: "x"))
    with pytest.raises(PluginError, match="asks for 'project:stray:read', which no feature declares"):
        create_app({"INSTANCE_PATH": str(tmp_path)}, plugins=[Plugin(name="stray", blueprints=(bp,))])


def test_a_built_in_model_that_nobody_tells_of_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies.DailyTally, "__module__", "erebus.blueprints.keys.models")
    with pytest.raises(PluginError, match="DailyTally is neither described for the log nor exempt"):
        create_app({"INSTANCE_PATH": str(tmp_path)})
