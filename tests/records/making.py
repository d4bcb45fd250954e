"""Events by chance and records of them, without a database."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from erebus.records import Document, Making, PublicKeys, SigningKey, facts_of, fit
from erebus.trail import AuditEvent

KEY = SigningKey(bytes(range(32)))
KEYS = PublicKeys([KEY.public])
ULID = "01KAQ7M3V9X2C8B5N1T6R4W0ZD"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
long_texts = texts | st.builds(lambda part, count: part * count, texts, st.integers(0, 80)).map(lambda t: t[:2000])
values = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | long_texts
_seen = st.fixed_dictionaries(
    {"field": texts, "name": texts, "before": values, "after": values}, optional={"cut": st.just(value=True)}
)
_hidden = st.fixed_dictionaries({"field": texts, "name": texts, "hidden": st.sampled_from(["secret", "unrecorded"])})
changes = st.lists(_seen | _hidden, max_size=8) | st.lists(_seen, min_size=40, max_size=80)
hashes = st.binary(min_size=32, max_size=32)


@st.composite
def events(draw: st.DrawFn) -> AuditEvent:
    maybe = st.none() | long_texts
    return AuditEvent(
        log_id="proj_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
        slot=16,
        number=draw(st.integers(1, 2**53 - 1)),
        created_at=draw(st.integers(0, 2**53 - 1)),
        id=ULID,
        actor_id="user_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
        actor_kind="user",
        actor_name=draw(long_texts),
        actor_image=draw(st.none() | hashes.map(bytes.hex)),
        action=draw(st.sampled_from(["create", "update", "delete"])),
        action_description=draw(long_texts),
        entity_type=draw(texts),
        entity_id=draw(texts),
        entity_label=draw(long_texts),
        project_id=draw(st.none() | st.just("proj_01KAQ4Z8M2W7T9E0C5V3R6X1YB")),
        description=draw(long_texts),
        status=draw(st.booleans()),
        reason=draw(maybe),
        stored_changes=json.dumps(draw(changes)),
        request_id=draw(st.none() | st.just(ULID)),
        address=draw(st.none() | st.just("192.0.2.7")),
        user_agent=draw(maybe),
        previous_hash=draw(hashes),
        hash=draw(hashes),
    )


@st.composite
def drafts(draw: st.DrawFn) -> tuple[dict[str, Any], Document]:
    """What a record of an event says, and the record."""
    making = Making(
        host=draw(st.sampled_from(["erebus.example", "a" * 60 + ".example:8443", "[2001:db8::1]:5000"])),
        project_title=draw(texts),
        by_id="user_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
        by_name=draw(texts),
        at=draw(st.integers(0, 2**53 - 1)),
        key_id=KEY.id,
        origin=draw(st.booleans()),
    )
    facts = facts_of(draw(events()), making)
    return facts, KEY.sign(fit(facts))


def plain_facts(**other: Any) -> dict[str, Any]:
    """What a record says that has something of everything: a long text, a hidden value, more changes than fit."""
    return {
        "format": "erebus-record/1",
        "keyId": KEY.id,
        "host": "erebus.example",
        "recordedAt": 1795858200000,
        "recordedById": "user_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
        "recordedByName": "Sam Rivera",
        "logId": "proj_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
        "projectTitle": "My Chat App",
        "id": ULID,
        "number": 239,
        "createdAt": 1795857175204,
        "actorId": "user_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
        "actorKind": "user",
        "actorName": "Leo Tann",
        "action": "update",
        "actionDescription": "Revoked API key",
        "entityType": "api_key",
        "entityId": "key_01K9ZP0H6N3B8D2F7J4S5W1TQA",
        "entityLabel": "Billing worker",
        "projectId": "proj_01KAQ4Z8M2W7T9E0C5V3R6X1YB",
        "description": "Tried to revoke production key 'Billing worker'. Not done: " + "it was revoked before. " * 40,
        "status": False,
        "reason": "it was revoked before",
        "changes": [
            {"field": "note", "name": "note", "before": None, "after": "leaked in a gist"},
            {"field": "secret", "name": "secret", "hidden": "secret"},
            *({"field": f"f{n}", "name": f"field {n}", "before": n, "after": f"{n:064x}"[::-1]} for n in range(70)),
        ],
        "requestId": ULID,
        "hash": "9c" * 32,
        "previousHash": "41" * 32,
        **other,
    }


def plain_record(**other: Any) -> Document:
    return KEY.sign(fit(plain_facts(**other)))
