"""The pages of keys: what each shows to whom, and what its forms answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from erebus import clock, forms, times
from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import queries, services
from erebus.blueprints.keys import secret as secrets
from erebus.blueprints.keys.models import ApiKey, Environment, KeyStatus
from erebus.blueprints.projects import services as projects
from erebus.blueprints.projects.models import Project, ProjectStatus
from erebus.db import db, transaction
from erebus.trail import AuditEvent

SignIn = Callable[[str], FlaskClient]
Log = Callable[[str], list[AuditEvent]]
BODY = "sk-er-" + "a" * 42
SECRET = BODY + secrets.checksum(BODY)
KEYS = "/projects/my-chat-app/keys"


@pytest.fixture
def visitor(project: Project, sign_in: SignIn) -> FlaskClient:
    """A developer's browser."""
    return sign_in("developer@example.com")


@pytest.fixture
def page_of(key: ApiKey) -> str:
    """The address of the key's page."""
    return f"{KEYS}/{key.id}"


def text(answer: object) -> str:
    return unescape(answer.text)  # type: ignore[attr-defined]


def status_of(key: ApiKey) -> KeyStatus:
    db.session.rollback()
    db.session.expire_all()
    return key.status


def archive(project: Project) -> None:
    with transaction():
        projects.change_status(project, ProjectStatus.ARCHIVED)


# The list


def test_a_project_without_keys_says_what_to_do(visitor: FlaskClient) -> None:
    page = visitor.get(KEYS)

    assert "No keys yet" in page.text
    assert page.text.count("Create new key") == 1


def test_the_list_shows_what_may_be_seen_of_each_key(visitor: FlaskClient, key: ApiKey) -> None:
    page = visitor.get(KEYS)

    for seen in ("My Dev Key", f"dv-er-…{key.last_four}", "development", "active", "created by Owner", "never used"):
        assert seen in page.text
    assert key.digest not in page.text


def test_the_list_shows_its_times_in_the_zone_of_the_reader_too(visitor: FlaskClient, key: ApiKey) -> None:
    with transaction() as session:
        session.scalars(select(User).where(User.email == "developer@example.com")).one().time_zone = "Asia/Tokyo"

    assert times.on_clock(key.created_at, ZoneInfo("Asia/Tokyo"))[0] + " UTC+09:00" in visitor.get(KEYS).text


@pytest.fixture
def mixed(project: Project, owner: User) -> None:
    """Keys in all states; the production one was made long ago."""
    with clock.at(clock.now() - timedelta(days=91)), transaction():
        services.create_key(project, "Old production", Environment.PRODUCTION, by=owner)
    with transaction():
        for label in ("Dev active", "Dev disabled", "Dev revoked"):
            services.create_key(project, label, Environment.DEVELOPMENT, by=owner)
        found = {key.label: key for key in project.keys}
        services.disable(found["Dev disabled"])
        services.revoke(found["Dev revoked"], "not needed")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", {"Old production", "Dev active", "Dev disabled", "Dev revoked"}),
        ("?status=active", {"Old production", "Dev active"}),
        ("?status=disabled", {"Dev disabled"}),
        ("?status=revoked", {"Dev revoked"}),
        ("?environment=production", {"Old production"}),
        ("?dormant=1", {"Old production"}),
        ("?status=active&environment=development", {"Dev active"}),
        ("?status=disabled&dormant=1", set()),
        ("?q=DEV", {"Dev active", "Dev disabled", "Dev revoked"}),
        ("?q=sk-er-", {"Old production"}),
        ("?q=dev&status=revoked", {"Dev revoked"}),
        ("?q=%25", set()),
        ("?before=nonsense", {"Old production", "Dev active", "Dev disabled", "Dev revoked"}),
        ("?status=nonsense&environment=&dormant=x", {"Old production", "Dev active", "Dev disabled", "Dev revoked"}),
    ],
)
def test_the_list_is_filtered_by_its_address(visitor: FlaskClient, mixed: None, asked: str, shown: set[str]) -> None:
    page = visitor.get(KEYS + asked)

    assert set(re.findall(r"<b>((?:Old|Dev) \w+)</b>", page.text)) == shown
    assert f"Showing {len(shown)} of 4." in page.text
    assert ("No key matches" in page.text) == (not shown)


