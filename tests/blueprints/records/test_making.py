"""Making a record: what is signed, what is refused and told, and that one form makes one."""

from __future__ import annotations

import html
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from erebus import clock, create_app, pace
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project
from erebus.blueprints.records import services
from erebus.blueprints.records.permissions import PERMISSIONS
from erebus.db import db, transaction
from erebus.permissions import Role
from erebus.records import PublicKeys, grouped
from erebus.signing import public_keys
from erebus.trail import verify
from tests.blueprints.audit.conftest import Place
from tests.blueprints.people import register
from tests.blueprints.records.conftest import event


@pytest.fixture
def admin(app: Flask, project: Place, sign_in: Callable) -> FlaskClient:
    with app.app_context():
        admin = register("admin")
        with transaction():
            projects.add_member(db.session.get_one(Project, project.id), admin, Role.ADMIN)
    return sign_in("admin@example.com")


def test_a_record_says_what_the_event_says_and_is_signed(
    app: Flask, project: Place, make: Callable, records: Callable, log: Callable
) -> None:
    event = log().events[0]

    answer = make(event.number)

    (record,) = records()
    shown = f"/projects/{project.slug}/audit/{event.id}/record?code={quote(grouped(record.code), safe='*~$')}"
    assert answer.location == shown
    said = record.document.facts()
    assert (said["id"], said["number"], said["description"]) == (event.id, event.number, event.description)
    assert (said["hash"], said["previousHash"]) == (event.hash.hex(), event.previous_hash.hex())
    assert (said["host"], said["projectTitle"], said["recordedByName"]) == ("localhost", "My Chat App", "Support")
    assert (record.log_id, record.project_id, record.event_id) == (project.id, project.id, event.id)
    with app.app_context():
        assert public_keys().has_signed(record.document.record)
        assert not PublicKeys([b"\0" * 32]).has_signed(record.document.record)


def test_making_one_is_an_event_of_the_project(make: Callable, records: Callable, log: Callable) -> None:
    make(2)

    told, (record,) = log().events[0], records()
    code = grouped(record.code)
    assert (told.number, told.status, told.action_description) == (4, True, "Made a record")
    assert told.description == f"Made record {code} of event #2"
    assert (told.entity_type, told.entity_id, told.entity_label, told.actor_name) == (
        "record",
        record.id,
        code,
        "Support",
    )
    assert {change["field"]: change.get("after") for change in told.changes} == {
        "code": record.code,
        "number": 2,
        "event_id": record.event_id,
    }


def test_a_record_can_be_made_of_an_event_that_is_one(make: Callable, records: Callable) -> None:
    make(3)
    make(4)

    assert [record.number for record in records()] == [3, 4]


def test_origin_is_left_out_unless_an_admin_ticks_it(make: Callable, records: Callable, admin: FlaskClient) -> None:
    make(1)
    make(1, admin)
    make(1, admin, origin="y")

    *without, with_origin = (record.document.facts() for record in records())
    assert not [said for said in without if {"address", "userAgent", "actorImage"} & said.keys()]
    assert {"address", "userAgent", "actorImage"} <= with_origin.keys()


def test_origin_that_others_tick_is_refused_and_told(make: Callable, records: Callable, log: Callable) -> None:
    answer = make(2, origin="y")

    assert answer.status_code == 409
    assert "Only admins and the owner can have address, browser and image on a record." in answer.text
    assert records() == []
    told = log().events[0]
    assert (told.status, told.action, told.entity_type) == (False, "create", "record")
    assert told.description.startswith("Tried to make a record of event #2. Not done: Only admins")


@pytest.mark.parametrize(("number", "status"), [(1, 302), (2, 409), (3, 409)])
def test_from_the_first_wrong_event_on_a_record_is_refused_and_told(
    make: Callable, records: Callable, log: Callable, tamper: Callable, number: int, status: int
) -> None:
    tamper("description = 'x'", 2)

    answer = make(number)

    assert answer.status_code == status
    assert len(records()) == (status == 302)
    if status == 409:
        assert "No record can be made of this event" in answer.text
        assert f"so #{number} cannot be relied upon" in (log().events[0].reason or "")


