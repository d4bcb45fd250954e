"""The feature *audit*: the reading room. It shows what the trail has written, and writes nothing."""

from __future__ import annotations

from erebus.blueprints.audit.glimpses import init_glimpses
from erebus.blueprints.audit.permissions import PERMISSIONS
from erebus.blueprints.audit.views import bp
from erebus.plugins import NavigationItem, Plugin

plugin = Plugin(
    name="audit",
    blueprints=(bp,),
    permissions=PERMISSIONS,
    navigation=(
        NavigationItem("Audit Logs", "audit.list", "project:audit:read", 30, also=("records.list", "exports.list")),
    ),
    init_app=init_glimpses,
)
