"""What one may do with accounts."""

from __future__ import annotations

from erebus.permissions import Permission, Standing

PERMISSIONS = (
    Permission("account:profile:update", Standing.USER, "change one's own name, time zone, theme and password"),
)
