"""What a safeguarding concern asks for."""

from django import forms

from clearway.core.layout.fields import DeskForm, words

KINDS = {"child": "A child", "adult": "An adult"}


class ConcernForm(DeskForm):
    """For whom, of which incident, and what."""

    kind = forms.ChoiceField(
        choices=list(KINDS.items()),
        error_messages={"required": "Choose for whom", "invalid_choice": "Choose from the list"},
    )
    incident = words("Incident", most=80, required=False)
    words = words("What gives concern", most=2000, missing="Say what gives concern")
