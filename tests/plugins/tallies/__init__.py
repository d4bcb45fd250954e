"""A stranger's feature that says nothing about its model: it is audited all the same."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from erebus.db import Model
from erebus.plugins import Plugin


class DailyTally(Model):
    __tablename__ = "daily_tallies"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    count: Mapped[int]


plugin = Plugin(name="tallies", migrations=Path(__file__).parent / "migrations")
