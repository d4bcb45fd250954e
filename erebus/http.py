"""The edge: the request's id, who is acting, the gate before every view, and security headers."""

from __future__ import annotations

import io
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from flask import Request, abort, current_app, g, has_request_context, redirect, request, send_file, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)
from ulid import ULID
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.middleware.proxy_fix import ProxyFix

from erebus.db import db
from erebus.errors import init_errors
from erebus.leaks import has_secret, mask
from erebus.permissions import PUBLIC, Permission, Role, Standing, mark_of
from erebus.plugins import installation
from erebus.trail import SYSTEM, Actor, ActorKind, current_actor, note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY_LIMIT = 1024 * 1024  # bytes; no form of ours comes near it
csrf = CSRFProtect()


class RoleDoesNotDo(Forbidden):
    """The reader is a member of the project, but not as what it takes."""

    def __init__(self, least: Role, role: Role, title: str) -> None:
        """Say that it takes *least*, and that the reader is *role* in the project called *title*."""
        super().__init__()
        *others, last = (str(other) for other in Role if other.includes(least))
        enough = f"{', '.join(others)} or {last}" if others else last
        self.advice = (
            "This is not open to you",
            f"This takes the role {enough}, and you are {role} in '{title}'. Ask its owner or an admin.",
        )


class PlainRequest(Request):
    """A request whose cookies and referrer are what they may be: libraries break on others."""

    @property
    def referrer(self) -> str | None:  # type: ignore[override]  # werkzeug's, which may be missing as well
        """The address of the page that led here, None for what is no address."""
        text = self.headers.get("Referer")
        return text if text and _is_address(text) else None

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies in ASCII (RFC 6265, section 4.1.1); Flask-Login breaks on any other that bears its name."""
        return ImmutableMultiDict((name, text) for name, text in super().cookies.items(multi=True) if text.isascii())


def _is_address(text: str) -> bool:
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False


def init_http(app: Flask) -> None:
    """Set up everything that happens before and after a view."""
    app.request_class = PlainRequest
    settings = app.extensions["erebus"].settings
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = _BODY_LIMIT
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form left open over lunch is still to be sent: the session bounds it
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]  # as Flask documents
    app.before_request(_identify)
    csrf.init_app(app)
    app.before_request(_gate)
    headers = _headers(is_secure=settings.secure_cookies)
    app.after_request(lambda response: _finish(response, headers))
    init_errors(app)


def public_url(address: str = "") -> str:
    """Return *address*, a path of ours, as others reach it: where the setting says, for browsers can be made to lie.

    Of a host that Werkzeug cannot read (one with an underscore), the path alone is told.
    """
    root = installation().settings.public_url or (request.host and f"{request.scheme}://{request.host}")
    return root.rstrip("/") + address


def attachment(content: bytes, name: str, kind: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return *content*, of the media type *kind*, as an answer that is kept as a file of that *name* (RFC 6266)."""
    answer = send_file(io.BytesIO(content), as_attachment=True, download_name=name, conditional=False)
    answer.content_type = kind
    for told in ("Cache-Control", "Expires"):  # nobody is to keep it, as all that is not for everybody
        answer.headers.pop(told, None)
    answer.headers.update(headers or {})
    return answer


# Who is acting


def actor() -> Actor:
    """Return who is acting now: whom `acting_as` names, else who is signed in, else nobody known or the system."""
    return current_actor() or (_visitor() if has_request_context() else SYSTEM)


def actor_for(user: Any) -> Actor:  # noqa: ANN401 - a user of the feature auth, which is not imported here
    """Return *user* as the one who acts in the current request."""
    return Actor(ActorKind.USER, user.id, user.name, user.image, **_whence())


def _visitor() -> Actor:
    if "actor" not in g or g.actor.request_id != g.request_id:
        known = current_user and current_user.is_authenticated
        g.actor = actor_for(current_user) if known else Actor(ActorKind.ANONYMOUS, "anonymous", "Somebody", **_whence())
    found: Actor = g.actor
    return found


def _whence() -> dict[str, str | None]:
    agent = mask(request.user_agent.string) or None
    return {"address": request.remote_addr, "user_agent": agent, "request_id": g.request_id}


# The gate


def can(name: str) -> bool:
    """Return whether the reader may do what the permission *name* allows, in the current project."""
    permission = installation().permissions[name]
    if isinstance(permission.least, Role):
        role: Role | None = g.get("role")
        return role is not None and role.includes(permission.least)
    return permission.least is Standing.USER or bool(current_user.is_platform_admin)


