"""A project with a log as in the tests of the log, records made with the form, and events by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from erebus.blueprints.records.models import AuditRecord
from erebus.db import db
from erebus.records import Document, Making, facts_of, fit
from erebus.trail import AuditEvent
from tests.blueprints.audit.conftest import Place, change, log, project, reader, refuse, tamper, write
from tests.records.making import KEY

EVENT = {
    "log_id": "proj_01K9ZP0H6N3B8D2F7J4S5W1TQA",
    "slot": 1,
    "number": 239,
    "created_at": 1_795_425_175_204,
    "id": "01KAQ7M3V9X2C8B5N1T6R4W0ZD",
    "actor_id": "user_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
    "actor_kind": "user",
    "actor_name": "Leo Tann",
    "actor_image": "ab" * 32,
    "action": "update",
    "action_description": "Revoked API key",
    "entity_type": "api_key",
    "entity_id": "key_01K9ZP0H6N3B8D2F7J4S5W1TQA",
    "entity_label": "Billing worker",
    "project_id": "proj_01K9ZP0H6N3B8D2F7J4S5W1TQA",
    "description": "Tried to revoke production API key 'Billing worker'. Not done: It is revoked already.",
    "status": False,
    "reason": "It is revoked already.",
    "request_id": "01KAQ7M3V9X2C8B5N1T6R4W0ZE",
    "address": "192.0.2.7",
    "user_agent": "Mozilla/5.0",
    "previous_hash": hashlib.sha256(b"before").digest(),
    "hash": hashlib.sha256(b"event").digest(),
}


def event(*changes: dict[str, Any], **fields: Any) -> AuditEvent:
    """Make an event: a failed one, unless told otherwise."""
    return AuditEvent(**{**EVENT, "stored_changes": json.dumps(changes), **fields})


def changed(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"field": name, "name": name, "before": before, "after": after}


def document(of: AuditEvent, **making: Any) -> Document:
    """Sign *of*."""
    how = {"host": "erebus.example", "project_title": "My Chat App", "by_id": "user_1", "by_name": "Sam Rivera"}
    made = Making(**{**how, "at": 1_795_426_175_204, "key_id": KEY.id, **making})
    return KEY.sign(fit(facts_of(of, made)))


@pytest.fixture
def make(project: Place, reader: FlaskClient) -> Callable[..., TestResponse]:
    """``make(2)`` sends the form that makes a record of event 2, as support."""

    def make(number: object, client: FlaskClient = reader, **form: Any) -> TestResponse:
        return client.post(f"/projects/{project.slug}/audit/{number}/record", data=form)

    return make


@pytest.fixture
def records(app: Flask) -> Callable[[], list[AuditRecord]]:
    """``records()`` are all that were made, the oldest first."""

    def records() -> list[AuditRecord]:
        with app.app_context():
            return list(db.session.scalars(db.select(AuditRecord).order_by(AuditRecord.made_at)))

    return records


__all__ = ["Place", "change", "log", "project", "reader", "refuse", "tamper", "write"]
