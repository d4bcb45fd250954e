"""Records: what was signed of one event, kept for good and outside the cap."""

from __future__ import annotations

import json

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from erebus.db import Identified, Model
from erebus.records import Document, NotARecord, read_document
from erebus.scope import OUTLIVES

CODE_LENGTH = 21


class AuditRecord(Identified, Model):
    """A record: payload and signature, with what the payload has only the hash of. Never changed, never deleted.

    It outlives event and project: no foreign keys, on purpose. *project_id* is None in the platform's log; *made_at* is
    in milliseconds since 1970, as in the payload; *time_zone* is the maker's, in which the sheet gives times as well.
    """

    __tablename__ = "audit_records"
    __table_args__ = (Index("ix_audit_records_event", "log_id", "event_id"),)
    id_prefix = "rec_"

    code: Mapped[str] = mapped_column(String(CODE_LENGTH), unique=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    stored_values: Mapped[str] = mapped_column("values", Text)
    stored_changes: Mapped[str] = mapped_column("more_changes", Text)
    log_id: Mapped[str] = mapped_column(String(40))
    project_id: Mapped[str | None] = mapped_column(String(40), info=OUTLIVES, index=True)
    event_id: Mapped[str] = mapped_column(String(26))
    number: Mapped[int] = mapped_column(BigInteger)
    made_by_id: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[int] = mapped_column(BigInteger)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")

    @property
    def document(self) -> Document:
        """The whole record, as its file holds it. Raises `NotARecord` where somebody has changed the row past us."""
        try:
            rest = json.loads(self.stored_values), tuple(json.loads(self.stored_changes))
            text = Document(self.payload, self.signature, *rest).as_text()
        except (ValueError, TypeError, RecursionError):
            message = "what is kept of it cannot be read"
            raise NotARecord(message) from None
        return read_document(text)
