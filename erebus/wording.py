"""Words for what is stored as a change: what a field was and is, or why that is not shown. Pure."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from erebus.records import is_abridged
from erebus.trail import printable

_LONG = 200  # characters of a value in a list; where one change is shown, it is whole
_SECRET = {
    "create": "set, never shown",
    "update": "changed, never shown",
    "delete": "removed, never shown",
}
_UNRECORDED = "changed; value not recorded"
_WORDS = {None: "none", "": "empty", True: "yes", False: "no"}


class Value(NamedTuple):
    """A value as it is shown: *text*, and whether it is a word of ours that stands for a value."""

    text: str
    is_word: bool = False


class Change(NamedTuple):
    """One field's change. A side that there was none of is None; *hidden* says why no value is shown."""

    name: str
    before: Value | None = None
    after: Value | None = None
    hidden: str = ""


def change_of(stored: dict[str, Any], action: str) -> Change:
    """Return one field's change, values whole, as it is *stored* with an event of this *action*."""
    name = value_of(stored.get("name", "?")).text
    if "hidden" in stored:
        told = _SECRET.get(action, _SECRET["update"]) if stored["hidden"] == "secret" else _UNRECORDED
        return Change(name, hidden=told)
    before = None if action == "create" else value_of(stored.get("before"))
    after = None if action == "delete" else value_of(stored.get("after"))
    return Change(name, before, after)


def value_of(value: object) -> Value:
    """Return a stored value, whole, every character visible; what a record has only the hash of, by that."""
    if isinstance(value, str) and value:
        return Value(printable(value))
    if value is None or isinstance(value, (bool, str)):
        return Value(_WORDS[value], is_word=True)
    if is_abridged(value):
        return Value(f"{value['length']:,} characters, SHA-256 {value['sha256']}", is_word=True)
    return Value(printable(text_of(value)))


def text_of(value: object) -> str:
    """Return a stored value as text, as it is; of what is no text, its JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def shortened(value: Value) -> Value:
    """Return *value* cut to what a list has room for."""
    return value if len(value.text) <= _LONG else value._replace(text=f"{value.text[:_LONG]}…")
