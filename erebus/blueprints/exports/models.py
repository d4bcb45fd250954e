"""Exports of a log: rows of their own, that stay when their event has been displaced and when their project is gone."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from erebus import clock
from erebus.db import Identified, Model, Timestamp, choice
from erebus.scope import OUTLIVES

ZONE_MAX = 64


class Format(enum.StrEnum):
    """What a file of events is written in."""

    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"


class AuditExport(Identified, Model):
    """What was taken out of a log: *events* between two numbers, *hidden* being what the *filter* left out.

    The days of the filter are those of *zone*; *sha256* is the digest of the file (hex), None of older exports.
    A project that is deleted leaves its exports behind, without a line for each: they would push out what its log tells
    of the deletion.
    """

    __tablename__ = "audit_exports"
    id_prefix = "export_"

    project_id: Mapped[str] = mapped_column(String(40), info=OUTLIVES, index=True)
    format: Mapped[Format] = mapped_column(choice(Format, "format"))
    filter: Mapped[str | None] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(String(ZONE_MAX))
    events: Mapped[int]
    hidden: Mapped[int]
    first_number: Mapped[int] = mapped_column(BigInteger)
    last_number: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_by_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)
