"""The pages of API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    abort,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user

from erebus.blueprints.keys import queries, services
from erebus.blueprints.keys.forms import KeyForm, LabelForm, PlainForm, RevokeForm
from erebus.blueprints.keys.models import ApiKey, Environment, KeyStatus
from erebus.forms import attempt, form_status
from erebus.permissions import requires
from erebus.plugins import installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from erebus.forms import BaseForm

bp = Blueprint("keys", __name__)
_SENT, _SENT_KEPT = "keys_sent", 5  # which forms for new keys have made one, in the session; nothing of the keys
_ULID_LENGTH = 26


@bp.get("/projects/<slug>/keys", endpoint="list")
@requires("project:keys:read")
def list_keys(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """List the keys that the address's filter lets through, a page at a time."""
    wanted, days = queries.read_filter(request.args), installation().settings.dormant_days
    return render_template(
        "keys/list.html",
        project=g.project,
        page=queries.find_keys(g.project, wanted, days, request.args.get("before", "")),
        total=queries.count_keys(g.project),
        wanted=wanted,
        dormant_days=days,
        statuses=KeyStatus,
        environments=Environment,
    )


@bp.route("/projects/<slug>/keys/new", methods=["GET", "POST"])
@requires("project:keys:create")
def create(slug: str) -> ResponseReturnValue:
    """Create a key, and show its secret this once: in the answer itself, which nothing may keep.

    Reloading that answer sends the form again. That makes no second key.
    """
    form, made = KeyForm(), []
    if form.is_submitted() and form.once.data in session.get(_SENT, ()):
        flash("The key was created before, and its secret is shown only once. If it is lost, revoke the key.", "warn")
        return redirect(url_for("keys.list", slug=slug))
    if attempt(form, lambda: made.append(_create(form))):
        key, secret = made[-1]
        session[_SENT] = [*session.get(_SENT, ()), *_short(form.once.data)][-_SENT_KEPT:]
        response = make_response(render_template("keys/created.html", key=key, secret=secret), 201)
        response.headers["Cache-Control"] = "no-store"
        return response
    return render_template("keys/form.html", form=form, project=g.project), form_status(form)


@bp.get("/projects/<slug>/keys/<key_id>")
@requires("project:keys:read")
def show(slug: str, key_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Show one key and what can be done with it."""
    return _page(_find(key_id))


@bp.post("/projects/<slug>/keys/<key_id>")
@requires("project:keys:update")
def rename(slug: str, key_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Give a key another label."""
    form = LabelForm()
    return _change(key_id, form, lambda key: services.change_label(key, form.label.data or ""), "The label is saved.")


@bp.post("/projects/<slug>/keys/<key_id>/enable")
@requires("project:keys:enable")
def enable(slug: str, key_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Let a key be used again."""
    return _change(key_id, PlainForm(), services.enable, "The key is enabled.")


@bp.post("/projects/<slug>/keys/<key_id>/disable")
@requires("project:keys:disable")
def disable(slug: str, key_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Let a key not be used until it is enabled."""
    return _change(key_id, PlainForm(), services.disable, "The key is disabled.")


@bp.post("/projects/<slug>/keys/<key_id>/revoke")
@requires("project:keys:revoke")
def revoke(slug: str, key_id: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Put a key out of use for good."""
    form = RevokeForm()
    return _change(key_id, form, lambda key: services.revoke(key, form.reason.data or ""), "The key is revoked.")


@bp.post("/projects/<slug>/keys/<key_id>/delete")
@requires("project:keys:delete")
def delete(slug: str, key_id: str) -> ResponseReturnValue:
    """Delete a revoked key."""
    key, form = _find(key_id), PlainForm()
    if attempt(form, lambda: services.delete_key(key)):
        flash("The key is deleted.")
        return redirect(url_for("keys.list", slug=slug))
    return _page(key, form)


def _short(once: str | None) -> list[str]:
    """Return *once* as it is kept, if it is as we made it: a session's cookie has no room for more."""
    return [once] if once and len(once) == _ULID_LENGTH else []


def _create(form: KeyForm) -> tuple[ApiKey, str]:
    environment = Environment(form.environment.data)
    return services.create_key(g.project, form.label.data or "", environment, by=current_user)


def _find(key_id: str) -> ApiKey:
    return queries.find_key(g.project, key_id) or abort(404)


def _change(key_id: str, form: BaseForm, change: Callable[[ApiKey], None], done: str) -> ResponseReturnValue:
    key = _find(key_id)
    if not attempt(form, lambda: change(key)):
        return _page(key, form)
    flash(done)
    return redirect(url_for("keys.show", slug=g.project.slug, key_id=key.id))


def _page(key: ApiKey, sent: BaseForm | None = None) -> ResponseReturnValue:
    """Show the page of *key*, with the form that was *sent* as it was filled in."""
    page = render_template(
        "keys/show.html",
        project=g.project,
        key=key,
        form=sent,
        label_form=sent if isinstance(sent, LabelForm) else LabelForm(formdata=None, data={"label": key.label}),
        revoke_form=sent if isinstance(sent, RevokeForm) else RevokeForm(formdata=None),
        dormant_days=installation().settings.dormant_days,
    )
    return page, form_status(sent) if sent else 200
