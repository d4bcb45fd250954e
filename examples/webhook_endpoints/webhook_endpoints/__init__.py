"""A plugin for Erebus: the webhook endpoints of a project."""

from __future__ import annotations

from pathlib import Path

from erebus.plugins import NavigationItem, Plugin
from webhook_endpoints.audit import ENDPOINT
from webhook_endpoints.models import WebhookEndpoint
from webhook_endpoints.permissions import PERMISSIONS
from webhook_endpoints.queries import count_endpoints
from webhook_endpoints.views import bp

plugin = Plugin(
    name="webhook_endpoints",
    blueprints=(bp,),
    descriptions={WebhookEndpoint: ENDPOINT},
    permissions=PERMISSIONS,
    navigation=(NavigationItem("Webhooks", "webhook_endpoints.list", "project:webhooks:read", 25, count_endpoints),),
    migrations=Path(__file__).parent / "migrations",
)
