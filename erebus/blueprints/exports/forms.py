"""The form with which a log is exported: nothing in it but the token. What is exported stands in the address."""

from __future__ import annotations

from erebus.forms import BaseForm


class ExportForm(BaseForm):
    """A button."""
