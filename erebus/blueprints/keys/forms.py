"""The forms of keys: they check how a thing is typed; whether it may be, the services decide."""

from __future__ import annotations

from ulid import ULID
from wtforms import HiddenField, SelectChoice, SelectField
from wtforms.validators import AnyOf, DataRequired, Length

from erebus.blueprints.keys.models import LABEL_MAX, LABEL_MIN, REASON_MAX, Environment
from erebus.forms import BaseForm, LineField

_ENVIRONMENTS = {
    Environment.DEVELOPMENT: "Development: the secret starts dv-er-",
    Environment.PRODUCTION: "Production: the secret starts sk-er-",
}


class LabelForm(BaseForm):
    """A key's label."""

    label = LineField(
        "Label",
        [
            DataRequired("A key needs a label. Type one."),
            Length(LABEL_MIN, LABEL_MAX, f"A label has {LABEL_MIN} to {LABEL_MAX} characters. Change its length."),
        ],
    )


class KeyForm(LabelForm):
    """A new key. *once* tells one filling-in from another: a page that is reloaded sends the same again."""

    once = HiddenField(default=lambda: str(ULID()))

    environment = SelectField(
        "Environment",
        [AnyOf([e.value for e in Environment], "There is no such environment. Choose development or production.")],
        choices=[SelectChoice(environment.value, text) for environment, text in _ENVIRONMENTS.items()],
        default=Environment.DEVELOPMENT.value,
        validate_choice=False,
    )


class RevokeForm(BaseForm):
    """Why a key is revoked."""

    reason = LineField(
        "Reason",
        [
            DataRequired("A key is revoked for good: say why, so that others know."),
            Length(max=REASON_MAX, message=f"A reason has at most {REASON_MAX} characters. Shorten it."),
        ],
    )


class PlainForm(BaseForm):
    """A button: nothing is typed, but a refusal has to be shown somewhere."""
