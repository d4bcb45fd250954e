"""The feature *keys*: a project's API keys."""

from __future__ import annotations

from erebus.blueprints.keys.audit import API_KEY
from erebus.blueprints.keys.models import ApiKey
from erebus.blueprints.keys.permissions import PERMISSIONS
from erebus.blueprints.keys.queries import count_keys
from erebus.blueprints.keys.views import bp
from erebus.plugins import NavigationItem, Plugin

plugin = Plugin(
    name="keys",
    blueprints=(bp,),
    descriptions={ApiKey: API_KEY},
    permissions=PERMISSIONS,
    navigation=(NavigationItem("API Keys", "keys.list", "project:keys:read", 20, count_keys),),
)
