"""The feature *verify*: whether a record is genuine, for everybody, and the keys with which anybody can tell."""

from __future__ import annotations

from erebus.blueprints.verify.limits import init_limits
from erebus.blueprints.verify.permissions import PERMISSIONS
from erebus.blueprints.verify.views import bp
from erebus.plugins import Plugin

plugin = Plugin(name="verify", blueprints=(bp,), permissions=PERMISSIONS, init_app=init_limits)
