"""The pages of one entity's history, and the same as JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from erebus.blueprints.audit import queries
from erebus.blueprints.audit.absence import window_of
from erebus.blueprints.audit.detail import has_history
from erebus.blueprints.audit.showing import report, show_absence, what_was_found
from erebus.blueprints.history import telling
from erebus.blueprints.history.states import of_entity
from erebus.blueprints.history.way_back import find_way_back
from erebus.permissions import requires
from erebus.trail import entity_types, printable
from erebus.verification import examine

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.history.states import History
    from erebus.trail import AuditLog

bp = Blueprint("history", __name__)
_OF_THE_TRAIL = {"audit_log", "table"}  # kinds that no model is told by


class NoSuchKind(NotFound):
    """There is nothing of the kind that the address names."""

    def __init__(self, known: set[str]) -> None:
        """Say what kinds are *known* in the log."""
        super().__init__()
        kinds = f" Those in this log are: {', '.join(map(printable, sorted(known)))}." if known else ""
        told = f"The address names a kind that is not known here.{kinds} In the log, each event leads to its history."
        self.advice = ("There is no such kind of thing", told)


@bp.get("/projects/<slug>/audit/history/<entity_type>/<entity_id>")
@requires("project:audit:read")
def show(slug: str, entity_type: str, entity_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Show the events of one entity, what it was after event ``at``, and the way back to that."""
    examined = examine(g.project.id)
    report(examined)
    found = _find(examined.log, entity_type, entity_id)
    place = _place(examined.log)
    before, flaw = _before()
    way = find_way_back(found, place.number, examined.log.head_number if examined.log else 0)
    shown = telling.event_at(found, place.number)
    status = place.status if place.flaw else HTTPStatus.BAD_REQUEST if flaw else HTTPStatus.OK
    page = render_template(
        "history/show.html",
        entity_type=entity_type,
        entity_id=entity_id,
        history=found,
        place=place,
        flaws=[told for told in (place.flaw, flaw) if told],
        way=way,
        page=telling.page_with(found, place.number, before),
        shown=shown,
        cause=queries.find_event(examined.log, str(place.number)),
        steps=telling.steps_from(found, place.number),
        telling=telling,
        **what_was_found(examined, *([shown] if shown else ()), found=found.events),
    )
    return page, status


@bp.get("/projects/<slug>/audit/history/<entity_type>/<entity_id>.json")
@requires("project:audit:read")
def show_json(slug: str, entity_type: str, entity_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the same
    """Give what one entity was after event ``at``, the way back to that, and the numbers of its events."""
    log = queries.find_log(g.project.id)
    place = _place(log)
    if place.flaw:
        return {"error": "What it was then cannot be told", "hint": place.flaw}, place.status
    found = _find(log, entity_type, entity_id)
    way = find_way_back(found, place.number, log.head_number if log else 0)
    return {"entityType": entity_type, "entityId": entity_id, **telling.as_json(found, way)}


@bp.get("/projects/<slug>/audit/<event_id>/history")
@requires("project:audit:read")
def of_event(slug: str, event_id: str) -> ResponseReturnValue:
    """Lead to the history of what an event is about, as it was then: a short address, for a list has many of them."""
    event = queries.find_event(queries.find_log(g.project.id), event_id)
    if event is None:
        return show_absence(examine(g.project.id), event_id)
    if not has_history(event):
        return redirect(url_for("audit.show", slug=slug, event_id=event.number))
    entity_type, entity_id = event.entity_type, event.entity_id
    return redirect(url_for("history.show", slug=slug, entity_type=entity_type, entity_id=entity_id, at=event.number))


def _find(log: AuditLog | None, entity_type: str, entity_id: str) -> History:
    """Return the history of an entity in *log*, without events if none is kept. Raises `NoSuchKind`."""
    events = log.events if log else ()
    present = {event.entity_type for event in events}
    if entity_type not in present | entity_types() | _OF_THE_TRAIL:
        raise NoSuchKind(present)
    return of_entity(events, entity_type, entity_id)


def _place(log: AuditLog | None) -> telling.Place:
    """Return after which event of *log* the address asks for a state."""
    kept = window_of(log)
    first, last = kept or (0, 0)
    try:
        return telling.place_of(queries.read_number(request.args, "at"), first, last)
    except queries.NotANumber as error:
        return telling.Place(last, str(error), HTTPStatus.BAD_REQUEST)


def _before() -> tuple[int | None, str]:
    """Return before which event the page of the address ends, and what is wrong with that."""
    try:
        return queries.read_number(request.args, "before"), ""
    except queries.NotANumber as error:
        return None, str(error)
