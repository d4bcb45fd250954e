"""Verifying a record asks for nothing: whoever was given one may not have an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from erebus.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
