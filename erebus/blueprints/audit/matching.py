"""Which events a `Filter` lets through. Pure: events in, events out."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from erebus.blueprints.audit import spans
from erebus.wording import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, tzinfo

    from erebus.blueprints.audit.filters import Filter
    from erebus.trail import AuditEvent

    Test = Callable[[AuditEvent], bool]

_ACTOR_ID = re.compile(r"system|anonymous|(user|key)_[0-9a-z]{26}")  # matched whole: nobody gets in by their name
_ACCENTS = dict.fromkeys(range(768, 880))  # "Combining Diacritical Marks"; other scripts need theirs
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def fold(text: str) -> str:
    """Return *text* as texts are compared: neither capitals nor accents make a difference."""
    plain = text.casefold()
    return plain if plain.isascii() else unicodedata.normalize("NFKD", plain).translate(_ACCENTS).translate(_LETTERS)


def select(events: Iterable[AuditEvent], wanted: Filter, zone: tzinfo, now: datetime) -> tuple[AuditEvent, ...]:
    """Return those of *events* that *wanted* lets through, in their order."""
    tests = _tests(wanted, zone, now)
    return tuple(event for event in events if all(test(event) for test in tests))


def _tests(wanted: Filter, zone: tzinfo, now: datetime) -> list[Test]:
    """Return a test for each part that is asked, the dearest last."""
    tests: list[Test] = []
    if wanted.actor:
        tests.append(_by_actor(wanted.actor))
    if wanted.status:
        is_wanted = wanted.status == "succeeded"
        tests.append(lambda event: event.status is is_wanted)
    if wanted.since:
        first = spans.start(wanted.since, zone, now)
        tests.append(lambda event: event.created_at >= first)
    if wanted.until:
        after = spans.end(wanted.until, zone)
        tests.append(lambda event: event.created_at < after)
    tests += [_equal(name, value) for name, value in _whole(wanted).items() if value]
    if wanted.text:
        terms = [fold(term) or term for term in wanted.text]  # an accent alone is in no folded text
        tests.append(lambda event: _holds(event, terms))
    return tests


def _whole(wanted: Filter) -> dict[str, str]:
    """Return what has to be equal, by the event's field."""
    return {
        "action": wanted.action,
        "entity_type": wanted.entity_type,
        "entity_id": wanted.entity,
        "request_id": wanted.request,
    }


def _equal(name: str, value: str) -> Test:
    folded = value.casefold()
    return lambda event: (getattr(event, name) or "").casefold() == folded


def _by_actor(actor: str) -> Test:
    """Return the test for an id, or for words that all have to be words of the actor's name."""
    identity = actor.casefold()
    words = set() if _ACTOR_ID.fullmatch(identity) else set(fold(actor).split())

    def test(event: AuditEvent) -> bool:
        is_named = bool(words) and words <= set(fold(event.actor_name).split())
        return is_named or event.actor_id.casefold() == identity

    return test


def _holds(event: AuditEvent, terms: list[str]) -> bool:
    searched = _searched(event)
    return all(term in searched for term in terms)


def _searched(event: AuditEvent) -> str:
    """Return what text is looked for in: sentence, reason, label, ids, and changed values, a line each."""
    ids = (event.id, event.actor_id, event.entity_id, event.project_id, event.request_id)
    lines = (event.description, event.reason, event.action_description, event.entity_label, *ids, *_values(event))
    return fold("\n".join(filter(None, lines)))


def _values(event: AuditEvent) -> list[str]:
    try:
        changes = event.changes
    except ValueError:
        return [event.stored_changes]  # the trail never wrote it; what is there can be found all the same
    sides = [change.get(side) for change in changes for side in ("before", "after")]
    return [text_of(side) for side in sides if side is not None and not isinstance(side, bool)]  # those have words
