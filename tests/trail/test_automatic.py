"""What a default sets with each update is told with each update, whatever else that changes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Mapped, mapped_column

from erebus import trail
from tests.trail.conftest import Base, kept

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ticks = count(1)


class Gauge(Base):
    __tablename__ = "gauges"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    reads: Mapped[int] = mapped_column(default=0)
    edition: Mapped[int] = mapped_column(default=0, onupdate=lambda: next(ticks))


trail.describe(
    Gauge,
    trail.AuditDescription(
        entity_type="gauge", label=lambda g: g.name or "", recorded=("name", "edition"), ignored=("reads",)
    ),
)


@pytest.mark.parametrize("changed", ["name", "reads"])
def test_what_an_update_sets_by_itself_is_told_even_if_all_else_is_ignored(session: Session, changed: str) -> None:
    session.add(gauge := Gauge(name="5"))
    session.commit()
    setattr(gauge, changed, "7" if changed == "name" else 7)
    session.commit()

    changes = {c["field"]: (c["before"], c["after"]) for c in kept(session, "rest")[-1].changes}
    assert changes["edition"] == (0, gauge.edition)
    assert gauge.edition
