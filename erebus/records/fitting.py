"""Making a payload small enough for a QR code: at most 1,400 bytes deflated, whatever the event holds.

What is long gives way to its length and its hash. Sentence, names and as many changes as can be stay readable: changes
are left out, the last ones first, before a text that is shorter than `LIMITS` allows gives way.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

from erebus.records.documents import DOCUMENT_LIMIT, Document
from erebus.records.payload import PAYLOAD_LIMIT, canonical, read_payload

DEFLATED_LIMIT = 1400  # bytes; with signature and address still a code of 3 px a module within 440 px
LIMITS = (400, 240, 120, 60, 40)  # bytes of a text that stays, tried one after the other
_TOO_LARGE = "this event is too large for a record"
_MOST_CHANGES = 50  # of more of them not even their names would fit
_TEXTS = {
    "recordedByName",
    "projectTitle",
    "actorName",
    "actionDescription",
    "entityType",
    "entityId",
    "entityLabel",
    "description",
    "reason",
    "actorImage",
    "address",
    "userAgent",
}


def deflate(payload: bytes) -> bytes:
    """Return *payload* compressed (RFC 1951)."""
    return zlib.compress(payload, 9, -zlib.MAX_WBITS)


def fit(facts: dict[str, Any]) -> Document:
    """Return *facts* as a payload that fits, unsigned, beside it what had to give way.

    Raises ValueError where even the shortest payload is too long (an id or a host that no installation has), and for
    what no event holds: nothing is to be signed that cannot be read again.
    """
    changes = facts["changes"]
    for limit in LIMITS:
        for kept in range(min(len(changes), _MOST_CHANGES), -1, -1):
            document = _abridge(facts, limit, kept)
            if len(document.payload) <= PAYLOAD_LIMIT and len(deflate(document.payload)) <= DEFLATED_LIMIT:
                return _checked(document)
    raise ValueError(_TOO_LARGE)


def _checked(document: Document) -> Document:
    read_payload(document.payload)
    if len(document.as_text()) > DOCUMENT_LIMIT:
        raise ValueError(_TOO_LARGE)
    return document


def _abridge(facts: dict[str, Any], limit: int, kept: int) -> Document:
    """Return *facts* with texts of at most *limit* bytes and the first *kept* changes."""
    values: dict[str, str] = {}

    def text(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if not isinstance(value, str) or len(value.encode()) <= limit:
            return value
        sha256 = hashlib.sha256(value.encode()).hexdigest()
        values[sha256] = value
        return {"length": len(value), "sha256": sha256}

    payload = {name: text(value) if name in _TEXTS else value for name, value in facts.items()}
    payload["changes"] = [{name: text(part) for name, part in change.items()} for change in facts["changes"][:kept]]
    more = facts["changes"][kept:]
    if more:
        payload["moreChanges"] = {"count": len(more), "sha256": hashlib.sha256(canonical(more)).hexdigest()}
    return Document(canonical(payload), b"", values, tuple(more))
