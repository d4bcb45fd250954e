"""The feature *history*: one entity through time, what it was after any event, and the way back to that."""

from __future__ import annotations

from erebus.blueprints.history.permissions import PERMISSIONS
from erebus.blueprints.history.views import bp
from erebus.plugins import Plugin

plugin = Plugin(name="history", blueprints=(bp,), permissions=PERMISSIONS)
