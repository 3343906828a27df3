"""What is asked to take on, refuse or hold a slot for what another desk asks."""

from django import forms

from clearway.core.layout.fields import DeskForm, words

from ..booking.forms import SlotForm

__all__ = ["KeepForm", "ReceiveForm", "RefuseForm", "SlotForm"]


class ReceiveForm(DeskForm):
    """Who it is, where a person has compared; all may be left out."""

    patient = forms.IntegerField(required=False)
    though_alike = forms.BooleanField(required=False)
    again_why = words("Why it is another", most=200, required=False)


class RefuseForm(DeskForm):
    """Why it goes back. The sender reads it."""

    why = words("Why", most=300, missing="Say why, so that the crew knows what to do")


class KeepForm(DeskForm):
    """Why it goes on although the sender wanted it back."""

    why = words("Why", most=300, missing="Say why it goes on")