def _identify() -> ResponseReturnValue | None:
    g.request_id = str(ULID())
    if isinstance(request.routing_exception, BadRequest) or not _is_address(request.host_url):  # no page can be made
        return "The host in this address cannot be read. Check the address.", 400, {"Content-Type": "text/plain"}
    if "\0" in request.path or "\0" in "".join(f"{k}{v}" for k, v in request.args.items(multi=True)):
        abort(400)
    if request.is_json and (request.method not in _SAFE_METHODS or request.content_length):
        abort(415)  # the form libraries would read it: a list, or a number where text belongs, is an error of theirs
    return None


def _gate() -> ResponseReturnValue | None:
    """Let a request through to its view, or not: the view's mark says what it takes."""
    if request.method in _SAFE_METHODS and any(map(has_secret, chain(*request.args.items(multi=True)))):
        return redirect(_masked_address())
    if request.endpoint is None or request.method == "OPTIONS":
        return None  # no view: the routing error, or the list of methods, follows
    permission = required_permission(request.endpoint)
    if permission is PUBLIC:
        if request.method not in _SAFE_METHODS:
            _visitor()  # now: it cannot be looked up any more when the transaction has failed
        return None
    if not current_user.is_authenticated:
        back = request.full_path.rstrip("?") if request.method in _SAFE_METHODS else None
        return redirect(url_for("security.login", next=back))
    _visitor()
    if "slug" in (request.view_args or {}):
        _enter_project((request.view_args or {})["slug"])
    if isinstance(permission, Permission) and not can(permission.name):
        _deny(permission)
    return None


def _masked_address() -> str:
    """Return the address without the secrets in it: whoever looks for a leaked key leaves it in no page, no history."""
    asked = urlencode([(mask(name), mask(value)) for name, value in request.args.items(multi=True)])
    return f"/{quote(request.path.lstrip('/'))}?{asked}"  # two slashes would begin the address of another site


def required_permission(endpoint: str) -> Permission | str | None:
    """Return what *endpoint* takes: a permission, `PUBLIC`, or None for the views of a library that take an account.

    Raises LookupError for an endpoint without a mark, or with one that no feature declares.
    """
    found = installation()
    if endpoint == "static" or any(endpoint in p.public_endpoints for p in found.plugins):
        return PUBLIC
    if any(endpoint in p.library_endpoints for p in found.plugins):
        return None
    mark = mark_of(current_app.view_functions[endpoint])
    if mark is None:
        message = f"the route {endpoint} has neither @requires nor @public"
        raise LookupError(message)
    if mark != PUBLIC and mark not in found.permissions:
        message = f"the route {endpoint} asks for {mark!r}, which no feature declares"
        raise LookupError(message)
    return PUBLIC if mark == PUBLIC else found.permissions[mark]


def _enter_project(slug: str) -> None:
    scope = installation().find_scope(slug)
    if scope is None:
        abort(404)
    g.project, g.role = scope
    g.back = url_for("projects.show", slug=slug)  # for the page of an error


def _deny(permission: Permission) -> None:
    """Answer 403; a change that was tried is kept as a failure."""
    least, role = permission.least, g.get("role")
    error = RoleDoesNotDo(least, role, g.project.title) if role and isinstance(least, Role) else Forbidden()
    if request.method not in _SAFE_METHODS and permission.denied is not None and "project" in g:
        note(db.session(), permission.denied(g.project, request.view_args or {}, request.form))
        db.session.rollback()  # ends the transaction, and with that writes what was noted
    raise error


# Headers


def _headers(*, is_secure: bool) -> Secure:
    policy = ContentSecurityPolicy().default_src("'none'").base_uri("'none'").form_action("'self'")
    policy = policy.frame_ancestors("'none'").script_src("'self'").style_src("'self'").img_src("'self'")
    return Secure(
        csp=policy.connect_src("'self'").font_src("'self'").manifest_src("'self'"),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        hsts=StrictTransportSecurity().max_age(31536000) if is_secure else None,
        permissions=PermissionsPolicy().geolocation().microphone().camera(),
        referrer=ReferrerPolicy().same_origin(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
    )


def _finish(response: Response, headers: Secure) -> Response:
    for name, value in headers.headers.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
