"""The feature *audit*: the reading room. It shows what the trail has written; what it writes are rows of its own."""

from __future__ import annotations

from erebus.blueprints.audit import export_views
from erebus.blueprints.audit.audit import EXPORT
from erebus.blueprints.audit.glimpses import init_glimpses
from erebus.blueprints.audit.models import AuditExport
from erebus.blueprints.audit.permissions import PERMISSIONS
from erebus.blueprints.audit.views import bp
from erebus.plugins import NavigationItem, Plugin

plugin = Plugin(
    name="audit",
    blueprints=(bp, export_views.bp),
    descriptions={AuditExport: EXPORT},
    permissions=PERMISSIONS,
    navigation=(NavigationItem("Audit Logs", "audit.list", "project:audit:read", 30),),
    init_app=init_glimpses,
)
