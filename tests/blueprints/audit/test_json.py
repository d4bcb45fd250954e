"""The log as JSON: the fields of the specification's example, then ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from erebus.trail import AuditLog
from tests.blueprints.audit.conftest import Place

SPECIFIED = {
    "id": str,
    "actorId": str,
    "action": str,
    "actionDescription": str,
    "entityType": str,
    "entityId": str,
    "projectId": str,
    "description": str,
    "status": bool,
    "createdAt": int,
}
OURS = {
    "number": int,
    "actorKind": str,
    "actorName": str,
    "actorImage": str,
    "reason": type(None),
    "changes": list,
    "requestId": type(None),
    "hash": str,
    "previousHash": str,
}


def test_event_has_the_specified_fields_in_their_order_and_types(
    reader: FlaskClient, project: Place, write: Callable, log: Callable[[], AuditLog]
) -> None:
    write(1)
    event = log().events[0]

    answer = reader.get(f"/projects/{project.slug}/audit/{event.id}.json")
    told = answer.get_json()

    assert answer.mimetype == "application/json"
    assert {name: type(value) for name, value in told.items()} == {**SPECIFIED, **OURS}
    assert list(told) == [*SPECIFIED, *OURS]
    assert told["description"] == "Created development API key 'Key 000' for project 'My Chat App'"
    assert told["actionDescription"] == "Generated new API key"
    assert told["projectId"] == project.id
    assert told["hash"] == event.hash.hex()
    assert {"field": "digest", "name": "secret", "hidden": "secret"} in told["changes"]


def test_event_is_there_by_its_number_as_well(reader: FlaskClient, project: Place, log: Callable[[], AuditLog]) -> None:
    for event in log().events:
        by_id, by_number = (reader.get(f"/projects/{project.slug}/audit/{a}.json") for a in (event.id, event.number))
        assert by_id.get_json() == by_number.get_json()
        assert by_id.get_json()["number"] == event.number


def test_failure_has_status_false_and_the_reason(
    reader: FlaskClient, project: Place, refuse: Callable, log: Callable[[], AuditLog]
) -> None:
    refuse()

    told = reader.get(f"/projects/{project.slug}/audit/{log().events[0].id}.json").get_json()

    assert told["status"] is False
    assert told["reason"]
    assert told["description"].endswith(f"Not done: {told['reason']}")


def test_pages_can_be_followed_to_the_end(reader: FlaskClient, project: Place, write: Callable) -> None:
    write(60)
    found, before = [], None
    for _ in range(3):
        told = reader.get(f"/projects/{project.slug}/audit.json", query_string={"before": before or 64}).get_json()
        found += [event["number"] for event in told["events"]]
        before = told["next"]

    assert before is None
    assert found == list(range(63, 0, -1))


@pytest.mark.parametrize("query", ["before=abc", "before=", "before=0", "before=1&before=2"])
def test_a_number_that_is_none_is_answered_with_a_hint(reader: FlaskClient, project: Place, query: str) -> None:
    answer = reader.get(f"/projects/{project.slug}/audit.json?{query}")

    assert answer.status_code == 400
    assert "before" in answer.get_json()["hint"]


def test_event_of_another_project_is_unknown(
    reader: FlaskClient, project: Place, log: Callable[[], AuditLog], sign_in: Callable[[str], FlaskClient]
) -> None:
    owner = sign_in("owner@example.com")
    owner.post("/projects/new", data={"title": "Another", "region": "global"})

    assert owner.get(f"/projects/another/audit/{log().events[0].id}.json").status_code == 404
    assert reader.get("/projects/another/audit.json").status_code == 404, "support is no member of it"
