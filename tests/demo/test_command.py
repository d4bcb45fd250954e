"""``flask erebus demo``: what it prints, and what it leaves alone."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from erebus import create_app, db
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.auth.models import User
from erebus.blueprints.projects.models import Region
from erebus.blueprints.projects.services import TitleIsTaken
from erebus.demo import deeds, making, moments
from erebus.demo.stage import Scene, Stage
from erebus.trail import metadata
from tests.conftest import transaction
from tests.databases import Databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskCliRunner

DEMO = ["erebus", "demo", "--address", "http://127.0.0.1:5055"]


@pytest.fixture
def other(settings: dict[str, Any], databases: Databases, migrated: str, tmp_path: Path) -> Iterator[Any]:
    """``other(DEMO_PASSWORD=…)`` is an app with another database and the same instance folder."""
    apps: list[Flask] = []
    with databases.lend(tmp_path / "other.db", migrated) as url:

        def other(**more: str) -> Flask:
            apps.append(create_app({**settings, "DATABASE_URL": url, **more}))
            return apps[-1]

        yield other
        for app in apps:
            with app.app_context():
                db.engine.dispose()


def password_in(output: str) -> str:
    return output.partition("Password of all: ")[2].split()[0]


def rows(app: Flask) -> int:
    with app.app_context():
        count = select(func.count()).select_from(metadata.tables["audit_events"])
        return db.session.scalar(count) or 0


def test_prints_address_accounts_and_password_and_the_same_the_second_time(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    first = runner.invoke(args=DEMO)
    written = rows(app)
    second = runner.invoke(args=DEMO)
    assert first.exit_code == second.exit_code == 0
    assert "http://127.0.0.1:5055" in first.output
    told = second.output.removeprefix("The demo is there already. Nothing was changed.\n")
    assert told != second.output
    assert first.output.endswith(told)
    assert rows(app) == written
    for email in ("admin", "owner", "colleague", "developer", "support"):
        assert f"{email}@example.com" in second.output
    kept = tmp_path / "demo.password"
    assert kept.read_text() == password_in(second.output)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_takes_the_password_of_the_setting(settings: dict[str, Any]) -> None:
    app = create_app({**settings, "DEMO_PASSWORD": "12345678"})
    assert password_in(app.test_cli_runner().invoke(args=DEMO).output) == "12345678"
    with app.app_context():
        db.engine.dispose()


def test_a_demo_in_another_database_takes_the_password_that_is_kept(
    runner: FlaskCliRunner, other: Callable[..., Flask], tmp_path: Path
) -> None:
    first = password_in(runner.invoke(args=DEMO).output)
    second = password_in(other().test_cli_runner().invoke(args=DEMO).output)
    assert first == second == (tmp_path / "demo.password").read_text()


def test_a_demo_with_a_password_of_its_own_does_not_make_another_one_forgotten(
    runner: FlaskCliRunner, other: Callable[..., Flask]
) -> None:
    first = password_in(runner.invoke(args=DEMO).output)
    for _ in range(2):
        assert password_in(other(DEMO_PASSWORD="12345678").test_cli_runner().invoke(args=DEMO).output) == "12345678"
    assert password_in(runner.invoke(args=DEMO).output) == first


def test_no_password_is_kept_that_no_account_was_given(
    other: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop(*_arguments: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "demo.password").write_text("amber-otter-lantern-42")
    monkeypatch.setattr(Stage, "register", stop)
    assert other(DEMO_PASSWORD="12345678").test_cli_runner().invoke(args=DEMO).exit_code != 0
    assert (tmp_path / "demo.password").read_text() == "amber-otter-lantern-42"


def test_says_that_a_password_was_changed_since(app: Flask, runner: FlaskCliRunner) -> None:
    runner.invoke(args=DEMO)
    with app.app_context(), transaction():
        user = db.session.scalars(select(User).where(User.email == "owner@example.com")).one()
        accounts.change_password(user, "another hash")
    lines = [line for line in runner.invoke(args=DEMO).output.splitlines() if "@example.com" in line]
    assert [line for line in lines if "changed since" in line] == [line for line in lines if "owner@" in line]


@pytest.mark.parametrize("password", ["x" * 129, "a\tb", "  "])
def test_refuses_a_password_with_which_nobody_could_sign_in(settings: dict[str, Any], password: str) -> None:
    app = create_app({**settings, "DEMO_PASSWORD": password})
    result = app.test_cli_runner().invoke(args=DEMO)
    assert result.exit_code == 1
    assert "EREBUS_DEMO_PASSWORD" in result.output
    assert rows(app) == 0
    with app.app_context():
        db.engine.dispose()


def test_leaves_a_database_alone_that_has_other_accounts(app: Flask, runner: FlaskCliRunner) -> None:
    with app.app_context():
        draft = accounts.draft_account(name="Ada", email="ada@example.org", password="x")
        with transaction():
            accounts.register_user(draft)
    written = rows(app)
    result = runner.invoke(args=DEMO)
    assert result.exit_code == 1
    assert "EREBUS_INSTANCE_PATH" in result.output
    assert "Traceback" not in result.output
    assert rows(app) == written


def test_says_that_an_earlier_run_was_interrupted(runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Stage, "play", stop)
        assert runner.invoke(args=DEMO).exit_code != 0
    result = runner.invoke(args=DEMO)
    assert result.exit_code == 1
    assert "interrupted" in result.output


def test_stops_where_the_rules_do_not_answer_as_the_story_has_it(
    runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    deed = deeds.create_project("chat", "Kiteline Chat", Region.EU)
    scene = Scene(moments.ago(10), "owner", deed, refusal=TitleIsTaken)
    monkeypatch.setattr(making.story, "tell", lambda now: [(now, scene)])
    error = runner.invoke(args=DEMO).exception
    assert isinstance(error, RuntimeError)
    assert "TitleIsTaken" in str(error)
