"""PostgreSQL-Audit: triggers of the database write what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postgresql_audit import VersioningManager
from sqlalchemy.orm import DeclarativeBase, configure_mappers

from benchmarks.models import declare
from benchmarks.variants import Variant

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class Base(DeclarativeBase):
    """The base of this variant."""


def install(engine: Engine) -> Variant:
    """Make the tables and the triggers."""
    manager = VersioningManager()
    manager.init(Base)
    models = declare(Base, __versioned__={})
    configure_mappers()
    with engine.begin() as connection:
        manager.transaction_cls.__table__.create(connection, checkfirst=True)
        manager.activity_cls.__table__.create(connection, checkfirst=True)
    Base.metadata.create_all(engine)
    return Variant(models)
