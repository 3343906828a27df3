"""What is typed on the pages of the gateway."""

from django import forms

from clearway.core.layout.fields import DeskForm, words

MOST_LETTERS = 200_000  # of a message or a mapping that is pasted


class SettleForm(DeskForm):
    """What was done instead of reading a line."""

    words = words("What was done", most=300, missing="Say what was done instead")


class WhoForm(DeskForm):
    """Which patient somebody of another system is; "0": none of them."""

    patient = forms.IntegerField(
        min_value=0, max_value=2**63 - 1, error_messages={"required": "Say whether they are one person"}
    )
    why = words("How you know it", most=300, missing="Say how you know it")


class TakeBackForm(DeskForm):
    """Why an answer is taken back."""

    why = words("How you know it", most=300, missing="Say how you know it")


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
