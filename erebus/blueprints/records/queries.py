"""What the pages of records read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, tuple_

from erebus.blueprints.audit.queries import number_in
from erebus.blueprints.records.models import AuditRecord
from erebus.db import db
from erebus.records import read_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

PAGE_SIZE = 25


@dataclass(frozen=True)
class Page:
    """Up to `PAGE_SIZE` records of a project, newest first, of *total*; *older* is the last one's id if more follow."""

    records: tuple[AuditRecord, ...]
    total: int
    older: str | None


def find_record(log_id: str, asked: str, typed: str) -> AuditRecord | None:
    """Return the record of the code that was *typed*, of the event that was *asked* for by its id or number.

    Raises `CodeIsMistyped`.
    """
    record = db.session.scalar(select(AuditRecord).where(AuditRecord.code == read_code(typed)))
    if record is None or record.log_id != log_id:
        return None
    return record if number_in(asked) == record.number or asked.upper() == record.event_id else None


def find_records_of(log_id: str, asked: str) -> Sequence[AuditRecord]:
    """Return the records of the event *asked* for by its id or number, the oldest first."""
    found = select(AuditRecord).where(*_of_event(log_id, asked))
    return db.session.scalars(found.order_by(AuditRecord.made_at, AuditRecord.id)).all()


def count_records_of(log_id: str, asked: str) -> int:
    """Return how many records there are of the event *asked* for by its id or number."""
    found = select(func.count()).select_from(AuditRecord).where(*_of_event(log_id, asked))
    return db.session.scalar(found) or 0


def _of_event(log_id: str, asked: str) -> tuple[ColumnElement[bool], ...]:
    number, is_own = number_in(asked), AuditRecord.log_id == log_id
    if number is not None:
        return is_own, AuditRecord.project_id == log_id, AuditRecord.number == number
    return is_own, AuditRecord.event_id == asked.upper()


def find_page(project_id: str, before: str | None) -> Page:
    """Return the records of a project that were made before the one with the id *before*; without one, the newest."""
    own = select(AuditRecord).where(AuditRecord.project_id == project_id)
    place = tuple_(AuditRecord.made_at, AuditRecord.id)
    last = db.session.scalar(own.where(AuditRecord.id == before)) if before else None
    older = own.where(place < tuple_(last.made_at, last.id)) if last else own
    newest = older.order_by(AuditRecord.made_at.desc(), AuditRecord.id.desc()).limit(PAGE_SIZE + 1)
    found = db.session.scalars(newest).all()
    total = db.session.scalar(select(func.count()).select_from(own.subquery())) or 0
    shown = tuple(found[:PAGE_SIZE])
    return Page(shown, total, shown[-1].id if len(found) > PAGE_SIZE else None)
