"""The feature *exports*: what the filter shows of a log, as a file to be taken along."""

from __future__ import annotations

from erebus.blueprints.exports.audit import EXPORT
from erebus.blueprints.exports.models import AuditExport
from erebus.blueprints.exports.permissions import PERMISSIONS
from erebus.blueprints.exports.views import bp
from erebus.plugins import Plugin

plugin = Plugin(name="exports", blueprints=(bp,), descriptions={AuditExport: EXPORT}, permissions=PERMISSIONS)
