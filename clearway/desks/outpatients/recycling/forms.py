"""What is typed about freed seats."""

from django import forms

from clearway.core.layout.fields import DeskForm


class WithdrawForm(DeskForm):
    """Why nobody is to be asked any more."""

    why = forms.CharField(
        max_length=200, error_messages={"required": "Say why nobody is to be asked any more."}
    )


class PeriodForm(DeskForm):
    """From which day to which the figures are."""

    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
