"""``flask erebus roles``: on PostgreSQL the app works as a role that owns nothing, which suffices for all it does."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, make_url, text

from erebus import create_app, db
from tests.conftest import DATABASE, PASSWORD
from tests.plugins import notes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from flask import Flask

pytestmark = pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite knows no roles")
SECRET = "hunter2 of the app"
SIGN_UP = {"name": "Ada Byron", "email": "ada@example.com", "password": PASSWORD}


@dataclass
class Place:
    """An empty database, with addresses of a superuser, of its owner, and of a role that is not there yet."""

    superuser: str
    owner: str
    app: str
    settings: dict[str, Any]

    @property
    def role(self) -> str:
        return str(make_url(self.app).username)

    def ask(self, question: str, **values: str) -> Any:
        engine = create_engine(self.superuser)
        with engine.begin() as connection:
            answer = connection.execute(text(question), values)
            found = answer.scalar() if answer.returns_rows else None
        engine.dispose()
        return found

    def make(self, **settings: str) -> Flask:
        return create_app({**self.settings, **settings}, plugins=[notes.plugin])

    def run(self, *arguments: str, typed: str = "", **settings: str) -> Result:
        app = self.make(**settings)
        result = app.test_cli_runner().invoke(args=["erebus", *arguments], input=typed)
        with app.app_context():
            db.engine.dispose()
        return result


def address(url: str, user: str, password: str | None = None) -> str:
    return make_url(url).set(username=user, password=password).render_as_string(hide_password=False)


@pytest.fixture
def place(blank_database_url: str, tmp_path: Path) -> Iterator[Place]:
    mark = uuid.uuid4().hex
    owner, app = address(blank_database_url, f"owner_{mark}"), address(blank_database_url, f"app_{mark}", SECRET)
    settings = {"DATABASE_URL": app, "OWNER_DATABASE_URL": owner, "INSTANCE_PATH": str(tmp_path), "TESTING": True}
    place = Place(blank_database_url, owner, app, settings)
    place.ask(f"CREATE ROLE owner_{mark} LOGIN CREATEROLE")
    place.ask(f"ALTER DATABASE {make_url(blank_database_url).database} OWNER TO owner_{mark}")
    yield place
    for role in (f"app_{mark}", f"owner_{mark}"):
        if place.ask("SELECT true FROM pg_roles WHERE rolname = :role", role=role):
            place.ask(f"REASSIGN OWNED BY {role} TO postgres")
            place.ask(f"DROP OWNED BY {role}")
            place.ask(f"DROP ROLE {role}")


def test_the_app_works_as_a_role_that_owns_nothing(place: Place) -> None:
    assert place.run("upgrade").output == "The tables are up to date.\n"
    assert place.run("roles").exit_code == 0

    app = place.make(OWNER_DATABASE_URL="")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/signup", data=SIGN_UP).status_code == 302
    made = client.post("/projects/new", data={"title": "Engine", "region": "eu"})
    slug = made.location.rstrip("/").rsplit("/", 1)[-1]
    assert client.post(f"/projects/{slug}/notes", data={"text": "x"}).status_code == 302
    assert app.test_cli_runner().invoke(args=["erebus", "capacity", slug, "10"]).exit_code == 0
    page = client.get(f"/projects/{slug}/audit")
    assert "Wrote note" in page.text
    assert "Chain verified" in page.text
    with app.app_context():
        assert db.session.execute(text("SELECT current_user")).scalar() == place.role
        db.session.remove()
        db.engine.dispose()


def owner_line(result: Result) -> str:
    return next(line for line in result.stdout.splitlines() if " owner " in line)


def test_the_doctor_warns_as_long_as_the_app_could_get_past_the_triggers(place: Place) -> None:
    assert place.run("upgrade").exit_code == 0
    place.ask(f"CREATE ROLE {place.role} LOGIN")
    place.ask(f"GRANT {make_url(place.owner).username} TO {place.role}")
    place.run("verify")  # what it must ask for beside

    one_role, doctor = place.run("doctor", DATABASE_URL=place.owner), place.run("doctor")
    place.ask(f"REVOKE {make_url(place.owner).username} FROM {place.role}")
    place.ask(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {place.role}")
    early = place.run("doctor")
    assert place.run("roles").exit_code == 0
    late = place.run("doctor")

    assert [one_role.exit_code, doctor.exit_code, late.exit_code] == [0, 0, 0], one_role.output
    assert owner_line(one_role).startswith("warn ")
    assert "it may make roles; it owns tables of Erebus" in owner_line(one_role)
    assert "it owns tables of Erebus, or is a member of the role that does" in owner_line(doctor)
    assert (
        owner_line(early)
        == f"warn  owner         the app's role {place.role} owns nothing, but may make temporary tables"
    )
    assert owner_line(late) == f"well  owner         the app's role {place.role} owns nothing"


def test_it_may_be_run_before_the_tables_are_made_and_again_afterwards(place: Place) -> None:
    made, again = place.run("roles"), place.run("roles")
    assert made.output == f"The role {place.role} was made.\nIt may read and write rows, and owns nothing.\n"
    assert again.output == f"The role {place.role} was there already.\nIt may read and write rows, and owns nothing.\n"

    assert place.run("upgrade").exit_code == 0
    may = "SELECT has_table_privilege(:role, :table, :right)"
    assert place.ask(may, role=place.role, table="projects", right="SELECT, INSERT, UPDATE, DELETE")
    assert place.ask(may, role=place.role, table="project_notes", right="DELETE")

    assert place.run("roles").exit_code == 0
    assert not place.ask(may, role=place.role, table="audit_logs", right="DELETE")
    assert not place.ask(may, role=place.role, table="audit_zero", right="INSERT")
    assert not place.ask(may, role=place.role, table="alembic_version", right="UPDATE")
    assert not place.ask(may, role=place.role, table="audit_events", right="TRUNCATE")
    assert not place.ask(may, role=place.role, table="audit_events", right="TRIGGER")


def test_its_password_reaches_neither_the_output_nor_the_server(place: Place) -> None:
    assert SECRET not in place.run("roles").output

    kept = place.ask("SELECT rolpassword FROM pg_authid WHERE rolname = :role", role=place.role)
    assert kept.startswith("SCRAM-SHA-256$")


def test_a_password_that_is_not_in_the_address_is_asked_for(place: Place) -> None:
    answer = place.run("roles", typed=f"{SECRET}\n{SECRET}\n", DATABASE_URL=address(place.app, place.role))

    assert answer.exit_code == 0, answer.output
    assert SECRET not in answer.output
    assert place.ask("SELECT rolpassword FROM pg_authid WHERE rolname = :role", role=place.role)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("ALTER ROLE {app} SUPERUSER", "it is a superuser"),
        ("ALTER ROLE {app} CREATEROLE", "it may make roles"),
        ("GRANT {owner} TO {app}", "it owns tables of Erebus, or is a member of the role that does"),
        ("ALTER TABLE audit_events OWNER TO {app}", "it owns tables of Erebus"),
        ("ALTER DATABASE {database} OWNER TO {app}", "it owns the schema or the database"),
    ],
)
def test_a_role_that_could_get_past_the_triggers_is_refused(place: Place, statement: str, reason: str) -> None:
    assert place.run("upgrade").exit_code == 0
    place.ask(f"CREATE ROLE {place.role} LOGIN")
    url = make_url(place.owner)
    place.ask(statement.format(app=place.role, owner=url.username, database=url.database))

    answer = place.run("roles")

    assert answer.exit_code == 1
    assert reason in answer.output


def test_tables_that_the_app_owned_so_far_can_be_handed_over_as_the_readme_says(place: Place) -> None:
    place.ask(f"CREATE ROLE {place.role} LOGIN")
    owner = make_url(place.owner)
    place.ask(f"ALTER DATABASE {owner.database} OWNER TO {place.role}")
    assert place.run("upgrade", OWNER_DATABASE_URL="").exit_code == 0

    place.ask(f"ALTER DATABASE {owner.database} OWNER TO {owner.username}")
    place.ask(f"REASSIGN OWNED BY {place.role} TO {owner.username}")

    assert place.run("roles").exit_code == 0
    assert place.run("upgrade").exit_code == 0


def test_an_owner_who_may_not_make_roles_is_told_so(place: Place) -> None:
    place.ask(f"ALTER ROLE {make_url(place.owner).username} NOCREATEROLE")

    answer = place.run("roles")

    assert answer.exit_code == 1
    assert "the role in EREBUS_OWNER_DATABASE_URL may not do this: permission denied to create role" in answer.output


def test_what_only_the_owner_of_the_database_can_take_away_is_said(place: Place) -> None:
    place.ask(f"ALTER DATABASE {make_url(place.owner).database} OWNER TO postgres")
    place.ask(f"GRANT CREATE ON SCHEMA public TO {make_url(place.owner).username}")

    answer = place.run("roles")

    assert answer.exit_code == 0, answer.output
    assert "Warning: it may make temporary tables. Only the owner of the database can end that" in answer.output


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"OWNER_DATABASE_URL": ""}, "EREBUS_OWNER_DATABASE_URL another, who owns the tables"),
        ({"OWNER_DATABASE_URL": "{app}"}, "EREBUS_DATABASE_URL must name the app's role"),
        ({"OWNER_DATABASE_URL": "postgresql://owner@localhost/another"}, "must lead to the same database"),
        ({"DATABASE_URL": "", "OWNER_DATABASE_URL": ""}, "SQLite knows no roles"),
    ],
)
def test_addresses_that_cannot_work_are_named(place: Place, settings: dict[str, str], message: str) -> None:
    answer = place.run("roles", **{name: value.format(app=place.app) for name, value in settings.items()})

    assert answer.exit_code == 1
    assert message in answer.output
