"""A legal hold as it is typed, and what is said when it is reviewed or lifted."""

from django import forms

from clearway.core.layout.fields import DeskForm, words

NO_DAY = "Enter a date, for example 2 Nov 2026"


class PlaceForm(DeskForm):
    """A hold."""

    patient = forms.IntegerField(
        min_value=1, error_messages=dict.fromkeys(("required", "invalid"), "Find and choose the patient")
    )
    reason = words("Why the record must be kept", most=300)
    review_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))


class ReviewForm(DeskForm):
    found = words("Who was asked, and what they said", most=300)
    review_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))


class AskForm(DeskForm):
    why = words("Why it is not needed any more", most=300)


class KeepForm(DeskForm):
    because = words("Why it stays", most=300)
