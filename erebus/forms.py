"""What all forms share: a token, a field for one line of text that refuses what cannot be seen, and how to refuse."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import StopValidation

from erebus.db import transaction
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from wtforms import Field

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
UNSEEN = "This contains characters that cannot be seen (control characters or direction marks). Remove them."
INVALID, CONFLICT = 422, 409


class BaseForm(FlaskForm):
    """A form with a token against forged requests."""

    refusal: Refused | None = None


class LineField(StringField):
    """One line of text: trimmed, in the composed form of Unicode (NFC), without characters that cannot be seen."""

    data: str | None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the value over, composed and trimmed."""
        super().process_formdata(valuelist)
        if isinstance(self.data, str):
            self.data = unicodedata.normalize("NFC", self.data.strip())

    def pre_validate(self, form: Any) -> None:  # noqa: ANN401 - any form
        """Refuse what would show in the log as something else than it is."""
        super().pre_validate(form)
        if has_unseen(self.data or ""):
            raise StopValidation(UNSEEN)


def has_unseen(text: str) -> bool:
    """Return whether *text* has characters that cannot be seen; joiners within words are none."""
    return any(unicodedata.category(c) in _UNSEEN and c not in _JOINERS for c in text)


def show_refusal(form: BaseForm, refused: Refused) -> None:
    """Put the text of *refused* at the field that it belongs to, or at the form as a whole."""
    form.refusal = refused
    field: Field | None = form._fields.get(refused.field or "")
    if field is None:
        form.form_errors.append(str(refused))
    else:
        field.errors = [*field.errors, str(refused)]


def attempt(form: BaseForm, change: Callable[[], object]) -> bool:
    """Return whether *form* was sent as it should be and *change* was made; if not, *form* says why."""
    if not form.validate_on_submit():
        return False
    try:
        with transaction():
            change()
    except Refused as refused:
        show_refusal(form, refused)
        return False
    return True


def form_status(form: BaseForm) -> int:
    """Return the status of a page with *form*: 409 refused by a rule, 422 mistyped, else 200."""
    if form.refusal is not None:
        return CONFLICT
    return INVALID if form.errors else 200
