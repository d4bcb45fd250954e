"""What all forms share: a token, a field for one line of text that refuses what cannot be seen, and how to refuse."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from wtforms import SelectMultipleField, StringField
from wtforms.validators import StopValidation

from erebus.db import transaction
from erebus.leaks import has_secret
from erebus.trail import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from wtforms import Field

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and signs to Unicode, white space to the eye
_UNREADABLE = "\ufffd"
UNSEEN = "This contains characters that cannot be seen (control characters or direction marks). Remove them."
UNREADABLE = "This contains characters that did not arrive as they were typed (\ufffd). Type them again."
LEAK = "This holds the secret of an API key, and everybody would read it. Leave the secret out."
INVALID, CONFLICT = 422, 409


class SentTwice(BadRequest):
    """A field that takes one value came with several: taking either of them would be a guess."""

    advice = (
        "A field was sent more than once",
        "Nothing was changed. Reload the page that the form is on, and send it again.",
    )


class BaseForm(FlaskForm):
    """A form with a token against forged requests. It takes what was typed: a file sent as a field is no text.

    Where it was filled in wrongly, its page opens at the first thing that is wrong. Raises `SentTwice`.
    """

    class Meta(FlaskForm.Meta):
        """How the form is filled in, and shown."""

        form: BaseForm

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:  # noqa: ANN401, ARG002 - Flask-WTF's own
            """Return the typed fields of the request, unless others are given; Flask-WTF would mix files in."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            return request.form if request.method == "POST" and request.form else None

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:  # noqa: ANN401 - WTForms' own
            """Remember the form, which a field does not know."""
            self.form = form
            return super().bind_field(form, unbound_field, options)

        def render_field(self, field: Any, render_kw: Any) -> Any:  # noqa: ANN401 - WTForms' own
            """Give the focus to the first field that is wrong: it may be far below what the browser shows first."""
            focus = {"autofocus": True} if field is self.form.first_wrong() else {}
            return super().render_field(field, {**render_kw, **focus})

    refusal: Refused | None = None

    def process(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - WTForms' own
        """Fill the form in, unless a field that takes one value was sent with several."""
        super().process(*args, **kwargs)
        single = (field for field in self if not isinstance(field, SelectMultipleField))
        if any(len(field.raw_data or ()) > 1 for field in single):
            raise SentTwice

    def first_wrong(self) -> Field | None:
        """Return the first field with an error; None if there is none, or an error of the form as a whole before it."""
        return None if self.form_errors else next((field for field in self if field.errors), None)


class LineField(StringField):
    """One line of text for all to read: trimmed, in the composed form of Unicode (NFC), with nothing hidden in it.

    Characters that cannot be seen are refused, and so is the secret of an API key: what is typed here goes to the log.
    """

    data: str | None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the value over, composed and trimmed."""
        super().process_formdata(valuelist)
        if isinstance(self.data, str):
            self.data = unicodedata.normalize("NFC", self.data.strip())

    def pre_validate(self, form: Any) -> None:  # noqa: ANN401 - any form
        """Refuse what would show in the log as something else than it is."""
        super().pre_validate(form)
        if problem := unprintable(self.data or ""):
            raise StopValidation(problem)
        if has_secret(self.data or ""):
            raise StopValidation(LEAK)


def sent(name: str) -> str:
    """Return the one value of the field *name* of the request, empty if there is none. Raises `SentTwice`."""
    values = request.form.getlist(name)
    if len(values) > 1:
        raise SentTwice
    return values[0] if values else ""


def is_readable(text: str) -> bool:
    """Return whether *text* arrived as it was typed: what is no UTF-8 comes in as this sign."""
    return _UNREADABLE not in text


def unprintable(text: str) -> str | None:
    """Return what is wrong with *text* if others could not see all of it, else None; joiners within words may be."""
    if not is_readable(text):
        return UNREADABLE
    has_unseen = any(c in _BLANKS or (unicodedata.category(c) in _UNSEEN and c not in _JOINERS) for c in text)
    return UNSEEN if has_unseen or (text and not set(text) - _JOINERS) else None


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
