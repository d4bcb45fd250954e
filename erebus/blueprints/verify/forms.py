"""The form on which one asks whether a record is genuine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wtforms import FileField, StringField

from erebus.forms import BaseForm, SentTwice

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage, MultiDict

_NEITHER = "Type the code, paste the link, or choose the file."
_BOTH = "This is a code or link, and there is a file as well. Give one of them."
_LONGEST_CODE = 60  # characters, with gaps; anything longer is a link


class VerifyForm(BaseForm):
    """A code or a link, or a file, which is handed over by itself: it is no text."""

    code = StringField("Verification code, or the link in the QR code")
    file = FileField("The picture (PNG) or the file (JSON) of the record")

    given: FileStorage | None = None

    def take_files(self, files: MultiDict[str, FileStorage]) -> None:
        """Take the file that was sent with the form, if one was chosen. Raises `SentTwice`."""
        chosen = [file for file in files.getlist("file") if file.filename]
        if len(chosen) > 1:
            raise SentTwice
        self.given = chosen[0] if chosen else None

    def is_answerable(self) -> bool:
        """Return whether exactly one thing was given; if not, the form says so."""
        if not self.validate_on_submit():
            return False
        if bool(self.typed) == bool(self.given):
            self.code.errors = [_BOTH if self.given else _NEITHER]
        return not self.code.errors

    @property
    def typed(self) -> str:
        """What was typed, without the blanks around it."""
        return (self.code.data or "").strip()

    @property
    def is_link(self) -> bool:
        """Whether what was typed is meant as a link."""
        return "/" in self.typed or len(self.typed) > _LONGEST_CODE
