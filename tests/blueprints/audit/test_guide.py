"""The guide is true of this program: what can be checked of it is."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from erebus.blueprints.audit.filters import NAMES
from erebus.blueprints.audit.presenter import as_json
from erebus.trail import AuditEvent, capacity
from erebus.trail.registry import description_of


def guide(client: FlaskClient) -> str:
    answer = client.get("/docs/audit-logs")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def fields() -> list[str]:
    blank: dict[str, Any] = dict.fromkeys(AuditEvent._fields, "")
    return list(as_json(AuditEvent(**{**blank, "hash": b"", "previous_hash": b"", "stored_changes": "[]"})))


def test_example_is_json_with_all_fields_in_their_order(client: FlaskClient) -> None:
    example = re.search(r'<code id="example">(.*?)</code>', guide(client), re.DOTALL)

    assert example
    assert list(json.loads(example[1])) == fields()


def test_table_explains_all_fields_in_their_order(client: FlaskClient) -> None:
    assert re.findall(r'<th scope="row"><code>(\w+)</code>', guide(client)) == fields()


def test_every_name_that_the_log_can_give_is_explained(app: Flask, client: FlaskClient) -> None:
    explained = set(re.findall(r"<h4>(.*?) <code>", guide(client)))
    models = [model for p in app.extensions["erebus"].plugins for model in p.descriptions]
    told = {words.title for model in models for words in description_of(model).words}

    assert explained >= told | {capacity.TITLE}


def test_every_qualifier_of_the_box_is_explained(client: FlaskClient) -> None:
    assert set(re.findall(r"<code>([a-z]+):", guide(client))) == set(NAMES)


def test_every_link_inside_it_leads_somewhere(client: FlaskClient) -> None:
    text = guide(client)

    assert set(re.findall(r'href="#([\w-]+)"', text)) <= set(re.findall(r' id="([\w-]+)"', text))


def test_anchors_that_other_pages_link_to_are_there(client: FlaskClient) -> None:
    assert {"retention", "events", "chain"} <= set(re.findall(r'<section id="([\w-]+)"', guide(client)))


def test_help_is_where_the_setting_says(client: FlaskClient) -> None:
    assert "mailto:support@erebus.sh" in guide(client)
