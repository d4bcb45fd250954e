"""The demo: a believable small company whose history was made through the services."""

from __future__ import annotations

from erebus.demo.command import demo

__all__ = ["demo"]
