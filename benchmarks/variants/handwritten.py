"""One audit row that each view adds by hand, as most applications do it: no number, no chain, no cap, no check."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from ulid import ULID

from benchmarks.models import declare
from benchmarks.variants import Variant

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class Base(DeclarativeBase):
    """The base of this variant."""


class AuditRow(Base):
    """A line of the log."""

    __tablename__ = "audit_rows"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    project_id: Mapped[str] = mapped_column(String(40), index=True)
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    action: Mapped[str]
    entity_type: Mapped[str]
    entity_id: Mapped[str]
    description: Mapped[str]
    changes: Mapped[str] = mapped_column(Text)


def install(engine: Engine) -> Variant:
    """Make the tables, that of the lines too."""
    models = declare(Base)
    Base.metadata.create_all(engine)
    return Variant(models, _tell)


def _tell(session: Session, action: str, entity: Any, before: dict[str, Any]) -> None:  # noqa: ANN401 - either class
    kind = type(entity).__name__
    names = [c.key for c in type(entity).__table__.columns if c.key != "digest"]
    after = {} if action == "delete" else {n: getattr(entity, n) for n in (before or names)}
    row = AuditRow(
        id=f"evt_{ULID()}",
        created_at=datetime.now(UTC),
        project_id=getattr(entity, "project_id", entity.id),
        actor_id="user_1",
        actor_name="Ada Lovelace",
        action=action,
        entity_type=kind,
        entity_id=entity.id,
        description=f"Ada Lovelace: {action} {kind} {getattr(entity, 'label', None) or entity.title}",
        changes=json.dumps({"before": before, "after": after}),
    )
    session.add(row)
