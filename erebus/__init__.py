"""Erebus: a dashboard for projects and API keys in which nothing happens unrecorded.

``create_app`` and ``db`` are looked up when they are first asked for, so that ``import erebus.trail``
alone brings in neither Flask nor any feature.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from erebus.app import create_app as create_app  # noqa: TC004 - at run time a property finds it
    from erebus.db import db as db  # noqa: TC004 - the same

__all__ = ["create_app", "db"]


class _Package(ModuleType):
    """The package, whose ``db`` is the database whatever was imported before.

    Python puts a module into its package under its own name: after the first import of the module ``erebus.db``,
    ``from erebus import db`` would give the module. Hence a property, which the import system cannot replace.
    """

    @property
    def create_app(self) -> Any:  # noqa: ANN401 - typed above
        """The factory."""
        return import_module("erebus.app").create_app

    @property
    def db(self) -> Any:  # noqa: ANN401 - typed above
        """The database."""
        return import_module("erebus.db").db

    @db.setter
    def db(self, module: ModuleType) -> None:
        """Let the import system have its way in ``sys.modules`` only."""


sys.modules[__name__].__class__ = _Package
