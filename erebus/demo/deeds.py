"""What people do in the demo: each function returns a deed, done when its scene is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.auth import services as accounts
from erebus.blueprints.keys import services as keys
from erebus.blueprints.projects import services as projects
from erebus.blueprints.records import services as records
from erebus.db import db
from erebus.plugins import installation
from erebus.trail import read_log, verify

if TYPE_CHECKING:
    from erebus.blueprints.auth.models import User
    from erebus.blueprints.keys.models import Environment
    from erebus.blueprints.projects.models import ProjectStatus, Region
    from erebus.demo.stage import Deed, Stage
    from erebus.permissions import Role


def at_once(*deeds: Deed) -> Deed:
    """Do several deeds in one request, as a program that works through the services does."""

    def deed(stage: Stage, person: User) -> None:
        for each in deeds:
            each(stage, person)

    return deed


def create_project(name: str, title: str, region: Region) -> Deed:
    """Create the project that scenes call *name*."""

    def deed(stage: Stage, person: User) -> None:
        stage.projects[name] = projects.create_project(person, title, region)

    return deed


def rename(project: str, title: str) -> Deed:
    """Give a project another title."""
    return lambda stage, _person: projects.rename(stage.projects[project], title)


def set_webhook(project: str, url: str) -> Deed:
    """Set a project's webhook URL, or none for an empty one."""
    return lambda stage, _person: projects.set_webhook_url(stage.projects[project], url)


def set_status(project: str, status: ProjectStatus) -> Deed:
    """Set a project's status."""
    return lambda stage, _person: projects.change_status(stage.projects[project], status)


def delete_project(project: str, typed: str) -> Deed:
    """Ask for a project's deletion, with *typed* as the confirmation."""
    return lambda stage, _person: projects.delete_project(stage.projects[project], typed)


def add(project: str, who: str, role: Role) -> Deed:
    """Make somebody a member."""

    def deed(stage: Stage, _person: User) -> None:
        projects.add_member(stage.projects[project], stage.people[who], role)

    return deed


def create_key(project: str, name: str, label: str, environment: Environment) -> Deed:
    """Create the key that scenes call *name*. Nobody sees its secret."""

    def deed(stage: Stage, person: User) -> None:
        key, _secret = keys.create_key(stage.projects[project], label, environment, by=person)
        stage.keys[name] = key

    return deed


def change_label(key: str, label: str) -> Deed:
    """Give a key another label."""
    return lambda stage, _person: keys.change_label(stage.keys[key], label)


def enable(key: str) -> Deed:
    """Enable a key."""
    return lambda stage, _person: keys.enable(stage.keys[key])


def disable(key: str) -> Deed:
    """Disable a key."""
    return lambda stage, _person: keys.disable(stage.keys[key])


def revoke(key: str, reason: str) -> Deed:
    """Revoke a key."""
    return lambda stage, _person: keys.revoke(stage.keys[key], reason)


def delete_key(key: str) -> Deed:
    """Delete a key."""
    return lambda stage, _person: keys.delete_key(stage.keys[key])


def make_record(project: str) -> Deed:
    """Make a record of the newest event of a project."""

    def deed(stage: Stage, person: User) -> None:
        place = stage.projects[project]
        connection = db.session.connection()
        log = read_log(connection, place.id)
        if log is not None:
            order = records.Order(project=place, by=person, host=stage.host)
            records.make_record(log.events[0], verify(connection, log), order)

    return deed


def overreach(permission: str, project: str, key: str | None = None, **form: str) -> Deed:
    """Try what one's role does not allow, as the gate would answer it."""

    def deed(stage: Stage, _person: User) -> None:
        denied = installation().permissions[permission].denied
        if denied is not None:
            raise denied(stage.projects[project], {"key_id": stage.keys[key].id} if key else {}, form)

    return deed


def choose_time_zone(time_zone: str) -> Deed:
    """Choose one's own time zone."""
    return lambda _stage, person: accounts.update_profile(
        person, name=person.name, time_zone=time_zone, theme=person.theme
    )


def set_open_sign_up(*, is_open: bool) -> Deed:
    """Decide whether people can register themselves."""
    return lambda _stage, _person: accounts.set_open_sign_up(is_open=is_open)