def test_a_key_is_found_by_its_secret_which_the_page_does_not_repeat(
    visitor: FlaskClient, project: Project, owner: User
) -> None:
    with transaction():
        _key, secret = services.create_key(project, "Leaked", Environment.PRODUCTION, by=owner)
        services.create_key(project, "Other", Environment.PRODUCTION, by=owner)

    page = visitor.get(KEYS, query_string={"q": f" {secret}"}, follow_redirects=True)

    assert page.request.args["q"].strip() == f"sk-er-…{secret[-4:]}"
    assert "<b>Leaked</b>" in page.text
    assert "<b>Other</b>" not in page.text
    assert secret not in page.text


def test_the_list_has_pages_that_keep_the_filter(
    visitor: FlaskClient, mixed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)

    first = visitor.get(f"{KEYS}?q=dev&environment=development").text
    assert "Showing 2 of 3 found, of 4." in first
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    second = visitor.get(unescape(older[1])).text

    shown = [re.findall(r"<b>(Dev \w+)</b>", page) for page in (first, second)]
    assert [len(names) for names in shown] == [2, 1]
    assert {*shown[0], *shown[1]} == {"Dev active", "Dev disabled", "Dev revoked"}
    assert ">Older<" not in second


def test_a_dormant_key_is_marked(visitor: FlaskClient, mixed: None) -> None:
    page = visitor.get(f"{KEYS}?environment=production")

    assert re.search(r'class="badge warn">\s*dormant', page.text)


# Creating


def test_the_secret_is_shown_once_and_never_again(visitor: FlaskClient, project: Project, log: Log) -> None:
    answer = visitor.post(f"{KEYS}/new", data={"label": "Billing worker", "environment": "production"})

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    secret = re.search(r"<code>(sk-er-\w{48})</code>", answer.text)
    assert secret is not None
    assert secrets.is_well_formed(secret[1])
    db.session.rollback()
    assert secrets.matches(secret[1], project.keys[0].digest)
    for path in (KEYS, f"{KEYS}/{project.keys[0].id}", "/projects/my-chat-app", "/projects/my-chat-app/audit"):
        assert secret[1][6:-4] not in visitor.get(path).text
    assert secret[1][6:-4] not in repr(log(project.id))


def test_reloading_the_page_of_a_secret_makes_no_second_key(visitor: FlaskClient, project: Project, log: Log) -> None:
    once = re.search(r'name="once"[^>]*value="(\w+)"', visitor.get(f"{KEYS}/new").text)
    assert once
    data = {"label": "My Dev Key", "environment": "production", "once": once[1]}
    assert visitor.post(f"{KEYS}/new", data=data).status_code == 201
    before = len(log(project.id))

    again = visitor.post(f"{KEYS}/new", data=data, follow_redirects=True)

    assert '<p class="toast warn">The key was created before' in again.text
    assert text(again).count("<b>My Dev Key</b>") == 1
    assert len(log(project.id)) == before
    other = {**data, "label": "Another", "once": "x" * 26}
    assert visitor.post(f"{KEYS}/new", data=other).status_code == 201


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"label": "", "environment": "production"}, "A key needs a label."),
        ({"label": "ab", "environment": "production"}, "3 to 100 characters"),
        ({"label": "a" * 101, "environment": "production"}, "3 to 100 characters"),
        ({"label": "Sh\u202eop", "environment": "production"}, "cannot be seen"),
        ({"label": "Shop", "environment": "moon"}, "There is no such environment."),
        ({"label": f"mine {SECRET}", "environment": "production"}, "Leave the secret out."),
        ({}, "A key needs a label."),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    visitor: FlaskClient, project: Project, log: Log, data: dict[str, str], message: str
) -> None:
    before = len(log(project.id))
    answer = visitor.post(f"{KEYS}/new", data=data)

    assert answer.status_code == 422
    assert message in text(answer)
    assert len(log(project.id)) == before


def test_in_an_archived_project_no_key_is_offered_and_none_is_made(
    visitor: FlaskClient, project: Project, log: Log
) -> None:
    archive(project)

    assert "Create new key" not in visitor.get(KEYS).text
    assert "<form class" not in visitor.get(f"{KEYS}/new").text.partition("<main")[2]
    answer = visitor.post(f"{KEYS}/new", data={"label": "Worker", "environment": "production"})
    assert answer.status_code == 409
    assert "The project is archived" in answer.text
    assert not log(project.id)[0].status


# One key


def test_an_active_key_offers_label_disable_and_revoke(visitor: FlaskClient, page_of: str) -> None:
    page = visitor.get(page_of)

    for offered in ("Update Label", "Disable", "Revoke"):
        assert f">{offered}</button>" in page.text
    for absent in ("Enable", "Delete key"):
        assert f">{absent}</button>" not in page.text


