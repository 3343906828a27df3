"""What is asked of who opens a patient of whom nothing is to be done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from ..layout.fields import DeskForm, words


class OpenForm(DeskForm):
    """Why, in a word of the desk's list and in one's own; and once more who one is."""

    reason = forms.ChoiceField(
        error_messages={"required": "Choose a reason", "invalid_choice": "Choose a reason from the list"},
    )
    words = words("Say more", most=300, missing="Say in your own words why you need this")
    proof = forms.CharField(
        max_length=200,
        strip=False,
        error_messages={"required": "Type your password, or the code of your app"},
    )

    def __init__(self, data: Any = None, *, at: datetime, reasons: Mapping[str, str]) -> None:
        super().__init__(data, at=at)
        self.fields["reason"].choices = list(reasons.items())  # type: ignore[attr-defined]
