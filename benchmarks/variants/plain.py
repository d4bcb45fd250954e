"""No audit at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import DeclarativeBase

from benchmarks.models import declare
from benchmarks.variants import Variant

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


class Base(DeclarativeBase):
    """The base of this variant."""


def install(engine: Engine) -> Variant:
    """Make the tables."""
    models = declare(Base)
    Base.metadata.create_all(engine)
    return Variant(models)
