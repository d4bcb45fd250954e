"""Reading: the list page beside its template alone, rows beside plain strings; then with 10,000 full logs behind."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import g, render_template, template_rendered
from flask_login import login_user
from sqlalchemy import select
from ulid import ULID

from benchmarks.rows import rows
from erebus import clock, create_app, db, trail
from erebus.blueprints.audit import presenter
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, Region
from erebus.db import WRITES, transaction
from erebus.permissions import Role
from erebus.scope import PROJECT_CAPACITY
from erebus.trail.ledger import append
from erebus.trail.tables import CONTENT
from erebus.upgrading import upgrade_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection

    from benchmarks.rounds import Rounds
    from benchmarks.workers import Databases

ROUNDS, TIMES, LOGS = 24, 10, 10_000
EMAIL = "ada@example.com"
PASSWORD = secrets.token_hex()
_LINE = {**dict.fromkeys(CONTENT, "x" * 20), "status": True, "changes": "[]"}
_ROWS = """{% from "_macros/events.html" import event %}
{% for shown in events %}{{ event(shown, "audit", "?entity=") }}{% endfor %}"""


def measure(rounds: Rounds, databases: dict[str, Databases]) -> None:
    """Take the rounds that are missing."""
    for kind, own in databases.items():
        measures = [name(kind, what) for what in ("page", "rows", "page among many")]
        if any(rounds.count(m) < ROUNDS for m in measures):
            with tempfile.TemporaryDirectory(prefix="bench") as folder:
                _measure(rounds, measures, Reading(own.make(), Path(folder)))


def name(kind: str, what: str) -> str:
    """Return the name of a measure."""
    return f"reading on {kind}, {what}"


def _measure(rounds: Rounds, measures: list[str], reading: Reading) -> None:
    page, table, among_many = measures
    pages = {"page": reading.page, "template": reading.template}
    rendered = {"template": reading.rows, "plain strings": reading.plain_rows}
    rounds.run(page, ROUNDS, list(pages), lambda v: pages[v]())
    rounds.run(table, ROUNDS, list(rendered), lambda v: rendered[v]())
    reading.add_logs()
    rounds.run(among_many, ROUNDS, list(pages), lambda v: pages[v]())


class Reading:
    """An app with one project whose log is full, and a reader of it. Each measure is the mean of ten, in seconds."""

    def __init__(self, url: str, folder: Path) -> None:
        """Make it on the database at *url*."""
        self.app = create_app({"DATABASE_URL": url, "INSTANCE_PATH": str(folder), "TESTING": True})
        self.app.config["WTF_CSRF_ENABLED"] = False
        upgrade_all(self.app.extensions["erebus"])
        self.reader, self.table = self.app.test_client(), self.app.jinja_env.from_string(_ROWS)
        with self.app.app_context():
            self.project_id, self.address = _fill()
        self.reader.post("/login", data={"email": EMAIL, "password": PASSWORD})
        self.values = self._look()
        with self._request():
            self.events = [presenter.show(e) for e in self.values["log"].events]
            assert _squeezed(self._rows()) == _squeezed(rows(self.events)), "not the same rows"

    def page(self) -> float:
        """Ask for the newest 25 events."""
        return _mean(lambda: self.reader.get(self.address))

    def template(self) -> float:
        """Render what that page renders, from the same values."""
        with self._request():
            return _mean(lambda: render_template("audit/list.html", **self.values))

    def rows(self) -> float:
        """Render the rows of all 100 events."""
        with self._request():
            return _mean(self._rows)

    def plain_rows(self) -> float:
        """Build the same of plain strings."""
        with self._request():
            return _mean(lambda: rows(self.events))

    def add_logs(self) -> None:
        """Put 10,000 full logs beside it."""
        with self.app.app_context(), db.engine.connect().execution_options(**WRITES) as connection:
            for number in range(LOGS):
                _add_log(connection)
                if number % 100 == 0:
                    connection.commit()
            connection.commit()

    def _rows(self) -> str:
        return self.table.render(events=self.events)

    def _look(self) -> dict[str, Any]:
        """Return what the page is rendered from."""
        given: list[dict[str, Any]] = []
        keep = partial(_keep, given)
        with template_rendered.connected_to(keep, self.app):
            assert self.reader.get(self.address).status_code == HTTPStatus.OK
        return given[0]

    @contextmanager
    def _request(self) -> Iterator[None]:
        """Be in a request of the reader's for the page."""
        with self.app.test_request_context(self.address):
            user = db.session.scalars(select(User).where(User.email == EMAIL)).one()
            login_user(user)
            g.project = db.session.get_one(Project, self.project_id)
            g.role = Role.OWNER
            yield


def _keep(given: list[dict[str, Any]], _app: object, context: dict[str, Any], **_: object) -> None:
    given.append(context)


def _mean(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(TIMES):
        do()
    return (time.perf_counter() - begun) / TIMES


def _squeezed(html: str) -> str:
    """Return *html* without the spaces that nobody sees, and without how long ago it was."""
    told = re.sub(r"just now|\d+ \w+ ago", "", " ".join(html.split()))
    return re.sub(r"\s*([<>])\s*", r"\1", told)


def _fill() -> tuple[str, str]:
    """Make a project with a hundred events; return its id and the address of its log."""
    draft = accounts.draft_account(name="Ada", email=EMAIL, password=PASSWORD)
    with transaction():
        ada = accounts.register_user(draft)
    with trail.acting_as(trail.Actor(trail.ActorKind.USER, ada.id, ada.name)):
        with transaction():
            project = projects.create_project(ada, "Benchmark", Region.GLOBAL)
        for number in range(PROJECT_CAPACITY):
            with transaction():
                keys.create_key(project, f"Key {number}", Environment.PRODUCTION, ada)
    return project.id, f"/projects/{project.slug}/audit"


def _add_log(connection: Connection) -> None:
    log_id = f"proj_{ULID()}"
    contents = [{**_LINE, "id": str(ULID()), "project_id": log_id} for _ in range(PROJECT_CAPACITY)]
    append(connection, trail.Log(log_id, log_id, PROJECT_CAPACITY), contents, clock.milliseconds())
