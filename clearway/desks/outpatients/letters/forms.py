"""Forms of letters: what is said of one that is held, when a batch was posted, and texts."""

from collections.abc import Mapping
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, LocalInstant, words
from clearway.domain.outpatients.letters import APPLIES, MOST

from . import actions


class RungForm(DeskForm):
    """A telephone call instead of a letter."""

    outcome = forms.ChoiceField(
        choices=[(actions.ANSWERED, "Reached"), (actions.NO_ANSWER, "Nobody answered")],
        error_messages={"required": "Say whether you reached the patient"},
    )
    said = words("What was said", most=500)


class ReasonForm(DeskForm):
    """A step that asks for a reason and nothing more."""

    reason = words("Reason", most=200)


class AnywayForm(ReasonForm):
    """Setting aside what holds a letter. format: another one, where it is held for its format."""

    format = forms.CharField(required=False)


class AddressForm(DeskForm):
    """Where letters to a referrer go."""

    name = words("Name", most=150)
    address = words("Address", most=300)


class NothingForm(DeskForm):
    """A step without anything to say."""


class PostedForm(DeskForm):
    """When a batch was posted, and which letters were taken out of it."""

    posted_at = LocalInstant(error_messages={"required": "Enter when it was posted"})
    taken_out = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, data: Any = None, *, letters: list[int], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["taken_out"].choices = [(key, str(key)) for key in letters]  # type: ignore[attr-defined]


class TextForm(DeskForm):
    """A version of a text as somebody writes it."""

    title = words("Subject", most=150, required=False)
    body = words("Text", most=MOST)
    note = words("What you changed and why", most=300)
    to_services = forms.CharField(required=False)
    to_kinds = forms.CharField(required=False)
    to_sites = forms.CharField(required=False)
    to_media = forms.CharField(required=False)

    def written(self) -> actions.Written:
        """As the action takes it."""
        given = self.cleaned_data
        applies: Mapping[str, list[str]] = {
            name: given[f"to_{name}"].replace(",", " ").split() for name in APPLIES
        }
        return actions.Written(given["title"], given["body"], given["note"], applies)


class ApproveForm(DeskForm):
    """From which day a version is in force."""

    valid_from = forms.DateField(
        error_messages={"required": "Enter the day", "invalid": "Enter a day, for example 2 Nov 2026"}
    )
