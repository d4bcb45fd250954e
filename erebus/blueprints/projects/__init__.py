"""The feature *projects*: projects, their settings, and who is a member."""

from __future__ import annotations

from erebus.blueprints.projects.audit import MEMBER, PROJECT
from erebus.blueprints.projects.glimpses import init_glimpses
from erebus.blueprints.projects.models import Membership, Project, Slug
from erebus.blueprints.projects.permissions import PERMISSIONS
from erebus.blueprints.projects.queries import count_members, find_scope
from erebus.blueprints.projects.views import bp
from erebus.plugins import NavigationItem, Plugin

plugin = Plugin(
    name="projects",
    blueprints=(bp,),
    descriptions={Project: PROJECT, Membership: MEMBER},
    exempt={Slug: "written with its project, whose own line holds the slug; never changed, never deleted"},
    permissions=PERMISSIONS,
    navigation=(
        NavigationItem("Overview", "projects.show", "project:overview:read", 10),
        NavigationItem("Members", "projects.members", "project:members:read", 40, count_members),
        NavigationItem("Settings", "projects.settings", "project:settings:read", 50, also=("projects.delete",)),
    ),
    init_app=init_glimpses,
    find_scope=find_scope,
)