def test_a_disabled_key_offers_enable_and_says_why_its_label_stays(
    visitor: FlaskClient, page_of: str, key: ApiKey
) -> None:
    visitor.post(f"{page_of}/disable")
    page = visitor.get(page_of)

    assert status_of(key) is KeyStatus.DISABLED
    assert ">Enable</button>" in page.text
    assert "Update Label" not in page.text
    assert "The label of a disabled key cannot be changed. Enable it first." in page.text
    visitor.post(f"{page_of}/enable")
    assert status_of(key) is KeyStatus.ACTIVE


def test_a_revoked_key_offers_nothing_but_deletion(visitor: FlaskClient, page_of: str, key: ApiKey) -> None:
    answer = visitor.post(f"{page_of}/revoke", data={"reason": "leaked <in> a gist"})

    assert (answer.status_code, answer.location) == (302, page_of)
    page = visitor.get(page_of)
    assert "leaked <in> a gist" in text(page)
    assert "leaked <in>" not in page.text
    for absent in ("Update Label", "Enable", "Disable", "Revoke"):
        assert f">{absent}</button>" not in page.text
    deleted = visitor.post(f"{page_of}/delete")
    assert (deleted.status_code, deleted.location) == (302, KEYS)
    assert visitor.get(page_of).status_code == 404


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("", "say why"),
        ("   ", "say why"),
        ("a" * 201, "at most 200"),
        ("a\u2028b", "cannot be seen"),
        (SECRET, "Leave the secret out."),
    ],
)
def test_revoking_asks_for_a_reason(visitor: FlaskClient, page_of: str, key: ApiKey, reason: str, message: str) -> None:
    answer = visitor.post(f"{page_of}/revoke", data={"reason": reason})

    assert answer.status_code == 422
    assert message in text(answer)
    assert '<details class="confirm" open>' in answer.text
    assert status_of(key) is KeyStatus.ACTIVE


def test_before_a_key_is_revoked_it_is_said_what_still_uses_it(visitor: FlaskClient, page_of: str, key: ApiKey) -> None:
    assert "It has never been used." in visitor.get(page_of).text
    with transaction():
        key.last_used_at = clock.now() - timedelta(hours=3)
    assert "It was last used 3 hours ago: whatever still uses it stops working at once." in visitor.get(page_of).text


def test_a_label_is_changed(visitor: FlaskClient, page_of: str, key: ApiKey) -> None:
    assert visitor.post(page_of, data={"label": "Billing worker"}).status_code == 302
    assert "<h1>Billing worker</h1>" in visitor.get(page_of).text


@pytest.mark.parametrize(
    ("way", "data", "message"),
    [
        ("", {"label": "Other"}, "The key was revoked"),
        ("/enable", {}, "The key was revoked"),
        ("/disable", {}, "The key was revoked"),
        ("/revoke", {"reason": "again"}, "The key was revoked"),
    ],
)
def test_what_a_revoked_key_refuses_is_said_and_logged(
    visitor: FlaskClient, page_of: str, key: ApiKey, log: Log, way: str, data: dict[str, str], message: str
) -> None:
    with transaction():
        services.revoke(key, "leaked")
    answer = visitor.post(page_of + way, data=data)

    assert answer.status_code == 409
    assert message in text(answer)
    event = log(key.project_id)[0]
    assert (event.status, event.actor_name) == (False, "Developer")


def test_an_active_key_is_not_deleted(visitor: FlaskClient, page_of: str) -> None:
    answer = visitor.post(f"{page_of}/delete")

    assert answer.status_code == 409
    assert "Only a revoked key can be deleted. Revoke it first." in answer.text


@pytest.mark.parametrize("key_id", ["key_00000000000000000000000000", "x", "%00"])
def test_a_key_that_is_not_there_is_404(visitor: FlaskClient, key_id: str) -> None:
    assert visitor.get(f"{KEYS}/{key_id}").status_code in {400, 404}
    for way in ("", "/enable", "/disable", "/revoke", "/delete"):
        assert visitor.post(f"{KEYS}/{key_id}{way}", data={"label": "abc"}).status_code in {400, 404}


