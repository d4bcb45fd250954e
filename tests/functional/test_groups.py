"""Events of one action: folded under one heading, unfolded by mouse and by keyboard, and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from ulid import ULID

from erebus import create_app, db
from erebus.blueprints.keys import services as keys
from erebus.blueprints.keys.models import Environment
from erebus.blueprints.projects.models import Project
from erebus.db import transaction
from erebus.trail import Actor, ActorKind, acting_as
from tests.functional.server import DEMO_PASSWORD, Live, Serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.functional.browser import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("groups")]  # one server for all

LOG = "/projects/kiteline/audit"
GROUP = ".event:has(> .entry > .group-fold)"


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Live]:
    """A server with the demo, in which somebody has made three keys at once."""
    with serve(with_demo=True) as server:
        app = create_app({"INSTANCE_PATH": str(server.instance)})
        with app.app_context():
            project = db.session.scalars(select(Project).where(Project.slug == "kiteline")).one()
            owner = project.owner
            actor = Actor(ActorKind.USER, owner.id, owner.name, owner.image, request_id=str(ULID()))
            with acting_as(actor), transaction():
                for name in "abc":
                    keys.create_key(project, f"Trial {name}", Environment.DEVELOPMENT, by=owner)
            db.engine.dispose()
        yield server


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_action_unfolds_to_its_events(visit: Callable[..., Visitor], server: Live, *, has_scripts: bool) -> None:
    visitor = visit(server, has_scripts=has_scripts)
    visitor.sign_in("support", DEMO_PASSWORD)
    visitor.go(LOG)
    group = visitor.page.locator(GROUP).first
    expect(group.locator("h3").first).to_have_text(re.compile("3 × Generated new API key$"))
    expect(group.locator(".event").first).to_be_hidden()
    visitor.look()
    group.get_by_text("The 3 events of this action").click()
    expect(group.locator(".event")).to_have_count(3)
    expect(group.locator(".event").first).to_be_visible()
    visitor.look()


def test_the_keys_go_into_an_action_and_out_of_it_again(visit: Callable[..., Visitor], server: Live) -> None:
    visitor = visit(server)
    visitor.sign_in("support", DEMO_PASSWORD)
    visitor.go(LOG)
    group, press = visitor.page.locator(f"{GROUP} > .entry").first, visitor.page.keyboard.press
    inside = group.locator(".entry")
    press("j")
    expect(group).to_be_focused()
    press("j")
    expect(visitor.page.locator(f"{GROUP} + .event > .entry").first).to_be_focused()
    press("k")
    press("Enter")
    press("j")
    expect(inside.nth(0)).to_be_focused()
    press("j")
    press("j")
    expect(inside.nth(2)).to_be_focused()
    press("j")
    expect(visitor.page.locator(f"{GROUP} + .event > .entry").first).to_be_focused()
    press("k")
    press("Escape")
    expect(group).to_be_focused()
    expect(inside.nth(0)).to_be_hidden()
