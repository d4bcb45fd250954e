"""Exporting what the filter shows: a page that says what that is, and the file. A file is an event, so it is posted."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request
from flask_login import current_user

from erebus import clock
from erebus.blueprints.audit import asking, controls
from erebus.blueprints.audit.queries import next_number
from erebus.blueprints.exports import queries, services
from erebus.blueprints.exports.forms import ExportForm
from erebus.blueprints.exports.models import Format
from erebus.forms import attempt
from erebus.http import attachment
from erebus.permissions import requires
from erebus.plugins import installation

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.audit.asking import Asked
    from erebus.blueprints.exports.files import File

bp = Blueprint("exports", __name__)


@bp.get("/projects/<slug>/exports", endpoint="list")
@requires("project:audit:export")
def list_exports(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """List the exports of the project's log, newest first, 25 a page."""
    return render_template("exports/list.html", page=queries.find_page(g.project.id, request.args.get("before")))


@bp.get("/projects/<slug>/audit.csv", defaults={"kind": "csv"})
@bp.get("/projects/<slug>/audit.ndjson", defaults={"kind": "ndjson"})
@requires("project:audit:export")
def show(slug: str, kind: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Say what would be exported, and offer it in each format. Nothing is exported yet."""
    return _page(Format(kind), _asked())


@bp.post("/projects/<slug>/audit.csv", defaults={"kind": "csv"})
@bp.post("/projects/<slug>/audit.json", defaults={"kind": "json"})
@bp.post("/projects/<slug>/audit.ndjson", defaults={"kind": "ndjson"})
@requires("project:audit:export")
def make(slug: str, kind: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Export what the filter of the address shows, which is an event of the project."""
    asked, made = _asked(), []
    if asked.flaws or not attempt(ExportForm(), lambda: made.append(_export(Format(kind), asked))) or not made[-1]:
        return _page(Format(kind), asked)
    return attachment(*made[-1])


def _export(kind: Format, asked: Asked) -> File | None:
    return services.export_log(g.project, kind, asked.filter, current_user.zone, by=current_user)


def _page(kind: Format, asked: Asked) -> ResponseReturnValue:
    selection = services.choose(g.project.id, asked.filter, current_user.zone)
    page = render_template(
        "exports/show.html",
        kind=kind,
        asked=asked,
        selection=selection,
        controls=controls.offer(selection.log.events if selection else (), asked.filter),
        next=next_number(selection.log if selection else None, g.project.id),
        checked_at=clock.now(),
        support_email=installation().settings.support_email,
    )
    return page, _status(asked, selection)


def _status(asked: Asked, selection: services.Selection | None) -> HTTPStatus:
    if asked.flaws:
        return HTTPStatus.BAD_REQUEST
    is_refused = request.method == "POST" and not (selection and selection.found)
    return HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK


def _asked() -> Asked:
    return asking.read(request.args, current_user.zone, clock.now())
