"""The whole record as a file: payload and signature, and beside them what the payload has only the hash of.

A JSON object of four members: ``payload`` (an object), ``signature`` (base64url without padding), ``values`` (long
texts by their SHA-256), ``moreChanges`` (the changes that did not fit, a list). The same text lies in the PNG, in an
iTXt chunk. What surrounds the payload is believed only as far as its hashes are in the payload.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from erebus.records.payload import (
    PAYLOAD_LIMIT,
    NotARecord,
    Record,
    canonical,
    check_members,
    is_abridged,
    is_change,
    is_plain,
    read_payload,
    strict_json,
)

SIGNATURE_BYTES = 64
DOCUMENT_LIMIT = 2_000_000  # characters; an event's text is a fraction of that
_MEMBERS = {"payload", "signature", "values", "moreChanges"}
_BASE64URL = re.compile(rf"[A-Za-z0-9_-]{{{-(-SIGNATURE_BYTES * 4 // 3)}}}")


class RestIsAltered(NotARecord):
    """What stands beside the payload is not what the payload has the hashes of. *record* is the payload's alone."""

    def __init__(self, message: str, record: Record) -> None:
        """Say in *message* what is wrong beside *record*."""
        super().__init__(message)
        self.record = record


@dataclass(frozen=True)
class Document:
    """A record with all that belongs to it. *values* are long texts by their SHA-256 (hex)."""

    payload: bytes
    signature: bytes
    values: dict[str, str] = field(default_factory=dict)
    more_changes: tuple[dict[str, Any], ...] = ()

    @property
    def record(self) -> Record:
        """Payload and signature alone, as they are in the QR code."""
        return Record(self.payload, self.signature)

    def as_text(self) -> str:
        """Return the file's text: JSON to be read, too."""
        whole = {
            "payload": json.loads(self.payload),
            "signature": _encoded(self.signature),
            "values": self.values,
            "moreChanges": list(self.more_changes),
        }
        return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"

    def facts(self) -> dict[str, Any]:
        """Return the payload's members with every text and change whole, as far as they are here."""
        members = read_payload(self.payload)
        whole = {name: self._whole(value) for name, value in members.items() if name not in {"changes", "moreChanges"}}
        shown = [{name: self._whole(part) for name, part in change.items()} for change in members["changes"]]
        missing = {"moreChanges": members["moreChanges"]} if "moreChanges" in members and not self.more_changes else {}
        return {**whole, "changes": [*shown, *self.more_changes], **missing}

    def _whole(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        return self.values.get(value["sha256"], value) if is_abridged(value) else value


def read_document(text: str) -> Document:
    """Return the record in the file *text*. Raises `NotARecord` for what is no record, or not whole."""
    if len(text) > DOCUMENT_LIMIT:
        message = "it is too long for a record"
        raise NotARecord(message)
    whole = strict_json(text)
    if not isinstance(whole, dict) or whole.keys() != _MEMBERS:
        message = "a record has exactly the members payload, signature, values and moreChanges"
        raise NotARecord(message)
    check_members(whole["payload"])
    payload = canonical(whole["payload"])
    if len(payload) > PAYLOAD_LIMIT:
        message = "its payload is too long"
        raise NotARecord(message)
    document = Document(
        payload,
        _decoded(whole["signature"]),
        _texts(whole["values"]),
        _changes(whole["moreChanges"]),
    )
    _check_rest(document, whole["payload"])
    return document


def _check_rest(document: Document, payload: dict[str, Any]) -> None:
    """Hold what surrounds the payload against its hashes: nothing changed, nothing missing, nothing more."""
    wanted = {found["sha256"]: found["length"] for found in _abridged(payload)}
    if {sha256: len(text) for sha256, text in document.values.items()} != wanted:
        message = "the long texts beside the payload are not those that it names"
        raise RestIsAltered(message, document.record)
    if any(hashlib.sha256(text.encode()).hexdigest() != sha256 for sha256, text in document.values.items()):
        message = "a long text beside the payload is not what was signed"
        raise RestIsAltered(message, document.record)
    told = {"count": len(document.more_changes), "sha256": _sha256(document.more_changes)}
    if payload.get("moreChanges") != (told if document.more_changes else None):
        message = "the further changes beside the payload are not what was signed"
        raise RestIsAltered(message, document.record)


def _abridged(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    if is_abridged(value):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for part in parts for found in _abridged(part)]


def _sha256(changes: tuple[dict[str, Any], ...]) -> str:
    return hashlib.sha256(canonical(list(changes))).hexdigest()


def _encoded(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def _decoded(text: object) -> bytes:
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        message = "its signature is not 64 bytes in base64url"
        raise NotARecord(message)
    signature = base64.urlsafe_b64decode(text + "==")
    if _encoded(signature) != text:
        message = "its signature has a second spelling"
        raise NotARecord(message)
    return signature


def _texts(values: object) -> dict[str, str]:
    if not isinstance(values, dict) or not all(map(is_plain, values.values())):
        message = "“values” must hold texts by their SHA-256"
        raise NotARecord(message)
    return values


def _changes(changes: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(changes, list) or not all(map(is_change, changes)) or _abridged(changes):
        message = "“moreChanges” must be a list of changes, every text whole"
        raise NotARecord(message)
    return tuple(changes)
