"""The form with which a record is made."""

from __future__ import annotations

from ulid import ULID
from wtforms import BooleanField, HiddenField

from erebus.forms import BaseForm


class RecordForm(BaseForm):
    """A new record. *once* tells one filling-in from another: a form that is sent twice makes one record."""

    once = HiddenField(default=lambda: str(ULID()))
    origin = BooleanField("Show address, browser and image on the record")
