"""The chain: what one event's hash is made of.

``hash = SHA-256(previous hash, number, time, digest)``, number and time as eight bytes each, big endian;
``digest = HMAC-SHA-256(key, canonical text)``, the canonical text (RFC 8785) of the event's content with the id of its
log. Of texts, truth values and null under ASCII names Python's own JSON, sorted and without spaces, is that text
already, at a tenth of the time; a test holds the two against each other. The key is not in the database: whoever can
write SQL still cannot make a chain that verifies. Number and time are outside the digest so that the statement that
holds the log's lock can set them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from erebus.trail.tables import CONTENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def digest(key: bytes, log_id: str, content: Mapping[str, Any]) -> bytes:
    """Return the keyed digest (32 bytes) of an event's *content*, a mapping with at least the names in `CONTENT`."""
    text = _canonical({"log_id": log_id, **{name: content[name] for name in CONTENT}})
    return hmac.digest(key, text.encode(), "sha256")


def digests(key: bytes, log_id: str, contents: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Return the keyed digest of each of *contents*."""
    return [digest(key, log_id, content) for content in contents]


def link(previous: bytes, number: int, time: int, digest: bytes) -> bytes:
    """Return the hash (32 bytes) of the event *number* made at *time* (milliseconds since 1970, UTC)."""
    return hashlib.sha256(previous + number.to_bytes(8, "big") + time.to_bytes(8, "big") + digest).digest()