def test_a_key_that_somebody_deletes_meanwhile_is_404(
    visitor: FlaskClient, app: Flask, page_of: str, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_id = key.id
    db.session.rollback()

    def remove() -> None:
        with app.app_context():
            found = db.session.get_one(ApiKey, key_id)
            for change in (lambda: services.revoke(found, "leaked"), lambda: services.delete_key(found)):
                with transaction():
                    change()

    @contextmanager
    def late_transaction() -> Iterator[Session]:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(remove).result()
        with transaction() as session:
            yield session

    monkeypatch.setattr(forms, "transaction", late_transaction)

    assert visitor.post(f"{page_of}/disable").status_code == 404


def test_a_key_of_another_project_is_404(visitor: FlaskClient, owner: User, key: ApiKey) -> None:
    with transaction():
        other = projects.create_project(owner, "Other", key.project.region)
        foreign, _secret = services.create_key(other, "Foreign", Environment.PRODUCTION, by=owner)

    assert visitor.get(f"{KEYS}/{foreign.id}").status_code == 404
    assert visitor.post(f"{KEYS}/{foreign.id}/disable").status_code == 404
    assert status_of(foreign) is KeyStatus.ACTIVE


# Who may


@pytest.mark.parametrize(
    ("way", "data", "told"),
    [
        ("", {"label": "Mine"}, "Tried to rename development API key 'My Dev Key' to 'Mine'"),
        ("/disable", {}, "Tried to disable development API key 'My Dev Key': active → disabled"),
        ("/enable", {}, "Tried to enable development API key 'My Dev Key'"),
        ("/revoke", {"reason": "me"}, "Tried to revoke development API key 'My Dev Key', giving the reason 'me'"),
        ("/delete", {}, "Tried to delete development API key 'My Dev Key'"),
    ],
)
def test_an_attempt_without_the_role_is_403_and_a_failure_in_the_log(
    page_of: str, key: ApiKey, sign_in: SignIn, log: Log, way: str, data: dict[str, str], told: str
) -> None:
    visitor = sign_in("support@example.com")

    page = visitor.get(page_of)
    assert page.status_code == 403
    assert "the role developer, admin or owner, and you are support in 'My Chat App'" in text(page)
    assert '<a class="btn primary" href="/projects/my-chat-app">Back to the project</a>' in page.text
    assert visitor.post(page_of + way, data=data).status_code == 403
    event = log(key.project_id)[0]
    assert (event.status, event.actor_name) == (False, "Support")
    assert event.description.startswith(told)
    assert "Not done: This takes the role developer" in event.description


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"label": "Mine", "environment": "production"}, "Tried to create production API key 'Mine' for project"),
        ({"label": "Mine", "environment": "moon"}, "Tried to create API key 'Mine' for project 'My Chat App'"),
        ({}, "Tried to create API key '' for project 'My Chat App'"),
    ],
)
def test_an_attempt_to_create_without_the_role_is_told_as_far_as_it_makes_sense(
    project: Project, sign_in: SignIn, log: Log, data: dict[str, str], told: str
) -> None:
    assert sign_in("support@example.com").post(f"{KEYS}/new", data=data).status_code == 403

    assert log(project.id)[0].description.startswith(told)


def test_a_secret_sent_without_the_role_is_not_kept(page_of: str, key: ApiKey, sign_in: SignIn, log: Log) -> None:
    text = secrets.generate("sk-er-").text
    sign_in("support@example.com").post(f"{page_of}/revoke", data={"reason": f"it is {text}"})

    assert text[6:-4] not in repr(log(key.project_id))
    assert f"it is sk-er-…{text[-4:]}" in log(key.project_id)[0].description


def test_an_old_keys_page_tells_who_made_it_and_how_often_its_status_changed_whatever_is_displaced(
    visitor: FlaskClient, page_of: str, project: Project, key: ApiKey
) -> None:
    for change in (services.disable, services.enable):
        with transaction():
            change(key)
    for number in range(120):
        with transaction():
            projects.rename(project, f"Name {number}")

    shown = " ".join(text(visitor.get(page_of)).split())

    assert "<dt>Created by</dt><dd>Owner</dd>" in shown
    assert '<dt>Status changes</dt> <dd>2 <span class="hint">since it was created</span>' in shown
    assert f'href="/projects/my-chat-app/audit/history/api_key/{key.id}">History</a>' in shown
    assert "no event" not in shown.lower()


@pytest.mark.parametrize(
    ("changes", "told"),
    [(None, "not known <span"), (0, "none <span"), (2, "2 <span")],
)
def test_a_count_that_is_not_known_is_not_made_up(
    visitor: FlaskClient, page_of: str, key: ApiKey, changes: int | None, told: str
) -> None:
    with transaction():
        key.status_changes = changes
        key.status_counted_since = clock.now() if changes else None

    shown = " ".join(text(visitor.get(page_of)).split())

    assert f"<dt>Status changes</dt> <dd>{told}" in shown
    assert ("older than the count" in shown) == (changes != 0)
