"""How often one address may verify: often enough for people, too seldom to try codes or to keep the database busy."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, cast

from flask import request
from flask_limiter import Limiter
from limits.errors import ConfigurationError

from erebus.config import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.typing import ResponseReturnValue

RATE = "30 per minute"
_ENDPOINTS = ("verify.check", "verify.show")
_NETWORK = 64  # bits of an IPv6 address that are one subscriber's


def init_limits(app: Flask) -> None:
    """Limit the views that verify. Raises `SettingError` for a place to count at that there cannot be.

    Where the place does not answer, each process counts for itself until it does.
    """
    limiter = Limiter(
        reader,
        storage_uri=app.extensions["erebus"].settings.rate_storage or "memory://",
        strategy="moving-window",
        headers_enabled=True,
        in_memory_fallback_enabled=True,
    )
    try:
        limiter.init_app(app)
    except (ConfigurationError, ValueError):
        message = (
            "EREBUS_RATE_STORAGE must be memory://, or an address such as redis://…, for which its driver is installed"
        )
        raise SettingError(message) from None
    limited = limiter.shared_limit(RATE, scope="verify")
    for endpoint in _ENDPOINTS:
        view: Callable[..., ResponseReturnValue] = app.view_functions[endpoint]  # type: ignore[assignment]  # none waits
        app.view_functions[endpoint] = cast("Callable[..., ResponseReturnValue]", limited(view))


def reader() -> str:
    """Return whose requests are counted together: an address, of IPv6 the network that one subscriber has."""
    text = request.remote_addr or "unknown"
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(ip_network((address, _NETWORK), strict=False))
    return text
