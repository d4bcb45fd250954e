"""Where the history is made: the people, projects and keys there are so far, and how a scene becomes real.

Every change goes through the services in a transaction of its own, with the clock set and somebody acting, so that the
log writes itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ulid import ULID

from erebus import clock
from erebus.blueprints.auth import services as accounts
from erebus.db import transaction
from erebus.demo.people import PEOPLE
from erebus.trail import Actor, ActorKind, Refused, acting_as

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from erebus.blueprints.auth.models import User
    from erebus.blueprints.keys.models import ApiKey
    from erebus.blueprints.projects.models import Project
    from erebus.demo.moments import When

    Deed = Callable[["Stage", User], None]

_ADDRESSES = {person.email: (person.address, person.browser) for person in PEOPLE}


@dataclass(frozen=True)
class Scene:
    """At *when*, *who* (the first part of an address) does *deed*; *refusal* is what a rule is to answer, if any."""

    when: When
    who: str
    deed: Deed
    refusal: type[Refused] | None = None


@dataclass
class Stage:
    """What there is so far, by the short names that the scenes use; *host* is where the demo is going to be served."""

    host: str
    people: dict[str, User] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)

    def register(self, key: str, draft: accounts.AccountDraft, moment: datetime) -> None:
        """Let somebody register at *moment*."""
        user = draft.user
        with clock.at(moment), acting_as(_actor(user, moment)), transaction():
            self.people[key] = accounts.register_user(draft)

    def play(self, scene: Scene, moment: datetime) -> None:
        """Let *scene* happen at *moment*. Raises RuntimeError unless rules answer as the scene has it."""
        person = self.people[scene.who]
        with clock.at(moment), acting_as(_actor(person, moment)):
            answer = self._try(scene, person)
        if type(answer) is not (scene.refusal or type(None)):
            message = f"a scene of the demo at {moment} was to get {scene.refusal}, and got {answer!r}"
            raise RuntimeError(message)

    def _try(self, scene: Scene, person: User) -> Refused | None:
        try:
            with transaction():
                scene.deed(self, person)
        except Refused as refused:
            return refused
        return None


def _actor(user: User, moment: datetime) -> Actor:
    """Return *user* as the one who acts in a request of its own."""
    address, browser = _ADDRESSES[user.email]
    request_id = str(ULID.from_datetime(moment))
    return Actor(
        ActorKind.USER,
        user.id,
        user.name,
        user.image,
        address=address,
        user_agent=browser,
        request_id=request_id,
    )
