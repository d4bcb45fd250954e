"""Who may reach what: one row a route and method. A route without a row fails, and so does a row without a route.

The least that one must be: ``PUBLIC``, ``USER`` (any account), or a role in the project. *change* marks what changes
something: being refused it is a line in the log.
"""

from __future__ import annotations

from typing import NamedTuple

from erebus.permissions import Role

PUBLIC, USER = "public", "user"


class Access(NamedTuple):
    least: str | Role
    change: bool = False


READ = Access(Role.SUPPORT)
TABLE: dict[tuple[str, str], Access] = {
    ("GET", "/"): Access(PUBLIC),
    ("GET", "/static/<path:filename>"): Access(PUBLIC),
    ("GET", "/static/css/erebus.css"): Access(PUBLIC),
    ("GET", "/docs/audit-logs"): Access(PUBLIC),
    ("GET", "/healthz"): Access(PUBLIC),
    ("GET", "/readyz"): Access(PUBLIC),
    ("GET", "/images/<sha256>.png"): Access(PUBLIC),
    ("GET", "/verify"): Access(PUBLIC),
    ("POST", "/verify"): Access(PUBLIC),
    ("GET", "/verify/<payload>"): Access(PUBLIC),
    ("GET", "/VERIFY/<payload>"): Access(PUBLIC),
    ("GET", "/.well-known/erebus-keys.json"): Access(PUBLIC),
    ("GET", "/.well-known/security.txt"): Access(PUBLIC),
    ("GET", "/login"): Access(PUBLIC),
    ("POST", "/login"): Access(PUBLIC),
    ("POST", "/logout"): Access(PUBLIC),
    ("GET", "/signup"): Access(PUBLIC),
    ("POST", "/signup"): Access(PUBLIC),
    ("GET", "/account"): Access(USER),
    ("POST", "/account"): Access(USER),
    ("GET", "/account/password"): Access(USER),
    ("POST", "/account/password"): Access(USER),
    ("POST", "/account/theme"): Access(USER),
    ("GET", "/projects"): Access(USER),
    ("GET", "/projects/new"): Access(USER),
    ("POST", "/projects/new"): Access(USER),
    ("GET", "/projects/<slug>"): READ,
    ("GET", "/projects/<slug>/audit"): READ,
    ("GET", "/projects/<slug>/audit.json"): READ,
    ("GET", "/projects/<slug>/audit.csv"): Access(Role.ADMIN),
    ("GET", "/projects/<slug>/exports"): Access(Role.ADMIN),
    ("GET", "/projects/<slug>/audit.ndjson"): Access(Role.ADMIN),
    ("POST", "/projects/<slug>/audit.csv"): Access(Role.ADMIN, change=True),
    ("POST", "/projects/<slug>/audit.json"): Access(Role.ADMIN, change=True),
    ("POST", "/projects/<slug>/audit.ndjson"): Access(Role.ADMIN, change=True),
    ("GET", "/projects/<slug>/audit/<event_id>"): READ,
    ("GET", "/projects/<slug>/audit/<event_id>.json"): READ,
    ("GET", "/projects/<slug>/audit/<event_id>/record"): READ,
    ("POST", "/projects/<slug>/audit/<event_id>/record"): Access(Role.SUPPORT, change=True),
    ("GET", "/projects/<slug>/audit/<event_id>/record.png"): READ,
    ("GET", "/projects/<slug>/audit/<event_id>/record.json"): READ,
    ("GET", "/projects/<slug>/records"): READ,
    ("GET", "/projects/<slug>/audit/<event_id>/history"): READ,
    ("GET", "/projects/<slug>/audit/history/<entity_type>/<entity_id>"): READ,
    ("GET", "/projects/<slug>/audit/history/<entity_type>/<entity_id>.json"): READ,
    ("GET", "/projects/<slug>/members"): Access(Role.DEVELOPER),
    ("GET", "/projects/<slug>/keys"): Access(Role.DEVELOPER),
    ("GET", "/projects/<slug>/keys/<key_id>"): Access(Role.DEVELOPER),
    ("POST", "/projects/<slug>/keys/<key_id>"): Access(Role.DEVELOPER, change=True),
    ("GET", "/projects/<slug>/keys/new"): Access(Role.DEVELOPER),
    ("POST", "/projects/<slug>/keys/new"): Access(Role.DEVELOPER, change=True),
    ("POST", "/projects/<slug>/keys/<key_id>/disable"): Access(Role.DEVELOPER, change=True),
    ("POST", "/projects/<slug>/keys/<key_id>/enable"): Access(Role.DEVELOPER, change=True),
    ("POST", "/projects/<slug>/keys/<key_id>/revoke"): Access(Role.DEVELOPER, change=True),
    ("POST", "/projects/<slug>/keys/<key_id>/delete"): Access(Role.DEVELOPER, change=True),
    ("GET", "/projects/<slug>/settings"): Access(Role.ADMIN),
    ("POST", "/projects/<slug>/settings"): Access(Role.ADMIN, change=True),
    ("GET", "/projects/<slug>/delete"): Access(Role.OWNER),
    ("POST", "/projects/<slug>/delete"): Access(Role.OWNER, change=True),
}
