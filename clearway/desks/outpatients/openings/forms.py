"""What is asked of who opens a record of which nothing is to be done."""

from django import forms

from clearway.core.layout.fields import DeskForm, words

from .actions import REASONS


class OpenForm(DeskForm):
    """Why, in a word of the list and in one's own; and once more who one is."""

    reason = forms.ChoiceField(
        choices=list(REASONS.items()),
        error_messages={"required": "Choose a reason", "invalid_choice": "Choose a reason from the list"},
    )
    words = words("Say more", most=300, missing="Say in your own words why you need this record")
    proof = forms.CharField(
        max_length=200,
        strip=False,
        error_messages={"required": "Type your password, or the code of your app"},
    )
