"""The pages of webhook endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, url_for

from erebus.forms import attempt, form_status
from erebus.permissions import requires
from webhook_endpoints import queries, services
from webhook_endpoints.forms import EndpointForm, PlainForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from webhook_endpoints.models import WebhookEndpoint

bp = Blueprint("webhook_endpoints", __name__, template_folder="templates")


@bp.get("/projects/<slug>/webhooks", endpoint="list")
@requires("project:webhooks:read")
def list_endpoints(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """List the endpoints."""
    return _page()


@bp.route("/projects/<slug>/webhooks/new", methods=["GET", "POST"])
@requires("project:webhooks:create")
def create(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Add an endpoint, and show its secret this once: in the answer itself, which nothing may keep."""
    form, made = EndpointForm(), []
    if attempt(form, lambda: made.append(services.add_endpoint(g.project, form.url.data or ""))):
        endpoint, secret = made[0]
        page = render_template("webhook_endpoints/created.html", endpoint=endpoint, secret=secret)
        response = make_response(page, 201)
        response.headers["Cache-Control"] = "no-store"
        return response
    return render_template("webhook_endpoints/form.html", form=form, project=g.project), form_status(form)


@bp.post("/projects/<slug>/webhooks/<endpoint_id>/pause")
@requires("project:webhooks:pause")
def pause(slug: str, endpoint_id: str) -> ResponseReturnValue:
    """Let an endpoint not be called for now."""
    return _change(slug, endpoint_id, services.pause, "The endpoint is paused.")


@bp.post("/projects/<slug>/webhooks/<endpoint_id>/resume")
@requires("project:webhooks:resume")
def resume(slug: str, endpoint_id: str) -> ResponseReturnValue:
    """Let an endpoint be called again."""
    return _change(slug, endpoint_id, services.resume, "The endpoint is called again.")


@bp.post("/projects/<slug>/webhooks/<endpoint_id>/delete")
@requires("project:webhooks:delete")
def delete(slug: str, endpoint_id: str) -> ResponseReturnValue:
    """Delete a paused endpoint."""
    return _change(slug, endpoint_id, services.delete_endpoint, "The endpoint is deleted.")


def _change(slug: str, endpoint_id: str, change: Callable[[WebhookEndpoint], None], done: str) -> ResponseReturnValue:
    endpoint, form = queries.find_endpoint(g.project, endpoint_id) or abort(404), PlainForm()
    if not attempt(form, lambda: change(endpoint)):
        return _page(form)
    flash(done)
    return redirect(url_for("webhook_endpoints.list", slug=slug))


def _page(sent: PlainForm | None = None) -> ResponseReturnValue:
    """Show the list, with what the form that was *sent* was refused for."""
    endpoints = queries.find_endpoints(g.project)
    page = render_template("webhook_endpoints/list.html", project=g.project, endpoints=endpoints, form=sent)
    return page, form_status(sent) if sent else 200