@pytest.mark.parametrize("assignment", ["changes = '{}'", "created_at = -1", "actor_image = ''", "id = 'a/b?c'"])
def test_whatever_was_done_to_the_event_the_page_says_that_none_can_be_made(
    make: Callable, reader: FlaskClient, project: Place, tamper: Callable, assignment: str
) -> None:
    tamper(assignment, 2)

    assert make(2).status_code == 409
    answer = reader.get(f"/projects/{project.slug}/audit/2/record")
    assert answer.status_code == 200
    assert "No record can be made of this event" in answer.text


def test_a_long_host_is_refused_and_told(reader: FlaskClient, project: Place, records: Callable) -> None:
    host = "x." * (services.HOST_LIMIT // 2) + "x"
    cookie = reader.get_cookie("erebus_session")
    assert cookie
    reader.set_cookie("erebus_session", cookie.value, domain=host)

    answer = reader.post(f"/projects/{project.slug}/audit/2/record", base_url=f"http://{host}")

    assert (answer.status_code, len(records())) == (409, 0)
    assert "too long for a QR code" in answer.text


def test_a_host_that_cannot_be_read_is_refused_and_told(reader: FlaskClient, project: Place, records: Callable) -> None:
    answer = reader.post(f"/projects/{project.slug}/audit/2/record", headers={"Host": "erebus_web:5000"})

    assert (answer.status_code, len(records())) == (409, 0)
    assert "has no host that can be read" in answer.text


def test_a_record_and_the_link_to_an_event_lead_to_the_installation_whatever_the_browser_names(
    settings: dict[str, Any], project: Place, reader: FlaskClient, records: Callable
) -> None:
    cookie = reader.get_cookie("erebus_session")
    assert cookie
    elsewhere = create_app({**settings, "PUBLIC_URL": "https://erebus.example:8443/"})
    elsewhere.config["WTF_CSRF_ENABLED"] = False
    browser = elsewhere.test_client()
    browser.set_cookie("erebus_session", cookie.value, domain="evil.example")

    answer = browser.post(f"/projects/{project.slug}/audit/2/record", base_url="http://evil.example")
    page = browser.get(answer.location, base_url="http://evil.example").text
    event = browser.get(f"/projects/{project.slug}/audit/2", base_url="http://evil.example").text

    (record,) = records()
    assert record.document.facts()["host"] == "erebus.example:8443"
    assert "HTTPS://EREBUS.EXAMPLE:8443/VERIFY/" in page
    assert "Check at erebus.example:8443/verify" in page
    assert f'<link rel="canonical" href="https://erebus.example:8443/projects/{project.slug}/audit/' in event
    assert "evil.example" not in event
    with elsewhere.app_context():
        db.engine.dispose()


def test_nobody_pushes_out_a_log_with_records(
    project: Place,
    reader: FlaskClient,
    make: Callable[..., TestResponse],
    records: Callable,
    log: Callable,
    sign_in: Callable[[str], FlaskClient],
) -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    for minute in range(pace.MOST):
        with clock.at(noon + timedelta(minutes=minute)):
            assert make(2).status_code == 302
    newest = log().head_number
    with clock.at(noon + timedelta(minutes=40, seconds=1)):
        answer = make(2)

    assert answer.status_code == 429
    assert "You have made as many records of events of this project." in answer.text
    assert "Nothing was done now. Again from 2026-11-28 13:00:00 UTC, in 20 minutes." in answer.text
    assert answer.headers["Retry-After"] == "Sat, 28 Nov 2026 13:00:00 GMT"
    assert log().head_number == newest, "it is no event either: that would push one out"
    with clock.at(noon + timedelta(minutes=40)):
        assert make(2, sign_in("owner@example.com")).status_code == 302
    with clock.at(noon + timedelta(hours=1)):
        assert (make(2).status_code, make(2).status_code) == (302, 429)


def test_a_record_that_was_made_is_shown_however_many_there_are(
    make: Callable[..., TestResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MOST", 1)
    made = make(2, once="a form")

    assert made.status_code == 302
    assert make(2, once="a form").location == made.location
    assert make(2, once="another form").status_code == 429


def test_an_event_that_is_too_large_is_refused(app: Flask, project: Place) -> None:
    change = {"field": "f", "name": "n", "before": "b" * 2000, "after": None}
    with app.app_context():
        place = db.session.get_one(Project, project.id)
        verification = verify(db.session.connection(), project.id)
        order = services.Order(project=place, by=place.owner, host="localhost")
        large = event(*({**change, "after": str(n)} for n in range(1100)), number=2, log_id=project.id)
        with pytest.raises(services.EventIsTooLarge, match="Save its JSON instead"), transaction():
            services.make_record(large, verification, order)


def test_a_form_that_is_sent_twice_makes_one(make: Callable, records: Callable, log: Callable) -> None:
    first, second = make(2, once="01KAQ7M3V9X2C8B5N1T6R4W0ZD"), make(2, once="01KAQ7M3V9X2C8B5N1T6R4W0ZD")

    assert first.location == second.location
    assert len(records()) == 1
    assert log().head_number == 4


def test_a_form_that_is_sent_twice_at_once_makes_one(
    app: Flask, project: Place, reader: FlaskClient, records: Callable, log: Callable
) -> None:
    cookie = reader.get_cookie("erebus_session")
    assert cookie

    def send(_: int) -> str:
        client = app.test_client()
        client.set_cookie("erebus_session", cookie.value)
        return client.post(f"/projects/{project.slug}/audit/2/record", data={"once": "same"}).location

    with ThreadPoolExecutor(4) as pool:
        locations = set(pool.map(send, range(4)))

    assert len(locations) == len(records()) == 1
    assert log().head_number == 4


def test_the_same_form_of_another_event_makes_another(make: Callable, records: Callable) -> None:
    make(2, once="same")
    make(3, once="same")

    assert [record.number for record in records()] == [2, 3]


def test_two_records_never_have_one_code(make: Callable, records: Callable, log: Callable) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False):
        first, second = make(2), make(2)

    assert (first.status_code, second.status_code) == (302, 409)
    assert services.IS_MADE in html.unescape(second.text)
    assert len(records()) == 1
    assert log().events[0].reason == services.IS_MADE


def test_an_event_that_was_displaced_meanwhile_is_gone(make: Callable, records: Callable, write: Callable) -> None:
    write(100)

    answer = make(2)

    assert answer.status_code == 410
    assert "Event #2 has been displaced" in answer.text
    assert records() == []


def test_without_the_role_the_attempt_is_told(app: Flask, project: Place) -> None:
    denied = next(p.denied for p in PERMISSIONS if p.name == "project:record:create")
    with app.app_context():
        place = db.session.get_one(Project, project.id)
        assert denied
        refused = denied(place, {"event_id": "9" * 40}, {})
    assert (refused.action, refused.attempted) == ("create", {"event_id": "9" * 26})


def test_a_record_stays_when_its_project_is_deleted(
    app: Flask, project: Place, make: Callable, records: Callable
) -> None:
    make(2)
    with app.app_context(), transaction():
        place = db.session.get_one(Project, project.id)
        projects.delete_project(place, place.title)

    assert [record.number for record in records()] == [2]


def test_the_zone_is_that_of_the_maker(app: Flask, make: Callable, records: Callable) -> None:
    with app.app_context(), transaction():
        user = db.session.scalars(db.select(accounts.User).where(accounts.User.email == "support@example.com")).one()
        accounts.update_profile(user, name=user.name, time_zone="Asia/Kathmandu", theme=user.theme)

    make(2)

    assert [record.time_zone for record in records()] == ["Asia/Kathmandu"]


def test_no_secret_is_in_a_record(make: Callable, records: Callable, write: Callable) -> None:
    write(1)
    make(4)

    (secret,) = [c for c in records()[0].document.facts()["changes"] if c["field"] == "digest"]
    assert secret == {"field": "digest", "name": "secret", "hidden": "secret"}
