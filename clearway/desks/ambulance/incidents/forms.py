"""What is asked before an identity is shown."""

from django import forms

from clearway.core.layout.fields import DeskForm, words

from .need import REASONS


class LookForm(DeskForm):
    reason = forms.ChoiceField(
        choices=list(REASONS.items()),
        error_messages={"required": "Choose a reason", "invalid_choice": "Choose a reason from the list"},
    )
    text = words("Say more", most=300, missing="Say more, in a few words")
