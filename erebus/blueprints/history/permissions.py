"""Reading the history of an entity takes what reading the log takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from erebus.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
