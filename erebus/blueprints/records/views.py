"""The pages of records: made with a form, shown as a sheet, taken along as a picture or a file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import BadRequest, Conflict, NotFound

from erebus import clock
from erebus.blueprints.audit.queries import find_event, find_log, next_number
from erebus.blueprints.audit.showing import report, show_absence
from erebus.blueprints.records import drawing, queries, services, words
from erebus.blueprints.records.forms import RecordForm
from erebus.blueprints.records.qr import qr_code
from erebus.blueprints.records.sheet import lay_out, sheet_of
from erebus.forms import attempt, form_status
from erebus.http import attachment, can, public_url
from erebus.permissions import requires
from erebus.records import CodeIsMistyped, NotARecord, facts_of, grouped, link_to
from erebus.verification import examine

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.records.models import AuditRecord
    from erebus.blueprints.records.sheet import Sheet
    from erebus.trail import AuditEvent, AuditLog
    from erebus.verification import Examination

bp = Blueprint("records", __name__)
_PATH = "/projects/<slug>/audit/<event_id>/record"


class NoSuchRecord(NotFound):
    """There is no record of this code here."""

    advice = (
        "There is no such record",
        "None of this event's records has this code: it may be of another event or project. See the list of records.",
    )


class RecordIsAltered(Conflict):
    """What is stored of a record is not what was signed: somebody has changed it in the database."""

    advice = (
        "This record is not what was signed",
        "Its row in the database was changed, or its key is not known any more. Tell whoever runs this installation.",
    )


class NoCode(BadRequest):
    """A picture or a file is of one record: the address has to say of which."""

    advice = ("Which record?", "The address must name one record by its code: ?code=…")


@bp.get("/projects/<slug>/records", endpoint="list")
@requires("project:record:read")
def list_records(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """List the records that were made in the project, newest first, 25 a page."""
    page = queries.find_page(g.project.id, request.args.get("before"))
    standing_of = partial(words.standing, log=find_log(g.project.id))
    return render_template(
        "records/list.html", page=page, standing_of=standing_of, name_of=_maker, sentence_of=_sentence
    )


@bp.get(_PATH)
@requires("project:record:read")
def show(slug: str, event_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Show the record that ``code`` names as a sheet; without one, what a record would show, and how to make it."""
    if "code" in request.args:
        return _show_sheet(_find(event_id))
    examined = examine(g.project.id)
    report(examined)
    event = find_event(examined.log, event_id)
    return show_absence(examined, event_id) if event is None else _form_page(event, examined, RecordForm())


@bp.post(_PATH)
@requires("project:record:create")
def make(slug: str, event_id: str) -> ResponseReturnValue:
    """Make a record, and lead to its sheet."""
    examined, made = examine(g.project.id), []
    report(examined)
    event = find_event(examined.log, event_id)
    verification, form = examined.verification, RecordForm()
    if event is None or verification is None:
        return show_absence(examined, event_id)
    order = _order(form)
    if attempt(form, lambda: made.append(services.make_record(event, verification, order))):
        code = grouped(made[-1].code)
        return redirect(url_for("records.show", slug=slug, event_id=made[-1].event_id, code=code))
    return _form_page(event, examined, form)


@bp.get(f"{_PATH}.png")
@requires("project:record:read")
def picture(slug: str, event_id: str) -> ResponseReturnValue:
    """Give the record that ``code`` names as a picture, which holds its file as well."""
    record = _find(event_id)
    png = drawing.draw(sheet_of(record), qr_code(_link(record)), record.document.as_text())
    return attachment(png, _name(slug, record, "png"), "image/png")


@bp.get(f"{_PATH}.json")
@requires("project:record:read")
def file(slug: str, event_id: str) -> ResponseReturnValue:
    """Give the record that ``code`` names as a file."""
    record = _find(event_id)
    return attachment(record.document.as_text().encode(), _name(slug, record, "json"), "application/json")


def _find(event_id: str) -> AuditRecord:
    """Return the record that the address names.

    Raises `NoCode`, `NoSuchRecord`, and `RecordIsAltered` for one that is not what was signed.
    """
    codes = request.args.getlist("code")
    if not codes:
        raise NoCode
    try:
        record = queries.find_record(g.project.id, event_id, codes[0]) if len(codes) == 1 else None
    except CodeIsMistyped as error:
        mistyped = NoSuchRecord()
        mistyped.advice = (NoSuchRecord.advice[0], str(error))
        raise mistyped from None
    if record is None:
        raise NoSuchRecord
    if not services.is_genuine(record):
        raise RecordIsAltered
    return record


def _show_sheet(record: AuditRecord) -> ResponseReturnValue:
    link = _link(record)
    return render_template(
        "records/sheet.html",
        record=record,
        sheet=sheet_of(record),
        words=words,
        qr=qr_code(link),
        link=link,
        standing=words.standing(record, find_log(g.project.id)),
    )


def _form_page(event: AuditEvent, examined: Examination, form: RecordForm) -> ResponseReturnValue:
    log, verification = examined.log, examined.verification
    is_proven = verification is not None and services.is_proven(event, verification)
    page = render_template(
        "records/form.html",
        form=form,
        event=event,
        is_proven=is_proven,
        finding=verification.finding if verification else "",
        preview=_preview(event) if is_proven else None,
        words=words,
        next=next_number(log, g.project.id),
        displaces=_next_displaced(log) if log else None,
        records=queries.find_records_of(g.project.id, event.id),
        name_of=_maker,
    )
    return page, form_status(form)


def _order(form: RecordForm | None = None) -> services.Order:
    return services.Order(
        project=g.project,
        by=current_user,
        host=urlsplit(public_url()).netloc,
        origin=bool(form and form.origin.data),
        is_admin=can("project:record:origin"),
        once=(form.once.data or "") if form else "",
    )


def _preview(event: AuditEvent) -> Sheet:
    """Return what a record of *event* would show now."""
    return lay_out(facts_of(event, services.making(_order(), clock.milliseconds(), "")), current_user.time_zone)


def _link(record: AuditRecord) -> str:
    """Return what the QR code of *record* holds: the host is that which was signed."""
    document = record.document
    return link_to(document.record, f"{urlsplit(public_url()).scheme or request.scheme}://{document.facts()['host']}")


def _name(slug: str, record: AuditRecord, ending: str) -> str:
    return f"{slug}-event-{record.number}-{grouped(record.code)[:9]}.{ending}"


def _next_displaced(log: AuditLog) -> int | None:
    """Return the number that the next event of *log* displaces, None while there is room."""
    number = log.head_number + 1 - log.capacity
    return number if number > 0 else None


def _maker(record: AuditRecord) -> str:
    return _said(record, "recordedByName")


def _sentence(record: AuditRecord) -> str:
    return _said(record, "description")


def _said(record: AuditRecord, member: str) -> str:
    """Return what *record* says, for lists: on its own page it is verified."""
    try:
        return str(record.document.facts()[member])
    except NotARecord:
        return "what cannot be read"
