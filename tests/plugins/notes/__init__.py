"""A stranger's feature: notes in a project, with a table, a page in the sidebar and words of its own."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from erebus.db import Identified, Model, db, transaction
from erebus.permissions import Permission, Role, requires
from erebus.plugins import NavigationItem, Plugin
from erebus.trail import AuditDescription, Refused, Words

bp = Blueprint("notes", __name__, template_folder="templates")


class ProjectNote(Identified, Model):
    __tablename__ = "project_notes"
    id_prefix = "note_"
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    text: Mapped[str] = mapped_column(String(200))


class NoteDenied(Refused):
    """The role may not write notes."""


@bp.get("/projects/<slug>/notes", endpoint="list")
@requires("project:notes:read")
def list_notes(slug: str) -> ResponseReturnValue:
    notes = db.session.scalars(db.select(ProjectNote).filter_by(project_id=g.project.id)).all()
    return render_template("notes/list.html", notes=notes)


@bp.post("/projects/<slug>/notes")
@requires("project:notes:create")
def create(slug: str) -> ResponseReturnValue:
    with transaction() as session:
        session.add(ProjectNote(project_id=g.project.id, text=request.form["text"]))
    return redirect(url_for(".list", slug=slug))


def _denied(project: object, _arguments: object, form: object) -> NoteDenied:
    wanted = ProjectNote(project_id=project.id, text=form.get("text", ""))
    return NoteDenied(wanted, {"text": wanted.text}, reason="Your role only reads.", action="create")


NOTE = AuditDescription(
    entity_type="note",
    label=lambda note: note.text[:40],
    recorded=("text",),
    words=(Words("create", "Wrote note", ("Wrote", "write"), lambda change: f"note '{change['text']}'"),),
)

plugin = Plugin(
    name="notes",
    blueprints=(bp,),
    descriptions={ProjectNote: NOTE},
    permissions=(
        Permission("project:notes:read", Role.SUPPORT, "read notes"),
        Permission("project:notes:create", Role.DEVELOPER, "write notes", denied=_denied),
    ),
    navigation=(NavigationItem("Notes", "notes.list", "project:notes:read", position=45),),
    migrations=Path(__file__).parent / "migrations",
)
