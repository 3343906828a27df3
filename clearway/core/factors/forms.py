"""What the pages of second factors ask for."""

from django import forms

from ..layout.fields import DeskForm, words


class AppForm(DeskForm):
    """An app that is to be added."""

    name = words("Name of the app or telephone", most=60, missing="Name it, for example Work phone")
    code = forms.CharField(
        max_length=20, error_messages={"required": "Type the six digits that the app shows"}
    )


class PasskeyForm(DeskForm):
    """A passkey that is to be added. answer: what the browser said, filled in by the script."""

    name = words("Name of the passkey", most=60, missing="Name it, for example Desk key 3")
    answer = forms.CharField(
        max_length=20_000,
        error_messages={"required": "The browser has not made the passkey. Press the button and follow it"},
    )
