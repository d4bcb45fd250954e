"""What pages of a log have in common, here and in the features beside: what was found in it, and what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, g, render_template, request

from erebus import clock
from erebus.blueprints.audit import queries, ring
from erebus.blueprints.audit.absence import explain_id, explain_number
from erebus.plugins import installation

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.audit.absence import Absence
    from erebus.trail import AuditEvent, AuditLog
    from erebus.verification import Examination


def report(examined: Examination) -> None:
    """Tell what the page tells of a fault in the process's log, too: the reader may not be who can mend it."""
    if examined.trouble:
        current_app.logger.warning("%s (log %s)", examined.trouble, g.project.id)
    if examined.verification and not examined.verification.is_sound:
        current_app.logger.error("The log %s is not sound: %s", g.project.id, examined.verification.finding)


def what_was_found(
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


def show_absence(examined: Examination, asked: str) -> ResponseReturnValue:
    """Say why the event that was *asked* for is not there."""
    absence = absence_of(examined.log, asked)
    page = render_template("audit/missing.html", absence=absence, asked=asked, **what_was_found(examined))
    return page, absence.status


def absence_of(log: AuditLog | None, asked: str) -> Absence:
    """Return why the event *asked* for is not in *log*: the address of an id may carry its number as ``n``."""
    number = queries.number_in(asked)
    if number is not None:
        return explain_number(log, number)
    try:
        return explain_id(log, asked, queries.read_number(request.args, "n"))
    except queries.NotANumber:
        return explain_id(log, asked, None)
