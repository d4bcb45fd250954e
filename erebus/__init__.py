"""Erebus: a dashboard for projects and API keys in which nothing happens unrecorded.

``create_app`` and ``db`` are looked up when they are first asked for, so that ``import erebus.trail``
alone brings in neither Flask nor any feature.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from erebus.app import create_app as create_app
    from erebus.db import db as db

__all__ = ["create_app", "db"]

_HOMES = {"create_app": "erebus.app", "db": "erebus.db"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be anything
    """Load ``create_app`` or ``db`` on first use (PEP 562)."""
    if name not in _HOMES:
        message = f"module 'erebus' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
