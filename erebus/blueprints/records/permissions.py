"""What one may do with records: make them, and look at those that were made."""

from __future__ import annotations

from erebus.permissions import Permission, Role

PERMISSIONS = (Permission("project:record:read", Role.SUPPORT, "see the records of events"),)
