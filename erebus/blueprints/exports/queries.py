"""What the list of exports reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, func, or_, select

from erebus.blueprints.audit.queries import find_log
from erebus.blueprints.auth.models import User
from erebus.blueprints.exports.models import AuditExport
from erebus.db import db

if TYPE_CHECKING:
    from erebus.trail import AuditEvent

PAGE_SIZE = 25


class Listed(NamedTuple):
    """An export, by whom it was made, and the event that it is, None if that is not kept any more."""

    export: AuditExport
    by: str
    event: AuditEvent | None


class Page(NamedTuple):
    """Up to `PAGE_SIZE` exports of a project, newest first, of *total*; *older* is the last one's id if more follow."""

    exports: tuple[Listed, ...]
    total: int
    older: str | None


def find_page(project_id: str, before: str | None) -> Page:
    """Return the exports of a project that were made before the one with the id *before*; without one, the newest."""
    is_own = AuditExport.project_id == project_id
    made_at, last = AuditExport.created_at, _find(project_id, before)
    wanted = select(AuditExport, User.name).join(User, User.id == AuditExport.created_by_id).where(is_own)
    if last is not None:
        is_as_old = and_(made_at == last.created_at, AuditExport.id < last.id)
        wanted = wanted.where(or_(made_at < last.created_at, is_as_old))
    newest = wanted.order_by(made_at.desc(), AuditExport.id.desc()).limit(PAGE_SIZE + 1)
    found = db.session.execute(newest).all()
    events = _events(project_id)
    shown = tuple(Listed(export, by, events.get(export.id)) for export, by in found[:PAGE_SIZE])
    total = db.session.scalar(select(func.count()).select_from(AuditExport).where(is_own)) or 0
    return Page(shown, total, shown[-1].export.id if len(found) > PAGE_SIZE else None)


def _find(project_id: str, export_id: str | None) -> AuditExport | None:
    found = select(AuditExport).where(AuditExport.project_id == project_id, AuditExport.id == export_id)
    return db.session.scalar(found) if export_id else None


def _events(project_id: str) -> dict[str, AuditEvent]:
    """Return the kept events of a project that are exports, by the id of the export."""
    log = find_log(project_id)
    return {event.entity_id: event for event in log.events if event.entity_type == "export"} if log else {}
