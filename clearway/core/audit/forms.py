"""What the audit pages can be asked for, and what a reviewer says of a look."""

from typing import Any

from django import forms

from ..layout.fields import DeskForm, LocalInstant, words
from .models import LookReview
from .queries import Filter


class AuditForm(DeskForm):
    subject = forms.CharField(required=False, max_length=150)
    actor = forms.CharField(required=False, max_length=150)
    verb = forms.CharField(required=False, max_length=60)
    start = LocalInstant(required=False)
    end = LocalInstant(required=False)
    before = forms.IntegerField(required=False, min_value=1)

    def wanted(self) -> Filter:
        """The filter; nothing is filtered by a field that is wrong."""
        return Filter(**{name: value for name, value in self.cleaned_data.items() if value})


class LooksForm(DeskForm):
    """Whose looks, and at whom."""

    who = forms.CharField(required=False, max_length=150)
    whom = forms.CharField(required=False, max_length=80)

    def asked(self) -> dict[str, str]:
        """The two, "" where it was not asked or is wrong."""
        return {name: self.cleaned_data.get(name, "") for name in ("who", "whom")}


class ReviewForm(DeskForm):
    """What was found of a look."""

    finding = forms.ChoiceField(
        choices=LookReview.Finding.choices,
        error_messages={"required": "Choose what you found", "invalid_choice": "Choose from the list"},
    )
    words = words("What was asked and answered", most=500, required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        asked = given.get("finding") not in (None, LookReview.Finding.JUSTIFIED)
        if asked and not given.get("words") and "words" not in self.errors:
            self.add_error("words", "Write down what was asked and answered")
        return given
