"""Records of the events of a project, as they are made: signed with the installation's key, and kept."""

from __future__ import annotations

import io
import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from erebus import clock, db
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects.models import Project
from erebus.blueprints.records.models import AuditRecord
from erebus.db import transaction
from erebus.records import KEYWORD, Document, Making, code_of, facts_of, fit
from erebus.signing import signing_key
from erebus.trail import read_log
from tests.blueprints.audit.conftest import Place, change, log, project, tamper

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

__all__ = ["change", "log", "project", "tamper"]

_BOUNDARY = "what-no-file-of-a-test-has-in-it"


def make_record(
    app: Flask,
    log_id: str,
    number: int,
    *,
    is_kept: bool = True,
    origin: bool = False,
    host: str = "erebus.example",
    title: str = "My Chat App",
) -> Document:
    """Sign the event *number* of a log, and keep the record, as its page does."""
    with app.app_context():
        found = read_log(db.session.connection(), log_id)
        assert found
        event = next(event for event in found.events if event.number == number)
        key = signing_key()
        making = Making(
            host=host,
            project_title=title,
            by_id="user_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
            by_name="Sam Rivera",
            at=clock.milliseconds(),
            key_id=key.id,
            origin=origin,
        )
        document = key.sign(fit(facts_of(event, making)))
    if is_kept:
        keep(app, document)
    return document


def keep(app: Flask, document: Document) -> None:
    """Keep *document* for good, which is an event of its project."""
    facts = document.facts()
    kept = AuditRecord(
        code=code_of(document.payload),
        payload=document.payload,
        signature=document.signature,
        stored_values=json.dumps(document.values),
        stored_changes=json.dumps(list(document.more_changes)),
        log_id=facts["logId"],
        project_id=facts["projectId"],
        event_id=facts["id"],
        number=facts["number"],
        made_by_id=facts["recordedById"],
        made_at=facts["recordedAt"],
    )
    with app.app_context(), transaction() as session:
        session.add(kept)


def picture(document: Document) -> bytes:
    """Return *document* in a picture, as it is downloaded."""
    info, file = PngInfo(), io.BytesIO()
    info.add_itxt(KEYWORD, document.as_text(), zip=True)
    Image.new("L", (8, 8), 255).save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.fixture
def record(app: Flask, project: Place) -> Callable[..., Document]:
    """``record(2)`` makes a record of event 2; with ``is_kept=False`` no copy of it is kept."""

    def record(number: int, **how: Any) -> Document:
        return make_record(app, project.id, number, **how)

    return record


@pytest.fixture
def go_on(change: Callable[[Callable[[Project], object]], None]) -> Callable[[int], None]:
    """``go_on(100)`` makes that many more events, each a key, as often as one likes."""
    numbers = count()

    def make(project: Project, events: int) -> None:
        for _ in range(events):
            keys.create_key(project, f"Key {next(numbers):03}", Environment.DEVELOPMENT, by=project.owner)

    return lambda events: change(lambda project: make(project, events))


@pytest.fixture
def upload(client: FlaskClient) -> Callable[..., TestResponse]:
    """``upload(data)`` sends a file to be verified."""

    def upload(data: bytes, name: str = "record.png") -> TestResponse:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()  # what the client makes of a large file leaks
        return client.post("/verify", data=body, content_type=f"multipart/form-data; boundary={_BOUNDARY}")

    return upload
