"""What is typed on the pages of the gateway."""

from django import forms

from clearway.core.layout.fields import DeskForm, words

MOST_LETTERS = 200_000  # of a message or a mapping that is pasted


class SettleForm(DeskForm):
    """What was done instead of reading a line."""

    words = words("What was done", most=300, missing="Say what was done instead")


class MessageForm(DeskForm):
    """A message to be examined. It may name a patient, and is kept nowhere."""

    message = forms.CharField(
        max_length=MOST_LETTERS, strip=False, error_messages={"required": "Paste a message"}
    )


class MappingForm(DeskForm):
    """A new version of how a sender writes."""

    text = forms.CharField(
        max_length=MOST_LETTERS,
        strip=False,
        required=False,  # an empty mapping says that everything is usual
    )
    why = words("What it mends", most=300, missing="Say what the new version mends")
