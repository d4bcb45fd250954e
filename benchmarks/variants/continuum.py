"""SQLAlchemy-Continuum: a version table for each class, and a transaction table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import DeclarativeBase, configure_mappers
from sqlalchemy_continuum import make_versioned

from benchmarks.models import declare
from benchmarks.variants import Variant

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class Base(DeclarativeBase):
    """The base of this variant."""


def install(engine: Engine) -> Variant:
    """Make the tables, those of the versions too."""
    make_versioned(user_cls=None)
    models = declare(Base, __versioned__={})
    configure_mappers()
    Base.metadata.create_all(engine)
    return Variant(models)
