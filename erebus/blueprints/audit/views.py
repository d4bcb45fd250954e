"""The pages of a project's log, the same as JSON, and the guide."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user

from erebus import clock
from erebus.blueprints.audit import (
    activity,
    asking,
    controls,
    detail,
    groups,
    history_page,
    matching,
    presenter,
    queries,
    ring,
    tags,
)
from erebus.blueprints.audit.absence import explain_id, explain_number, window_of
from erebus.blueprints.audit.history import of_entity
from erebus.blueprints.audit.way_back import find_way_back
from erebus.permissions import public, requires
from erebus.plugins import installation
from erebus.scope import PLATFORM_CAPACITY, PROJECT_CAPACITY
from erebus.verification import examine

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Response
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.audit.absence import Absence
    from erebus.blueprints.audit.asking import Asked
    from erebus.trail import AuditEvent, AuditLog
    from erebus.verification import Examination

bp = Blueprint("audit", __name__)


@bp.get("/projects/<slug>/audit", endpoint="list")
@requires("project:audit:read")
def list_events(slug: str) -> ResponseReturnValue:
    """Show the log newest first, what the filter lets through, 25 events a page; and whether it is what was written.

    Whoever asks what is new ``after`` a number gets the newest page with that marked, and a tag; sent along the next
    time, it is answered with 304 while nothing is. Without ``after`` there is no tag: a page that is loaded anew is to
    be verified anew. ``go`` leads to the event of that number.
    """
    zone, now = ZoneInfo(current_user.time_zone), clock.now()
    asked, numbers = asking.read(request.args, zone, now, also=("after", "go")), _numbers_asked()
    if numbers.go:
        return redirect(url_for("audit.show", slug=slug, event_id=numbers.go))
    if asked.is_form and not asked.flaws:
        return redirect(url_for("audit.list", slug=slug, **asked.filter.arguments))
    is_live = numbers.before is None and not (numbers.flaw or numbers.go_flaw or asked.flaws)
    asked_by = (current_user.id, g.role, zone.key, tags.time_of(asked.filter, zone, now), asked.filter.box)
    if is_live and numbers.after is not None and request.if_none_match:
        known = _nothing_new(*asked_by, str(numbers.after))
        if known:
            return known
    examined = examine(g.project.id)
    report(examined)
    since = numbers.after if numbers.after is not None else examined.log.head_number if examined.log else 0
    tag = tags.tag_of(examined.log, *asked_by, str(since))
    shown = _show_list(examined, asked, numbers, zone, now, since=since if is_live else None, tag=tag)
    answer = current_app.make_response((shown, 400 if numbers.flaw or numbers.go_flaw or asked.flaws else 200))
    if is_live and numbers.after is not None:
        answer.set_etag(tag, weak=True)
    return answer


def _show_list(
    examined: Examination,
    asked: Asked,
    numbers: _Numbers,
    zone: ZoneInfo,
    now: datetime,
    **live: str | int | None,
) -> str:
    log = examined.log
    kept = log.events if log else ()
    found = matching.select(kept, asked.filter, zone, now)
    page = queries.turn_to(found, numbers.before)
    days = presenter.by_day(page.events, zone, now.astimezone(zone).date())
    return render_template(
        "audit/list.html",
        log=log,
        page=page,
        numbers=numbers,
        asked=asked,
        found=found,
        controls=controls.offer(kept, asked.filter),
        zone=zone.key,
        days=groups.gather(days, page.events, found, kept),
        counted=queries.find_counted(g.project.id) if numbers.before is None else [],
        picture=ring.draw(log, page.events, found) if log else None,
        chart=activity.draw(kept, asked.filter, zone, now),
        verification=examined.verification,
        trouble=examined.trouble,
        checked_at=clock.now(),
        support_email=installation().settings.support_email,
        **live,
    )


class _Numbers(NamedTuple):
    """The numbers in the address of a list, and what is wrong with them, if anything."""

    before: int | None = None
    after: int | None = None
    go: int | None = None
    flaw: str = ""
    go_flaw: str = ""


def _numbers_asked() -> _Numbers:
    args = request.args
    try:
        go = queries.read_number(args, "go")
    except queries.NotANumber:
        return _Numbers(go_flaw="That is not the number of an event. Give a whole number from 1 on, such as 216.")
    try:
        before, after = queries.read_number(args, "before"), queries.read_number(args, "after", least=0)
    except queries.NotANumber as error:
        return _Numbers(go=go, flaw=str(error))
    return _Numbers(before, after, go)


@bp.get("/projects/<slug>/audit.json")
@requires("project:audit:read")
def list_json(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Give a page of what the filter lets through; ``next`` is what ``before`` is on the page after it, or null."""
    zone, now = ZoneInfo(current_user.time_zone), clock.now()
    asked = asking.read(request.args, zone, now)
    try:
        before = queries.read_number(request.args, "before")
    except queries.NotANumber as error:
        return {"error": "This page of the log cannot be found", "hint": str(error)}, 400
    if asked.flaws:
        return {"error": "This filter cannot be understood", "hint": " ".join(asked.flaws)}, 400
    log = queries.find_log(g.project.id)
    page = queries.turn_to(matching.select(log.events if log else (), asked.filter, zone, now), before)
    return {"events": [presenter.as_json(event) for event in page.events], "next": page.older}


