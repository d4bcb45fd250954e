"""Static files: their addresses, how long browsers keep them, the one stylesheet of all pages, and their compression.

Pages are not compressed: they hold secrets beside what others may have chosen, and the length of a compressed page can
give a secret away (CVE-2013-3587, "BREACH").
"""

from __future__ import annotations

import gzip
import hashlib
from http import HTTPStatus
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, request, url_for

from erebus.permissions import public

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

STYLESHEET = "css/erebus.css"
"""What every page links: `PARTS` in their order, as one file, which lies where they do, for the addresses in them."""
PARTS = ("tokens", "shell", "bar", "pieces", "marks", "forms", "pages", "log")
_COMPRESSED = {"text/css", "text/javascript", "image/svg+xml"}
_ENDPOINTS = {"static", "assets.stylesheet"}
_A_YEAR, _AN_HOUR = 365 * 24 * 3600, 3600
_HASHES, _ZIPPED = "erebus.assets", "erebus.zipped"

bp = Blueprint("assets", __name__)


def init_assets(app: Flask) -> None:
    """Give the templates of *app* `asset`, and the files that they link a long life."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _AN_HOUR
    app.extensions[_HASHES], app.extensions[_ZIPPED] = {}, {}
    app.add_template_global(asset)
    app.after_request(_finish)
    app.register_blueprint(bp)


@bp.get(f"/static/{STYLESHEET}")
@public
def stylesheet() -> ResponseReturnValue:
    """Give the stylesheet of all pages."""
    response = Response(_read(STYLESHEET), mimetype="text/css")
    response.cache_control.max_age = _AN_HOUR
    response.set_etag(_hash(STYLESHEET))
    return response.make_conditional(request)


def asset(path: str) -> str:
    """Return the address of the static file *path*, which changes when its content does."""
    return url_for("static", filename=path, v=_hash(path))


def _hash(path: str) -> str:
    """Return a short hash of the static file *path*. Raises FileNotFoundError for one that is not there."""
    known: dict[str, str] = current_app.extensions[_HASHES]
    if path not in known or current_app.debug:
        known[path] = hashlib.sha256(_read(path)).hexdigest()[:12]
    return known[path]


def _read(path: str) -> bytes:
    folder = Path(str(current_app.static_folder))
    if path == STYLESHEET:
        return b"".join((folder / "css" / f"{part}.css").read_bytes() for part in PARTS)
    return (folder / path).read_bytes()


def _finish(response: Response) -> Response:
    """Let browsers keep a static file for good when its address names what is in it; compress what is text."""
    if request.endpoint not in _ENDPOINTS or response.status_code not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
        return response
    path = normpath((request.view_args or {}).get("filename", STYLESHEET))  # of endless spellings, one is kept in mind
    if request.args.get("v") == _hash(path):
        response.cache_control.max_age = _A_YEAR
        response.cache_control.public = response.cache_control.immutable = True
    if response.mimetype in _COMPRESSED:
        response.vary.add("Accept-Encoding")
        if response.status_code == HTTPStatus.OK and "Range" not in request.headers and _takes_gzip():
            _compress(response, path)
    return response


def _takes_gzip() -> bool:
    return request.method == "GET" and request.accept_encodings["gzip"] > 0


def _compress(response: Response, path: str) -> None:
    zipped: dict[str, bytes] = current_app.extensions[_ZIPPED]
    response.direct_passthrough = False
    content, name = response.get_data(), _hash(path)
    if name not in zipped:
        zipped[name] = gzip.compress(content, mtime=0)
    response.set_data(zipped[name])
    response.content_encoding = "gzip"
    response.set_etag(response.get_etag()[0] or name, weak=True)  # the same content, in other bytes
