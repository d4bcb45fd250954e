"""Accounts: who people are, how they sign up and in, and what they say about themselves."""

from __future__ import annotations

from erebus.blueprints.auth.audit import SETTING, USER
from erebus.blueprints.auth.commands import sign_up
from erebus.blueprints.auth.models import Image, PlatformSetting, User
from erebus.blueprints.auth.permissions import PERMISSIONS
from erebus.blueprints.auth.security import ENDPOINTS, init_security
from erebus.blueprints.auth.views import bp
from erebus.plugins import Plugin

plugin = Plugin(
    name="auth",
    blueprints=(bp,),
    descriptions={User: USER, PlatformSetting: SETTING},
    exempt={Image: "addressed by its content and never changed; whose picture it is, is a field of the user"},
    permissions=PERMISSIONS,
    commands=(sign_up,),
    init_app=init_security,
    public_endpoints=ENDPOINTS,
)
