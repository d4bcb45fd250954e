"""The list of a project's exports: who took what along, when, and whether a file is the one that is listed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from erebus.blueprints.exports import queries
from erebus.blueprints.exports.models import AuditExport
from erebus.db import db, transaction
from tests.blueprints.audit.conftest import Place


@pytest.fixture
def owner(project: Place, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """The browser of somebody who may export."""
    return sign_in("owner@example.com")


def shown(client: FlaskClient, project: Place, query: str = "") -> str:
    answer = client.get(f"/projects/{project.slug}/exports{query}")
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def export(client: FlaskClient, project: Place, rest: str) -> bytes:
    answer = client.post(f"/projects/{project.slug}/audit.{rest}")
    assert answer.status_code == 200
    return bytes(answer.data)


def test_an_export_is_listed_with_all_that_is_kept_of_it(owner: FlaskClient, project: Place) -> None:
    assert "No exports yet" in shown(owner, project)
    assert owner.get(f"/projects/{project.slug}/exports").text.count(">Export</a>") == 1
    file = export(owner, project, "csv?type=project&from=30d")

    text = shown(owner, project)

    assert "1 export, the newest first" in text
    assert "CSV of 1 event, #1 #4 filter type:project from:30d , which hid 2; days are those of UTC" in text
    assert f"SHA-256 {hashlib.sha256(file).hexdigest()}" in text
    assert "by Owner" in text
    export(owner, project, "json")
    assert "2 exports, the newest first" in shown(owner, project)
    assert "JSON of 4 events, #1 to #4 #5 no filter SHA-256" in shown(owner, project)


def test_it_leads_to_its_event_until_that_is_displaced(
    owner: FlaskClient, project: Place, write: Callable[[int], None]
) -> None:
    export(owner, project, "ndjson")
    event_of_it = f'href="/projects/{project.slug}/audit/4"'
    assert event_of_it in owner.get(f"/projects/{project.slug}/exports").text
    write(100)

    assert event_of_it not in owner.get(f"/projects/{project.slug}/exports").text
    assert "Displaced from the log" in shown(owner, project)


def test_of_one_that_is_older_than_the_digest_that_is_said(app: Flask, owner: FlaskClient, project: Place) -> None:
    export(owner, project, "csv")
    with app.app_context(), transaction() as session:
        session.execute(
            update(AuditExport.__table__).values(sha256=None), execution_options={"erebus_unaudited": "test"}
        )

    assert "SHA-256 not kept then" in shown(owner, project)


def test_the_list_has_pages_and_asks_no_more_for_many_than_for_one(
    app: Flask, owner: FlaskClient, project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    export(owner, project, "csv")
    asked.clear()
    shown(owner, project)
    with_one = len(asked)
    for kind in ("json", "ndjson"):
        export(owner, project, kind)
    asked.clear()

    first = owner.get(f"/projects/{project.slug}/exports").text

    assert len(asked) == with_one
    assert re.findall(r"<b>(\w+)</b> of", first) == ["NDJSON", "JSON"]
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    second = owner.get(older[1]).text
    assert re.findall(r"<b>(\w+)</b> of", second) == ["CSV"]
    assert "Older" not in second
    assert "NDJSON of" in shown(owner, project, "?before=nothing")


def test_only_those_who_may_export_see_it(reader: FlaskClient, owner: FlaskClient, project: Place) -> None:
    assert reader.get(f"/projects/{project.slug}/exports").status_code == 403
    assert f'href="/projects/{project.slug}/exports"' in owner.get(f"/projects/{project.slug}/audit.csv").text
