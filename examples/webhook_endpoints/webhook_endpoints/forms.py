"""The forms of webhook endpoints: they check how a thing is typed; whether it may be, the services decide."""

from __future__ import annotations

from wtforms.validators import DataRequired, Length

from erebus.forms import BaseForm, LineField
from webhook_endpoints.models import URL_MAX


class EndpointForm(BaseForm):
    """A new endpoint."""

    url = LineField(
        "URL",
        [
            DataRequired("An endpoint needs a URL. Type one."),
            Length(max=URL_MAX, message=f"A URL has at most {URL_MAX} characters. Shorten it."),
        ],
    )


class PlainForm(BaseForm):
    """A button: nothing is typed, but a refusal has to be shown somewhere."""
