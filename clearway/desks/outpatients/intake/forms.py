"""What is typed when a file is given."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm
from clearway.interchange.sheets import MOST_BYTES


class GiveForm(DeskForm):
    """Who sends it, and a file or pasted rows."""

    sender = forms.CharField(
        max_length=100,
        error_messages={
            "required": "Say who sent it, for example the name of the practice",
            "max_length": "Shorten it to 100 characters",
        },
    )
    service = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    rows = forms.CharField(required=False, strip=False)

    def __init__(self, data: Any = None, *, at: datetime, services: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(data, at=at)
        self.fields["service"].choices = [("", ""), *services]  # type: ignore[attr-defined]

    def body(self, upload: Any) -> tuple[bytes, str] | None:
        """What was given and what it is called; None, with the error added, where it is nothing or too large.

        Call when valid.
        """
        pasted = self.cleaned_data["rows"]
        if upload is not None and upload.size > MOST_BYTES:
            self.add_error("rows", "The file is larger than 5 MB. Split it")
        elif upload is not None and not upload.size:
            self.add_error("rows", "The file is empty. Choose another, or paste rows with their headings")
        elif upload is not None:
            return upload.read(), str(upload.name)[:200]
        elif pasted.strip():
            return pasted.encode(), "Pasted rows"
        else:
            self.add_error("rows", "Choose a file, or paste rows with their headings")
        return None
