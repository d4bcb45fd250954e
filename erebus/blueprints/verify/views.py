"""The pages on which records are verified, open to everybody, and what others need to verify them by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, jsonify, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from erebus import clock
from erebus.blueprints.verify import presenter, services
from erebus.blueprints.verify.forms import VerifyForm
from erebus.blueprints.verify.verdicts import Outcome
from erebus.errors import error_page
from erebus.forms import INVALID, form_status
from erebus.permissions import public
from erebus.plugins import installation
from erebus.records import FILE_LIMIT, CodeIsMistyped, NoRecord, grouped, read_code
from erebus.signing import public_keys

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.verify.verdicts import Verdict

bp = Blueprint("verify", __name__)
_AN_HOUR = 3600
_EXPIRES = timedelta(days=180)
_TOO_LARGE = (
    "This is larger than any record",
    f"A record has at most {FILE_LIMIT // 10**6} MB. Choose it as it was given to you, or type its code.",
)


@bp.get("/verify")
@public
def form() -> ResponseReturnValue:
    """Ask for a code, a link or a file."""
    return render_template("verify/form.html", form=VerifyForm(formdata=None))


@bp.post("/verify")
@public
def check() -> ResponseReturnValue:
    """Say whether what was given is genuine."""
    form = VerifyForm()
    form.take_files(request.files)
    if form.is_answerable():
        try:
            return _show(_ask(form))
        except CodeIsMistyped as error:
            form.code.errors = [str(error)]
        except NoRecord as error:
            form.file.errors = [_sentence(str(error))]
    return render_template("verify/form.html", form=form), INVALID if form.file.errors else form_status(form)


@bp.get("/verify/<payload>", endpoint="show")
@bp.get("/VERIFY/<payload>", endpoint="show")
@public
def show(payload: str) -> ResponseReturnValue:
    """Say whether the record in a QR code's link is genuine."""
    return _show(services.verify_link(payload))


@bp.get("/.well-known/erebus-keys.json")
@public
def keys() -> ResponseReturnValue:
    """Give the public keys that verify records, the current one first; to pages of other sites as well."""
    response = jsonify(public_keys().as_jwks())
    response.cache_control.public, response.cache_control.max_age = True, _AN_HOUR
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/.well-known/security.txt")
@public
def security() -> ResponseReturnValue:
    """Say where to report what is wrong with the security of this installation (RFC 9116)."""
    address = quote(installation().settings.support_email, safe="@+")
    expires = (clock.now() + _EXPIRES).date()
    text = f"Contact: mailto:{address}\nExpires: {expires}T00:00:00Z\nPreferred-Languages: en\n"
    return text, {"Content-Type": "text/plain; charset=utf-8"}


@bp.url_value_preprocessor
def _take_whole_records(endpoint: str | None, _values: object) -> None:
    """Let every file in that Erebus gives away, on its way to the disk; a text of that size would fill the memory.

    It is done this early because the form's token is looked for before the view.
    """
    if endpoint == "verify.check" and request.mimetype == "multipart/form-data":
        request.max_content_length = FILE_LIMIT


@bp.errorhandler(RequestEntityTooLarge)
def _refuse(error: RequestEntityTooLarge) -> ResponseReturnValue:
    error.advice = _TOO_LARGE  # type: ignore[attr-defined]  # what its page says
    return error_page(error)


@bp.after_request
def _hide_from_search(response: Response) -> Response:
    """Keep what strangers were given out of search engines."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _ask(form: VerifyForm) -> Verdict:
    """Return what can be said of what was given. Raises `CodeIsMistyped`, `NoRecord`."""
    if form.given is not None:
        return services.verify_file(form.given.read())
    if form.is_link:
        return services.verify_link(form.typed)
    return services.verify_code(read_code(form.typed))


def _show(verdict: Verdict) -> ResponseReturnValue:
    page = render_template(
        "verify/verdict.html",
        verdict=verdict,
        answer=presenter.answer(verdict),
        checks=presenter.checks(verdict),
        altered=presenter.names(verdict.altered),
        differs=presenter.names(verdict.place.differs if verdict.place else ()),
        reason=_sentence(verdict.reason),
        sheet=presenter.sheet(verdict.document) if verdict.document else None,
        code=grouped(verdict.code) if verdict.code else "",
        now=clock.now(),
        support_email=installation().settings.support_email,
    )
    return page, 404 if verdict.outcome is Outcome.UNKNOWN else 200


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
