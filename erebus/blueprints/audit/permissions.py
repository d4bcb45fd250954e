"""What one may do with a project's log: read it. Nothing here changes anything, so no attempt is ever refused."""

from __future__ import annotations

from erebus.permissions import Permission, Role

PERMISSIONS = (Permission("project:audit:read", Role.SUPPORT, "read the audit log"),)
