"""The signed payload: canonical JSON (RFC 8785) with a fixed set of members, read strictly.

A text that is too long for the payload stands in it as ``{"length": characters, "sha256": hex}``; changes that do not
fit as ``moreChanges``, their number and the SHA-256 of their canonical JSON.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMAT = "erebus-record/1"
PAYLOAD_LIMIT = 20_000  # bytes; a payload is hardly ever a tenth of that
ORIGIN = ("actorImage", "address", "userAgent")
"""What is part of a record only if an admin wants it to be."""
_SAFE = 2**53 - 1
_HIDDEN = ("secret", "unrecorded")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotARecord(ValueError):  # noqa: N818 - named after what happened
    """What was given cannot be a record as Erebus writes it; the text says what is wrong with it."""


class NoRecord(NotARecord):
    """There is no record in what was given: it is something else, not a record that was changed."""


class Record(NamedTuple):
    """A payload as it was signed, and the Ed25519 signature over its bytes (64 bytes)."""

    payload: bytes
    signature: bytes


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return *value* as canonical JSON (RFC 8785)."""
    return rfc8785.dumps(value)


def strict_json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of *text*: no name twice, no fraction, no NaN. Raises `NotARecord`."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_float=_refused, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        if isinstance(error, NotARecord):
            raise
        message = "it is no JSON"
        raise NotARecord(message) from None


def read_payload(payload: bytes) -> dict[str, Any]:
    """Return the members of *payload*. Raises `NotARecord` for another spelling, or for other members than ours."""
    if len(payload) > PAYLOAD_LIMIT:
        message = "its payload is too long"
        raise NotARecord(message)
    members = strict_json(_text(payload))
    check_members(members)
    if canonical(members) != payload:
        message = "its payload is not written as canonical JSON"
        raise NotARecord(message)
    return dict(members)


def check_members(members: object) -> None:
    """Refuse what does not have exactly the members of a payload, each of its kind. Raises `NotARecord`."""
    if not isinstance(members, dict) or members.get("format") != FORMAT:
        message = f"it is not of the format {FORMAT}"
        raise NotARecord(message)
    for name, is_right in _MEMBERS.items():
        if name not in members or not is_right(members[name]):
            raise NotARecord(_wrong(name))
    for name in members.keys() - _MEMBERS.keys():
        if name not in _MAY_BE:
            message = "it has a member that is no part of a record"  # whose name may be anything: it is not repeated
            raise NotARecord(message)
        if not _MAY_BE[name](members[name]):
            raise NotARecord(_wrong(name))


def is_abridged(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether *value* stands for a text that is too long."""
    return (
        isinstance(value, dict)
        and value.keys() == {"length", "sha256"}
        and _is_count(value["length"])
        and _is_sha256(value["sha256"])
    )


def is_plain(value: object) -> bool:
    """Return whether *value* is a text, without halves of characters."""
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)


def is_change(value: object) -> bool:
    """Return whether *value* is one field's change."""
    if not isinstance(value, dict) or not {"field", "name"} <= value.keys():
        return False
    if not all(_is_text(value[name]) for name in ("field", "name")):
        return False
    rest = {name: part for name, part in value.items() if name not in {"field", "name"}}
    if rest.keys() == {"hidden"}:
        return rest["hidden"] in _HIDDEN
    if rest.pop("cut", True) is not True:
        return False
    return rest.keys() == {"before", "after"} and all(map(_is_value, rest.values()))


def _text(payload: bytes) -> str:
    try:
        return payload.decode()  # not by `json`, which takes UTF-16 as well, and halves of characters
    except UnicodeDecodeError:
        message = "its payload is no text in UTF-8"
        raise NotARecord(message) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "a name is in it twice"
        raise NotARecord(message)
    return found


def _refused(text: str) -> Any:  # noqa: ANN401 - it never returns
    message = f"{text[:20]} is no number that a record holds"
    raise NotARecord(message)


def _wrong(name: str) -> str:
    return f"“{name}” is missing, or of another kind"


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _SAFE


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _is_text(value: object) -> bool:
    return is_plain(value) or is_abridged(value)


def _is_value(value: object) -> bool:
    return value is None or isinstance(value, bool) or _is_text(value) or (type(value) is int and abs(value) <= _SAFE)


def _or_none(test: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or test(value)


def _is_more(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"count", "sha256"}
        and _is_count(value["count"])
        and value["count"] > 0
        and _is_sha256(value["sha256"])
    )


_MEMBERS: Mapping[str, Callable[[object], bool]] = {
    "format": is_plain,
    "keyId": is_plain,
    "host": is_plain,
    "recordedAt": _is_count,
    "recordedById": is_plain,
    "recordedByName": _is_text,
    "logId": is_plain,
    "projectTitle": _is_text,
    "id": is_plain,
    "number": _is_count,
    "createdAt": _is_count,
    "actorId": is_plain,
    "actorKind": is_plain,
    "actorName": _is_text,
    "action": is_plain,
    "actionDescription": _is_text,
    "entityType": _is_text,
    "entityId": _is_text,
    "entityLabel": _is_text,
    "projectId": _or_none(is_plain),
    "description": _is_text,
    "status": lambda value: isinstance(value, bool),
    "reason": _or_none(_is_text),
    "changes": lambda value: isinstance(value, list) and all(map(is_change, value)),
    "requestId": _or_none(is_plain),
    "hash": _is_sha256,
    "previousHash": _is_sha256,
}
_MAY_BE: Mapping[str, Callable[[object], bool]] = {**dict.fromkeys(ORIGIN, _or_none(_is_text)), "moreChanges": _is_more}
