"""Events of one action, which is one request, that stand side by side: told under one heading, and folded. Pure.

No sentence is made here. A heading counts and repeats what the events themselves say: their sentences stay theirs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from erebus.blueprints.audit.presenter import Day, Shown
    from erebus.trail import AuditEvent

_FOLDED = 3  # events from which on their heading is shorter than they are
_NAMED = 3  # kinds of deeds, and things that they were done to, that a heading names


class Named(NamedTuple):
    """What a heading names: texts with how often each, and how many more there are."""

    texts: tuple[tuple[str, int], ...]
    rest: int


@dataclass(frozen=True)
class Group:
    """Events that stand together, newest first: one by itself, or those of one request by one actor.

    *total* is how many events of the request are kept, *elsewhere* where those are that do not stand here, in words.
    """

    events: tuple[Shown, ...]
    total: int
    elsewhere: str

    @property
    def is_folded(self) -> bool:
        """Whether they are told under one heading."""
        return len(self.events) >= _FOLDED

    @property
    def newest(self) -> AuditEvent:
        """The newest of them."""
        return self.events[0].event

    @property
    def oldest(self) -> AuditEvent:
        """The oldest of them."""
        return self.events[-1].event

    @property
    def failures(self) -> int:
        """How many of them failed."""
        return sum(not shown.event.status for shown in self.events)

    @property
    def deeds(self) -> Named:
        """What was done, in the events' own words, the first first."""
        return _named(shown.event.action_description for shown in reversed(self.events))

    @property
    def kind(self) -> str:
        """What kind of things it was done to, empty if there are several."""
        kinds = {shown.event.entity_type for shown in self.events}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def things(self) -> Named:
        """What it was done to, by name, and by kind where there are several kinds."""
        events = [shown.event for shown in reversed(self.events)]
        names = [event.entity_label or event.entity_id for event in events]
        kinds = [f"{event.entity_type} " for event in events]
        return _named(names if self.kind else map("".join, zip(kinds, names, strict=True)))


class Section(NamedTuple):
    """A day of the timeline, its events in groups."""

    heading: str
    groups: tuple[Group, ...]


class _Places:
    """Where the events of each request on a page are, of all that the log keeps."""

    def __init__(self, page: Sequence[AuditEvent], found: Iterable[AuditEvent], kept: Iterable[AuditEvent]) -> None:
        shown = {event.request_id for event in page} - {None}
        self.kept = Counter(event.request_id for event in kept if event.request_id in shown)
        self.found = Counter(event.request_id for event in found if event.request_id in shown)
        self.on_page = Counter(event.request_id for event in page)
        newest = page[0].number if page else 0
        self.newer = Counter(e.request_id for e in found if e.request_id in shown and e.number > newest)

    def elsewhere(self, request: str, here: int) -> str:
        """Return where the events of *request* are, but for the number of them that stand *here*."""
        counts = {
            "on the page before": self.newer[request],
            "elsewhere on this page": self.on_page[request] - here,
            "on the next page": self.found[request] - self.newer[request] - self.on_page[request],
            "hidden by the filter": self.kept[request] - self.found[request],
        }
        return _listed([f"{n} {'is' if n == 1 else 'are'} {place}" for place, n in counts.items() if n])


def gather(
    days: Iterable[Day], page: Sequence[AuditEvent], found: Sequence[AuditEvent], kept: Sequence[AuditEvent]
) -> list[Section]:
    """Return *days*, which tell a *page* of what was *found* among what is *kept*, with their events in groups."""
    places = _Places(page, found, kept)
    return [Section(day.heading, tuple(_groups(day.events, places))) for day in days]


def _groups(events: Iterable[Shown], places: _Places) -> Iterable[Group]:
    for (request, *_), run in groupby(events, key=_action):
        together = tuple(run)
        if isinstance(request, str):
            yield Group(together, places.kept[request], places.elsewhere(request, len(together)))
        else:
            yield Group(together, 1, "")


def _action(shown: Shown) -> tuple[object, ...]:
    """Return what events of one action have in common; of an event without a request, what no other one has."""
    event = shown.event
    if event.request_id is None:
        return (event.number,)
    return event.request_id, event.actor_kind, event.actor_id, event.actor_name, event.actor_image


def _named(texts: Iterable[str]) -> Named:
    counts = Counter(texts)
    named = tuple(counts.items())[:_NAMED]
    return Named(named, sum(counts.values()) - sum(number for _text, number in named))


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
