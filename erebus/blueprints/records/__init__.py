"""The feature *records*: one event on one sheet, signed, to be taken along and checked later."""

from __future__ import annotations

from erebus.blueprints.records.audit import RECORD
from erebus.blueprints.records.glimpses import init_glimpses
from erebus.blueprints.records.models import AuditRecord
from erebus.blueprints.records.permissions import PERMISSIONS
from erebus.blueprints.records.views import bp
from erebus.plugins import Plugin

plugin = Plugin(
    name="records",
    blueprints=(bp,),
    descriptions={AuditRecord: RECORD},
    permissions=PERMISSIONS,
    init_app=init_glimpses,
)
