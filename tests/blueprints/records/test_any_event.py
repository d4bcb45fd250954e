"""Whatever event the engine can write: its payload fits into a QR code, and record, file and picture read back."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from erebus.blueprints.records.drawing import draw
from erebus.blueprints.records.qr import WIDTH, qr_code
from erebus.blueprints.records.sheet import lay_out
from erebus.records import Making, code_of, facts_of, grouped, link_to, read_document, read_link
from erebus.records.fitting import DEFLATED_LIMIT, deflate
from erebus.trail import AuditEvent
from erebus.trail.values import keep, one_line
from tests.blueprints.records.conftest import document, event
from tests.records.making import KEY, hashes
from tests.records.pictures import qr_codes

pytestmark = pytest.mark.pure

TEXTS = st.builds(lambda text, times: text * times, st.text(max_size=50), st.sampled_from([1, 1, 3, 60]))
LINES = TEXTS.map(one_line)
NAMES = TEXTS.map(lambda text: one_line(text, 255))
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), TEXTS, st.binary(max_size=60))


@st.composite
def changes(draw: Any) -> str:
    """What the trail stores of a change: values as `keep` makes them, or none at all."""
    stored: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 8))):
        named = {"field": draw(NAMES), "name": draw(NAMES)}
        if draw(st.booleans()):
            stored.append({**named, "hidden": draw(st.sampled_from(["secret", "unrecorded"]))})
            continue
        (before, was_cut), (after, is_cut) = keep(draw(VALUES)), keep(draw(VALUES))
        stored.append({**named, "before": before, "after": after, **({"cut": True} if was_cut or is_cut else {})})
    return json.dumps(stored * draw(st.sampled_from([1, 1, 1, 12])))


EVENTS = st.builds(
    event,
    number=st.integers(1, 2**53 - 1),
    created_at=st.integers(0, 253_370_764_799_999),
    actor_name=NAMES,
    actor_image=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    action=st.sampled_from(["create", "update", "delete"]),
    action_description=NAMES,
    entity_type=NAMES,
    entity_id=NAMES,
    entity_label=NAMES,
    description=LINES,
    status=st.booleans(),
    reason=st.none() | LINES,
    stored_changes=changes(),
    request_id=st.none() | st.just("01KAQ7M3V9X2C8B5N1T6R4W0ZE"),
    address=st.none() | st.ip_addresses().map(str),
    user_agent=st.none() | LINES,
    previous_hash=hashes,
    hash=hashes,
)


@pytest.mark.long
@settings(max_examples=100)
@given(EVENTS, st.booleans(), NAMES)
def test_it_fits_and_reads_back(of: AuditEvent, origin: bool, title: str) -> None:
    made = document(of, origin=origin, project_title=title, by_name=title)

    assert len(deflate(made.payload)) <= DEFLATED_LIMIT
    link = link_to(made.record, f"https://{'h' * 150}")
    assert read_link(link) == made.record
    assert qr_code(link).width <= WIDTH
    assert qr_code(link).module >= 3
    assert read_document(made.as_text()) == made
    making = Making(
        host="erebus.example",
        project_title=title,
        by_id="user_1",
        by_name=title,
        at=1_795_426_175_204,
        key_id=KEY.id,
        origin=origin,
    )
    assert made.facts() == facts_of(of, making)


@settings(max_examples=12)
@given(EVENTS, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]))
def test_it_is_drawn_and_the_picture_reads_back(of: AuditEvent, zone: str) -> None:
    made = document(of, origin=True)
    sheet = lay_out(made.facts(), zone, grouped(code_of(made.payload)), has_rest=bool(made.values))

    image = Image.open(io.BytesIO(draw(sheet, qr_code(link_to(made.record, "https://erebus.example")), made.as_text())))

    (link,) = qr_codes(image)
    assert read_link(link) == made.record
    image.load()
    assert read_document(image.text["erebus-record"]) == made


@pytest.mark.parametrize("count", [0, 1, 60, 400])
@pytest.mark.parametrize("length", [1, 399, 2000])
def test_however_many_changes_there_are_and_however_well_they_deflate(count: int, length: int) -> None:
    change = {"field": "f" * 60, "name": "n" * 60, "before": "b" * length, "after": "中" * length}
    made = document(event(*[change] * count))

    assert len(deflate(made.payload)) <= DEFLATED_LIMIT
    assert read_link(link_to(made.record, "https://erebus.example")) == made.record
    assert len(made.facts()["changes"]) == count
