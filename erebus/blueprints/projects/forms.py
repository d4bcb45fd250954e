"""The forms of projects: they check how a thing is typed; whether it may be, the services decide."""

from __future__ import annotations

from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import AnyOf, DataRequired, Length

from erebus.blueprints.projects.models import TITLE_MAX, TITLE_MIN, WEBHOOK_URL_MAX, ProjectStatus, Region
from erebus.forms import BaseForm, LineField

_REGIONS = {Region.GLOBAL: "Global: wherever it is fastest", Region.EU: "EU: stays in the European Union"}
_STATUSES = {
    ProjectStatus.ACTIVE: "Active",
    ProjectStatus.MAINTENANCE: "Maintenance",
    ProjectStatus.ARCHIVED: "Archived (read-only)",
}


class TitleForm(BaseForm):
    """A project's name."""

    title = LineField(
        "Name",
        [
            DataRequired("A project needs a name. Type one."),
            Length(TITLE_MIN, TITLE_MAX, f"A name has {TITLE_MIN} to {TITLE_MAX} characters. Change its length."),
        ],
    )


class ProjectForm(TitleForm):
    """A new project."""

    region = SelectField(
        "Region",
        [AnyOf([region.value for region in Region], "There is no such region. Choose global or eu.")],
        choices=[SelectChoice(region.value, text) for region, text in _REGIONS.items()],
        default=Region.GLOBAL.value,
        validate_choice=False,
    )


class WebhookForm(BaseForm):
    """A project's webhook URL; what it must look like is a rule, and told by the services."""

    webhook_url = LineField(
        "Webhook URL",
        [Length(max=WEBHOOK_URL_MAX, message=f"A webhook URL has at most {WEBHOOK_URL_MAX} characters. Shorten it.")],
    )


class StatusForm(BaseForm):
    """A project's status."""

    status = SelectField(
        "Project status",
        [AnyOf([s.value for s in ProjectStatus], "There is no such status. Choose active, maintenance or archived.")],
        choices=[SelectChoice(status.value, text) for status, text in _STATUSES.items()],
        validate_choice=False,
    )


class DeleteForm(BaseForm):
    """The name typed to confirm a deletion. Nothing is checked here: every attempt comes to the services."""

    confirmation = StringField("Type the project's name to confirm")
