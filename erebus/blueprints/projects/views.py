"""The pages of projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_login import current_user

from erebus.blueprints.projects import queries, services
from erebus.blueprints.projects.forms import DeleteForm, ProjectForm, StatusForm, TitleForm, WebhookForm
from erebus.blueprints.projects.models import Project, ProjectStatus, Region
from erebus.db import db
from erebus.forms import attempt, form_status
from erebus.permissions import public, requires
from erebus.plugins import installation
from erebus.trail import read_log

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from erebus.blueprints.projects.models import Membership
    from erebus.forms import BaseForm
    from erebus.trail import AuditLog

bp = Blueprint("projects", __name__)
RECENT = 5  # events on the overview


@dataclass(frozen=True)
class Card:
    """A project in the list: what the reader is in it, the state of its keys, and its log for the ring."""

    membership: Membership
    keys: queries.KeyCounts
    log: AuditLog | None


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """Lead to the projects; who has not signed in is asked to there."""
    return redirect(url_for("projects.list"))


@bp.get("/projects", endpoint="list")
@requires("project:list")
def list_projects() -> ResponseReturnValue:
    """Show the reader's projects as cards, those whose name contains ``q``."""
    text = request.args.get("q", "").strip()
    days = installation().settings.dormant_days
    memberships = queries.find_memberships(current_user, text)
    keys = queries.count_keys((m.project for m in memberships), days)
    cards = [Card(m, keys[m.project_id], _log(m.project)) for m in memberships]
    return render_template("projects/list.html", cards=cards, text=text)


@bp.route("/projects/new", methods=["GET", "POST"])
@requires("project:create")
def create() -> ResponseReturnValue:
    """Create a project of the reader's own."""
    form, made = ProjectForm(), []
    if attempt(form, lambda: made.append(_create(form))):
        flash(f"Project '{made[-1].title}' created.")
        return redirect(url_for("projects.show", slug=made[-1].slug))
    return render_template("projects/form.html", form=form), form_status(form)


@bp.get("/projects/<slug>")
@requires("project:overview:read")
def show(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Show the state of a project: its keys, what happened last, and its log as a ring."""
    days = installation().settings.dormant_days
    log = _log(g.project)
    return render_template(
        "projects/show.html",
        project=g.project,
        counts=queries.count_keys([g.project], days)[g.project.id],
        members=queries.count_members(g.project),
        dormant_days=days,
        log=log,
        events=log.events[:RECENT] if log else (),
    )


@bp.get("/projects/<slug>/members")
@requires("project:members:read")
def members(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """List who is a member, as what, since when, and what each role may do."""
    return render_template(
        "projects/members.html", memberships=queries.find_members(g.project), allowed=installation().allowed_by_role
    )


@bp.get("/projects/<slug>/settings")
@requires("project:settings:read")
def settings(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Show name, webhook URL and status, each with a form of its own."""
    return _settings_page(None)


@bp.post("/projects/<slug>/settings")
@requires("project:settings:update")
def update(slug: str) -> ResponseReturnValue:
    """Change the setting whose form was sent."""
    if "title" in request.form:
        form: BaseForm = TitleForm()
        is_done = attempt(form, lambda: services.rename(g.project, form.title.data))
    elif "webhook_url" in request.form:
        form = WebhookForm()
        is_done = attempt(form, lambda: services.set_webhook_url(g.project, form.webhook_url.data or ""))
    else:
        form = StatusForm()
        is_done = attempt(form, lambda: services.change_status(g.project, ProjectStatus(form.status.data)))
    if is_done:
        flash("The settings are saved.")
        return redirect(url_for("projects.settings", slug=slug))
    return _settings_page(form)


@bp.route("/projects/<slug>/delete", methods=["GET", "POST"])
@requires("project:delete")
def delete(slug: str) -> ResponseReturnValue:  # noqa: ARG001 - the gate has turned it into g.project
    """Ask for the project's name, then delete it."""
    form = DeleteForm()
    title = g.project.title
    if attempt(form, lambda: services.delete_project(g.project, form.confirmation.data or "")):
        flash(f"Project '{title}' deleted.")
        return redirect(url_for("projects.list"))
    counts = queries.count_keys([g.project], installation().settings.dormant_days)
    page = render_template("projects/delete.html", form=form, project=g.project, counts=counts[g.project.id])
    return page, form_status(form)


def _create(form: ProjectForm) -> Project:
    return services.create_project(current_user, form.title.data or "", Region(form.region.data))


def _settings_page(sent: BaseForm | None) -> ResponseReturnValue:
    """Show all three forms, the one that was *sent* as it was filled in, the others as the project is."""
    project: Project = g.project
    shown = {
        "title_form": TitleForm(formdata=None, data={"title": project.title}),
        "webhook_form": WebhookForm(formdata=None, data={"webhook_url": project.webhook_url}),
        "status_form": StatusForm(formdata=None, data={"status": project.status.value}),
    }
    shown = {name: sent if isinstance(sent, type(form)) else form for name, form in shown.items()}
    return render_template("projects/settings.html", project=project, **shown), form_status(sent) if sent else 200


def _log(project: Project) -> AuditLog | None:
    return read_log(db.session.connection(), project.id)
