"""The rows of the list page as somebody would build them who wants nothing but speed: f-strings, and escaping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import escape as e

from erebus.templating import local, relative
from erebus.times import iso, utc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erebus.blueprints.audit.presenter import Shown
    from erebus.wording import Change, Value

_NOBODY = (
    '<svg class="avatar avatar-none" viewBox="0 0 36 36" aria-hidden="true">'
    ' <circle class="plate" cx="18" cy="18" r="18" /> <circle class="glyph" cx="18" cy="14.5" r="4.5" />'
    ' <path class="glyph" d="M9.8 27c1.2-4 4.4-6 8.2-6s7 2 8.2 6" /> </svg>'
)
_OUTCOME = '<span class="status {kind}"><svg aria-hidden="true"><use href="#icon-{kind}" /></svg> {word}</span>'
_SUCCEEDED = _OUTCOME.format(kind="ok", word="Succeeded")
_FAILED = _OUTCOME.format(kind="fail", word="Failed")


def rows(events: Iterable[Shown]) -> str:
    """Return the rows of *events*."""
    return "".join(_row(shown) for shown in events)


def _row(shown: Shown) -> str:
    event = shown.event
    number, event_id = event.number, e(event.id)
    moment = shown.moment or 0
    there, then = local(moment), utc(moment)
    return (
        f'<li class="event{"" if event.status else " failed"}" id="event-{number}"> {_NOBODY}'
        f' <article class="entry"> <header> <h3><b>{e(event.actor_name)}</b>'
        f' <span class="did">{e(event.action_description)}</span></h3> <span>'
        f" {_SUCCEEDED if event.status else _FAILED}"
        f' <a class="num" href="audit/{event_id}?n={number}">#{number}</a> </span> </header>'
        f' <p class="say">{e(shown.sentence)}</p> {_why(shown)} {_changes(shown)} <dl class="entry-meta">'
        f' <div> <dt>{e(event.action)}</dt> <dd><a class="narrow"'
        f' href="?entity={e(event.entity_id)}"><b>{e(event.entity_type)}</b>'
        f' {e(event.entity_label)}</a> <a href="audit/{number}/history">{e(event.entity_id)}</a></dd> </div>'
        f" <div> <dt>Event</dt>"
        f" <dd><code data-copy>{event_id}</code></dd>"
        f' </div> <div> <dt>When</dt> <dd class="times">'
        f'<time datetime="{iso(moment)}">{then}</time> {"" if there == then else f"<span>{there}</span>"}'
        f" <span>{relative(moment)}</span></dd> </div> </dl> </article> </li>"
    )


def _why(shown: Shown) -> str:
    event = shown.event
    if shown.why_not:
        return f'<p class="why">Not done: {e(shown.why_not)}</p>'
    if event.reason and event.reason not in event.description:
        return f'<p class="given"><span>Reason given:</span> {e(event.reason)}</p>'
    return ""


def _changes(shown: Shown) -> str:
    if not shown.changes:
        return ""
    parts = " ".join(_change(change) for change in shown.changes)
    is_open = " open" if shown.is_open else ""
    summary = f"<summary>{e(shown.fold)}</summary>"
    return f'<details class="changes"{is_open}> {summary} <dl> {parts} </dl> </details>'


def _change(change: Change) -> str:
    if change.hidden:
        told = f"<i>{e(change.hidden)}</i>"
    else:
        before = f"<del>{_value(change.before)}</del>" if change.before else ""
        after = f"<ins>{_value(change.after)}</ins>" if change.after else ""
        told = " ".join(filter(None, (before, after)))
    return f"<dt>{e(change.name)}</dt> <dd>{told}</dd>"


def _value(value: Value) -> str:
    return f"<i>{e(value.text)}</i>" if value.is_word else e(value.text)
