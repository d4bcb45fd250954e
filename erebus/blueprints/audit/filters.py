"""What one wants to see of a log, as one value. The address, the box and the controls are three spellings of it.

The box is a line of text: qualifiers such as ``actor:grace`` or ``from:"2026-11-23 09:41"``, and words or "phrases"
that are looked for. A backslash in quotes lets the next character stand for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from erebus.blueprints.audit import spans
from erebus.blueprints.audit.spans import NotUnderstood

ACTIONS = ("create", "update", "delete")
STATUSES = ("succeeded", "failed")
LIMIT = 100  # characters of a value
BOX_LIMIT, TERMS = 2000, 20  # characters in the box, words and phrases in it
_ATTRIBUTES = {
    "actor": "actor",
    "action": "action",
    "type": "entity_type",
    "entity": "entity",
    "status": "status",
    "from": "since",
    "to": "until",
    "request": "request",
}
NAMES = tuple(_ATTRIBUTES)
_NAME = "|".join(NAMES)
_TOKEN = re.compile(
    rf'(?:(?P<name>{_NAME}):)?(?:"(?P<quoted>(?:[^"\\]|\\.)*)(?:"|\Z)|(?P<plain>\S+))', re.IGNORECASE | re.DOTALL
)
_QUALIFIER = re.compile(rf"({_NAME}):", re.IGNORECASE)


@dataclass(frozen=True)
class Filter:
    """What is asked for, each part spelled as in an address; what is empty is not asked.

    *actor* is an id, or words of a name. *since* and *until* are a day or a moment in the reader's time zone (`spans`).
    Every one of *text* has to be found.
    """

    actor: str = ""
    action: str = ""
    entity_type: str = ""
    entity: str = ""
    status: str = ""
    since: str = ""
    until: str = ""
    request: str = ""
    text: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether anything is asked."""
        return any(getattr(self, field.name) for field in fields(self))

    @property
    def parts(self) -> dict[str, str]:
        """What is asked by the name of its qualifier, but for the text."""
        asked = {name: str(getattr(self, attribute)) for name, attribute in _ATTRIBUTES.items()}
        return {name: value for name, value in asked.items() if value}

    @property
    def arguments(self) -> dict[str, Any]:
        """The filter as arguments of an address."""
        return self.parts | ({"q": " ".join(map(_term, self.text))} if self.text else {})

    @property
    def box(self) -> str:
        """The filter as a line in the box."""
        return " ".join([*(qualified(name, value) for name, value in self.parts.items()), *map(_term, self.text)])

    def change(self, name: str, value: str) -> Filter:
        """Return the same filter, with *value* for what the qualifier *name* asks; an empty one takes it away."""
        return make(self.parts | {name: value}, self.text)

    def leave_out(self, term: str) -> Filter:
        """Return the same filter, without *term* among the text."""
        return make(self.parts, tuple(kept for kept in self.text if kept != term))


class Line(NamedTuple):
    """What was typed into the box: values by the name of their qualifier, and text, in their order."""

    parts: dict[str, list[str]]
    text: tuple[str, ...]


def make(parts: dict[str, str], text: tuple[str, ...]) -> Filter:
    """Return the filter of *parts*, by the names of their qualifiers, and *text*."""
    return Filter(**{_ATTRIBUTES[name]: value for name, value in parts.items()}, text=text)


def qualified(name: str, value: str) -> str:
    """Return *value* behind the qualifier *name*, as in the box."""
    return f"{name}:{_value(value)}"


def read_line(typed: str) -> Line:
    """Return what the box holds, without a look at whether it makes sense."""
    parts: dict[str, list[str]] = {}
    text: dict[str, None] = {}
    for token in _TOKEN.finditer(typed):
        name, quoted, plain = token.group("name", "quoted", "plain")
        value = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if plain is None else plain
        if name is None and plain and _QUALIFIER.fullmatch(plain):
            name, value = plain.removesuffix(":"), ""
        if name is not None:
            parts.setdefault(name.lower(), []).append(value)
        elif value.strip():
            text[" ".join(value.split())] = None
    return Line(parts, tuple(text))


def understand(name: str, value: str) -> str:
    """Return the *value* of the qualifier *name* as a `Filter` holds it. Raises `NotUnderstood`."""
    value = " ".join(value.split())
    if len(value) > LIMIT:
        message = f"“{name}” takes at most {LIMIT} characters."
        raise NotUnderstood(message)
    choices = {"action": ACTIONS, "status": STATUSES}.get(name)
    if value and choices:
        return _choice(name, value, choices)
    if value and name in {"from", "to"}:
        return spans.normalise(name, value)
    return value


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value.casefold() not in choices:
        message = f"“{value}” is no {name}. There are: {', '.join(choices)}."
        raise NotUnderstood(message)
    return value.casefold()


def _value(value: str) -> str:
    return _quoted(value) if re.search(r"\s", value) or value.startswith('"') else value


def _term(term: str) -> str:
    return _quoted(term) if _QUALIFIER.match(term) else _value(term)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
