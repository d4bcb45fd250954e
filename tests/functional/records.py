"""Records of the demo's events, as its pages make them, and what somebody could make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from erebus import create_app, db
from erebus.blueprints.projects.models import Project
from erebus.records import canonical, code_of, fit, grouped, link_to, read_payload
from erebus.signing import rotate, signing_key
from erebus.trail import read_log
from tests.blueprints.verify.conftest import make_record, picture

if TYPE_CHECKING:
    from pathlib import Path

    from erebus.records import Document

SLUG = "kiteline"


class Handed(NamedTuple):
    """What somebody was given: a record, and what can be done with it."""

    document: Document
    code: str
    link: str
    png: bytes


def hand_over(instance: Path, number: int, *, is_kept: bool = True, **altered: object) -> Handed:
    """Return a record of the event *number* of the demo's project, with members *altered* after it was signed."""
    app = create_app({"INSTANCE_PATH": str(instance)})
    with app.app_context():
        project_id = db.session.scalar(select(Project.id).where(Project.slug == SLUG)) or ""
    document = make_record(app, project_id, number, is_kept=is_kept, title="Kiteline Chat", host="erebus.example")
    if altered:
        said = read_payload(document.payload)
        changed = fit({**document.facts(), **altered})
        document = type(document)(changed.payload, document.signature, changed.values, changed.more_changes)
        assert canonical(said) != document.payload
    with app.app_context():
        db.engine.dispose()
    return _handed(document)


def hand_over_displaced(instance: Path) -> Handed:
    """Return a record of an event that is displaced: the last one before the oldest that is kept, by an earlier key."""
    app = create_app({"INSTANCE_PATH": str(instance)})
    with app.app_context():
        project_id = db.session.scalar(select(Project.id).where(Project.slug == SLUG)) or ""
        log = read_log(db.session.connection(), project_id)
        assert log
        oldest = log.events[-1]
        kept = make_record(app, project_id, oldest.number, is_kept=False)
        key = signing_key()
        facts = kept.facts() | {
            "number": oldest.number - 1,
            "hash": oldest.previous_hash.hex(),
            "previousHash": "41" * 32,
        }
        document = key.sign(fit(facts))
        rotate()
        db.engine.dispose()
    return _handed(document)


def _handed(document: Document) -> Handed:
    return Handed(document, grouped(code_of(document.payload)), link_to(document.record, ""), picture(document))
