"""What people write in a conversation."""

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.messages import MOST_TEXT


class ReplyForm(DeskForm):
    """An answer by text."""

    words = words("Your answer", most=MOST_TEXT)


class SettleForm(DeskForm):
    """Seen to in another way."""

    how = words("What you did", most=200)


class ChooseForm(DeskForm):
    """What the answer means."""

    act = forms.CharField(error_messages={"required": "Choose what the answer means"})