@bp.get("/projects/<slug>/audit/<event_id>")
@requires("project:audit:read")
def show(slug: str, event_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Show one event, asked for by its id or its number; of one that is not there, say why."""
    examined = examine(g.project.id)
    report(examined)
    event = queries.find_event(examined.log, event_id)
    if examined.log is None or event is None:
        return show_absence(examined, event_id)
    return render_template(
        "audit/show.html",
        shown=presenter.show(detail.visible(event)),
        groups=detail.facts(detail.visible(event)),
        fields=detail.fields(event),
        neighbours=detail.neighbours(event, examined.log),
        before=queries.page_of(event, examined.log),
        json=detail.json_text(event),
        reference=detail.reference,
        has_history=detail.has_history,
        **_what_was_found(examined, event),
    )


@bp.get("/projects/<slug>/audit/<event_id>.json")
@requires("project:audit:read")
def show_json(slug: str, event_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Give one event, asked for by its id or its number; of one that is not there, say why."""
    log = queries.find_log(g.project.id)
    event = queries.find_event(log, event_id)
    if event is None:
        absence = _absence(log, event_id)
        return absence.as_json(), absence.status
    return presenter.as_json(event)


@bp.get("/projects/<slug>/audit/history/<entity_type>/<entity_id>")
@requires("project:audit:read")
def history(slug: str, entity_type: str, entity_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Show the events of one entity, what it was after event ``at``, and the way back to that."""
    examined = examine(g.project.id)
    report(examined)
    found = of_entity(examined.log.events if examined.log else (), entity_type, entity_id)
    place = _place(examined.log)
    before, flaw = _before()
    way = find_way_back(found, place.number, examined.log.head_number if examined.log else 0)
    shown = history_page.event_at(found, place.number)
    status = place.status if place.flaw else HTTPStatus.BAD_REQUEST if flaw else HTTPStatus.OK
    page = render_template(
        "audit/history.html",
        entity_type=entity_type,
        entity_id=entity_id,
        history=found,
        place=place,
        flaws=[told for told in (place.flaw, flaw) if told],
        way=way,
        page=history_page.page_with(found, place.number, before),
        shown=shown,
        cause=queries.find_event(examined.log, str(place.number)),
        steps=history_page.steps_from(found, place.number),
        telling=history_page,
        **_what_was_found(examined, *([shown] if shown else ()), found=found.events),
    )
    return page, status


@bp.get("/projects/<slug>/audit/history/<entity_type>/<entity_id>.json")
@requires("project:audit:read")
def history_json(slug: str, entity_type: str, entity_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the same
    """Give what one entity was after event ``at``, the way back to that, and the numbers of its events."""
    log = queries.find_log(g.project.id)
    place = _place(log)
    if place.flaw:
        return {"error": "What it was then cannot be told", "hint": place.flaw}, place.status
    found = of_entity(log.events if log else (), entity_type, entity_id)
    way = find_way_back(found, place.number, log.head_number if log else 0)
    return {"entityType": entity_type, "entityId": entity_id, **history_page.as_json(found, way)}


@bp.get("/docs/audit-logs")
@public
def guide() -> ResponseReturnValue:
    """Explain the log to those who read it."""
    return render_template(
        "audit/guide.html",
        page_size=queries.PAGE_SIZE,
        project_capacity=PROJECT_CAPACITY,
        platform_capacity=PLATFORM_CAPACITY,
        support_email=installation().settings.support_email,
    )


def _nothing_new(*asked_by: str) -> Response | None:
    """Return the answer to a reader whose tag says that they have all there is: one look-up by key, and no page."""
    tag = tags.tag_of(queries.find_standing(g.project.id), *asked_by)
    if not request.if_none_match.contains_weak(tag):
        return None
    answer = current_app.response_class(status=304)
    answer.set_etag(tag, weak=True)
    return answer


def report(examined: Examination) -> None:
    """Tell what the page tells of a fault in the process's log, too: the reader may not be who can mend it."""
    if examined.trouble:
        current_app.logger.warning("%s (log %s)", examined.trouble, g.project.id)
    if examined.verification and not examined.verification.is_sound:
        current_app.logger.error("The log %s is not sound: %s", g.project.id, examined.verification.finding)


def show_absence(examined: Examination, asked: str) -> ResponseReturnValue:
    """Say why the event that was *asked* for is not there."""
    absence = _absence(examined.log, asked)
    page = render_template("audit/missing.html", absence=absence, asked=asked, **_what_was_found(examined))
    return page, absence.status


def _absence(log: AuditLog | None, asked: str) -> Absence:
    """Return why the event *asked* for is not in *log*: the address of an id may carry its number as ``n``."""
    number = queries.number_in(asked)
    if number is not None:
        return explain_number(log, number)
    try:
        return explain_id(log, asked, queries.read_number(request.args, "n"))
    except queries.NotANumber:
        return explain_id(log, asked, None)


def _place(log: AuditLog | None) -> history_page.Place:
    """Return after which event of *log* the address asks for a state."""
    kept = window_of(log)
    first, last = kept or (0, 0)
    try:
        return history_page.place_of(queries.read_number(request.args, "at"), first, last)
    except queries.NotANumber as error:
        return history_page.Place(last, str(error), HTTPStatus.BAD_REQUEST)


def _before() -> tuple[int | None, str]:
    """Return before which event the page of the address ends, and what is wrong with that."""
    try:
        return queries.read_number(request.args, "before"), ""
    except queries.NotANumber as error:
        return None, str(error)


def _what_was_found(
    examined: Examination, *shown: AuditEvent, found: tuple[AuditEvent, ...] | None = None
) -> dict[str, Any]:
    """Return what a page says of the whole log: in its picture what is *shown* is marked, all but *found* dimmed."""
    return {
        "picture": ring.draw(examined.log, shown, found) if examined.log else None,
        "verification": examined.verification,
        "trouble": examined.trouble,
        "checked_at": clock.now(),
        "support_email": installation().settings.support_email,
    }
