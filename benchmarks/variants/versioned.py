"""What the two libraries with a version table for each class, and a table of transactions, have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import DeclarativeBase, configure_mappers

from benchmarks.models import declare
from benchmarks.variants import Variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine


class Base(DeclarativeBase):
    """The base of these variants."""


def install_with(make_versioned: Callable[..., Any], engine: Engine) -> Variant:
    """Make the tables, those of the versions too."""
    make_versioned(user_cls=None)
    models = declare(Base, __versioned__={})
    configure_mappers()
    Base.metadata.create_all(engine)
    return Variant(models)
