"""What people do with webhook endpoints, and what the log says of it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, ProjectStatus
from erebus.db import db, transaction
from webhook_endpoints.models import WebhookEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient

    from erebus.testing import Account, Workspace
    from erebus.trail import AuditEvent

    Log = Callable[..., tuple[AuditEvent, ...]]
    SignIn = Callable[..., FlaskClient]

URL = "https://hooks.example.com"


@pytest.fixture
def client(erebus_client: SignIn, ada: Account) -> FlaskClient:
    return erebus_client(ada)


@pytest.fixture
def page(project: Workspace) -> str:
    """The address of the list."""
    return f"/projects/{project.slug}/webhooks"


@pytest.fixture
def endpoint(erebus_app: Flask, client: FlaskClient, page: str) -> str:
    """The address of an active endpoint with `URL`, without what is to be done with it."""
    assert client.post(f"{page}/new", data={"url": URL}).status_code == 201
    with erebus_app.app_context():
        return f"{page}/{db.session.scalars(db.select(WebhookEndpoint.id)).one()}"


def archive(app: Flask, project: Workspace) -> None:
    with app.app_context(), transaction() as session:
        projects.change_status(session.get_one(Project, project.id), ProjectStatus.ARCHIVED)


def test_adding_one_shows_its_secret_once_and_keeps_a_digest(
    erebus_app: Flask, client: FlaskClient, page: str, project: Workspace, audit_log: Log
) -> None:
    answer = client.post(f"{page}/new", data={"url": " https://Hooks.example.com "})

    secret = re.findall(r"hook-er-[\w-]{43}", answer.text)[0]
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert secret not in client.get(page).text
    with erebus_app.app_context():
        endpoint = db.session.scalars(db.select(WebhookEndpoint)).one()
        assert (endpoint.url, endpoint.digest) == (URL, hashlib.sha256(secret.encode()).hexdigest())
    newest = audit_log(project)[0]
    assert secret not in repr(newest)
    assert newest.description == f"Added webhook endpoint '{URL}' of project 'Engine'"
    assert newest.changes == (
        {"field": "url", "name": "URL", "before": None, "after": URL},
        {"field": "status", "name": "status", "before": None, "after": "active"},
        {"field": "project_id", "name": "project", "before": None, "after": project.id},
        {"field": "digest", "name": "secret", "hidden": "secret"},
    )


def test_pausing_resuming_and_deleting_are_told_in_their_own_words(
    client: FlaskClient, endpoint: str, project: Workspace, audit_log: Log, ada: Account
) -> None:
    for step in ("pause", "resume", "pause", "delete"):
        assert client.post(f"{endpoint}/{step}").status_code == 302

    told = audit_log(project)[:4]
    assert [event.action_description for event in told] == [
        "Deleted webhook endpoint",
        "Paused webhook endpoint",
        "Resumed webhook endpoint",
        "Paused webhook endpoint",
    ]
    assert {(event.status, event.actor_id, event.entity_id) for event in told} == {
        (True, ada.id, endpoint.rpartition("/")[2])
    }


def test_pausing_what_is_paused_is_no_event(
    client: FlaskClient, endpoint: str, project: Workspace, audit_log: Log
) -> None:
    client.post(f"{endpoint}/pause")
    before = len(audit_log(project))

    assert client.post(f"{endpoint}/pause").status_code == 302
    assert len(audit_log(project)) == before


def test_a_url_is_there_once_a_project_and_the_constraint_says_so_in_our_words(
    client: FlaskClient, page: str, endpoint: str, project: Workspace, audit_log: Log
) -> None:
    answer = client.post(f"{page}/new", data={"url": URL})

    assert answer.status_code == 409
    assert f"The project already has an endpoint {URL}." in answer.text
    newest = audit_log(project)[0]
    assert (newest.status, newest.action, newest.entity_label) == (False, "create", URL)
    assert newest.description.startswith(f"Tried to add webhook endpoint '{URL}' of project 'Engine'. Not done: The ")


@pytest.mark.parametrize(
    ("url", "status", "kept"),
    [
        ("http://hooks.example.com", 409, "http://hooks.example.com"),
        ("https://a:b@c.example", 409, "https://…@c.example"),
    ],
)
def test_what_is_no_webhook_url_is_refused_and_kept_without_credentials(
    client: FlaskClient, page: str, project: Workspace, audit_log: Log, url: str, status: int, kept: str
) -> None:
    assert client.post(f"{page}/new", data={"url": url}).status_code == status

    newest = audit_log(project)[0]
    assert (newest.status, newest.changes[0]["after"]) == (False, kept)


def test_no_url_at_all_is_a_typing_error_and_no_event(
    client: FlaskClient, page: str, project: Workspace, audit_log: Log
) -> None:
    before = audit_log(project)

    assert client.post(f"{page}/new", data={"url": ""}).status_code == 422
    assert audit_log(project) == before


def test_a_sixth_endpoint_is_refused(client: FlaskClient, page: str, project: Workspace, audit_log: Log) -> None:
    for number in range(5):
        assert client.post(f"{page}/new", data={"url": f"https://{number}.example.com"}).status_code == 201

    assert client.post(f"{page}/new", data={"url": URL}).status_code == 409
    assert audit_log(project)[0].reason == "A project has at most 5 endpoints. Delete one that is not needed first."


def test_an_active_endpoint_is_not_deleted(
    client: FlaskClient, endpoint: str, project: Workspace, audit_log: Log
) -> None:
    answer = client.post(f"{endpoint}/delete")

    assert answer.status_code == 409
    assert "Pause it first." in answer.text
    assert (audit_log(project)[0].status, audit_log(project)[0].action) == (False, "delete")


@pytest.mark.parametrize("step", ["pause", "resume", "delete"])
def test_in_an_archived_project_nothing_changes(
    erebus_app: Flask, client: FlaskClient, endpoint: str, project: Workspace, audit_log: Log, step: str
) -> None:
    archive(erebus_app, project)

    assert client.post(f"{endpoint}/{step}").status_code == 409
    assert "archived" in str(audit_log(project)[0].reason)


@pytest.mark.parametrize("step", ["pause", "resume", "delete", "new"])
def test_who_may_only_read_is_refused_and_told(
    erebus_client: SignIn, eve: Account, endpoint: str, page: str, project: Workspace, audit_log: Log, step: str
) -> None:
    address = f"{page}/new" if step == "new" else f"{endpoint}/{step}"

    assert erebus_client(eve).post(address, data={"url": URL}).status_code == 403
    newest = audit_log(project)[0]
    assert (newest.status, newest.actor_name) == (False, "Eve Holt")
    assert "This takes the role admin or owner." in str(newest.reason)


def test_the_page_is_in_the_sidebar_for_those_who_may_read_it(erebus_client: SignIn, eve: Account, page: str) -> None:
    answer = erebus_client(eve).get(page)

    assert answer.status_code == 200
    assert f'href="{page}"' in answer.text
    assert "Add endpoint" not in answer.text


def test_strangers_find_nothing(
    erebus_client: SignIn, erebus_user: Callable[[str], Account], endpoint: str, page: str
) -> None:
    stranger = erebus_client(erebus_user("Max Roth"))

    assert stranger.get(page).status_code == 404
    assert stranger.post(f"{endpoint}/pause").status_code == 404


def test_the_endpoint_of_another_project_is_not_found(
    client: FlaskClient, erebus_project: Callable[..., Workspace], ada: Account, endpoint: str
) -> None:
    other = erebus_project(ada, "Other")

    assert client.post(f"/projects/{other.slug}/webhooks/{endpoint.rpartition('/')[2]}/pause").status_code == 404


def test_endpoints_go_with_their_project_each_as_a_line(
    erebus_app: Flask, endpoint: str, project: Workspace, audit_log: Log
) -> None:
    with erebus_app.app_context(), transaction() as session:
        projects.delete_project(session.get_one(Project, project.id), "Engine")

    gone, endpoint_gone = audit_log(project)[0], audit_log(project)[1:4]
    assert gone.action_description == "Deleted project"
    assert "Deleted webhook endpoint" in {event.action_description for event in endpoint_gone}


def test_the_migration_makes_the_table_that_the_model_says(erebus_app: Flask) -> None:
    with erebus_app.app_context():
        found = db.inspect(db.engine)
        columns = {column["name"]: column["nullable"] for column in found.get_columns("webhook_endpoints")}
        unique = {constraint["name"] for constraint in found.get_unique_constraints("webhook_endpoints")}
    assert columns == {column.name: column.nullable for column in WebhookEndpoint.__table__.columns}
    assert unique == {"uq_webhook_endpoints_project_id_url"}
