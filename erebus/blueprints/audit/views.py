"""The pages of a project's log, the same as JSON, and the guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user

from erebus import clock, pace
from erebus.blueprints.audit import activity, asking, controls, detail, groups, matching, presenter, queries, ring, tags
from erebus.blueprints.audit.showing import absence_of, report, show_absence, what_was_found
from erebus.permissions import public, requires
from erebus.plugins import installation
from erebus.scope import PLATFORM_CAPACITY, PROJECT_CAPACITY
from erebus.verification import examine

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flask import Response
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.audit.asking import Asked
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
    zone, now = current_user.zone, clock.now()
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
    zone, now = current_user.zone, clock.now()
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
        **what_was_found(examined, event),
    )


@bp.get("/projects/<slug>/audit/<event_id>.json")
@requires("project:audit:read")
def show_json(slug: str, event_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Give one event, asked for by its id or its number; of one that is not there, say why."""
    log = queries.find_log(g.project.id)
    event = queries.find_event(log, event_id)
    if event is None:
        absence = absence_of(log, event_id)
        return absence.as_json(), absence.status
    return presenter.as_json(event)


@bp.get("/docs/audit-logs")
@public
def guide() -> ResponseReturnValue:
    """Explain the log to those who read it."""
    return render_template(
        "audit/guide.html",
        page_size=queries.PAGE_SIZE,
        project_capacity=PROJECT_CAPACITY,
        platform_capacity=PLATFORM_CAPACITY,
        most_an_hour=pace.MOST,
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
