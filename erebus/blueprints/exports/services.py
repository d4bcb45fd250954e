"""Exporting a log: what is taken along, and that it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from erebus import clock, pace
from erebus.blueprints.audit import matching
from erebus.blueprints.exports import files
from erebus.blueprints.exports.models import AuditExport, Format
from erebus.db import db
from erebus.leaks import mask
from erebus.verification import examine_here

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from erebus.blueprints.audit.filters import Filter
    from erebus.blueprints.exports.files import File
    from erebus.trail import AuditEvent, AuditLog, Verification


@dataclass(frozen=True)
class Selection:
    """What a filter lets through of a log: *found*, newest first; *wanted* asks in the days of *zone*."""

    log: AuditLog
    verification: Verification
    wanted: Filter
    zone: ZoneInfo
    found: tuple[AuditEvent, ...]

    @property
    def hidden(self) -> int:
        """How many kept events the filter leaves out."""
        return len(self.log.events) - len(self.found)

    @property
    def first(self) -> int:
        """The number of the oldest event in it."""
        return self.found[-1].number

    @property
    def last(self) -> int:
        """The number of the newest event in it."""
        return self.found[0].number


class Named(NamedTuple):
    """A project, as it was called when its log was exported."""

    id: str
    slug: str
    title: str


@dataclass(frozen=True)
class Export:
    """A selection that is exported: *id* is that of its row, *at* when."""

    id: str
    at: datetime
    project: Named
    selection: Selection


def choose(log_id: str, wanted: Filter, zone: ZoneInfo) -> Selection | None:
    """Return what *wanted* lets through of a log, verified, as the open transaction sees it; None without a log."""
    examined = examine_here(log_id)
    if examined.log is None or examined.verification is None:
        return None
    found = matching.select(examined.log.events, wanted, zone, clock.now())
    return Selection(examined.log, examined.verification, wanted, zone, found)


def export_log(project: Any, kind: Format, wanted: Filter, zone: ZoneInfo, by: Any) -> File | None:  # noqa: ANN401 - of other features
    """Write down that what *wanted* lets through of the log of *project* is exported, and return the file.

    None where that is nothing. What is written down and what is in the file are of the same transaction: events that
    others write meanwhile are in neither. Raises NoResultFound where the project is gone meanwhile, and `TooOften`.
    """
    _keep(project)
    _keep_pace(project, by)
    selection = choose(project.id, wanted, zone)
    if selection is None or not selection.found:
        return None
    row = AuditExport(
        project_id=project.id,
        format=kind,
        filter=mask(wanted.box) or None,
        zone=zone.key,
        events=len(selection.found),
        hidden=selection.hidden,
        first_number=selection.first,
        last_number=selection.last,
        created_by_id=by.id,
        created_at=clock.now(),
    )
    named = Named(project.id, project.slug, project.title)
    file = files.write(Export(row.id, row.created_at, named, selection), kind)
    row.sha256 = hashlib.sha256(file.content).hexdigest()
    db.session.add(row)
    return file


def _keep_pace(project: Any, by: Any) -> None:  # noqa: ANN401 - of other features
    own = AuditExport.project_id == project.id, AuditExport.created_by_id == by.id
    created_at = select(AuditExport.created_at).where(*own, AuditExport.created_at > pace.since())
    pace.keep_pace("You have exported the log of this project as often.", db.session.scalars(created_at).all())


def _keep(project: Any) -> None:  # noqa: ANN401 - of another feature
    """Let nobody delete *project* before the transaction ends, nor export its log: the next one counts this one."""
    model = type(project)
    statement = select(model).where(model.id == project.id).with_for_update(key_share=True)
    db.session.scalars(statement).one()
