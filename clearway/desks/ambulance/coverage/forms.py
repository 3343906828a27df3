"""Accepting, refusing and taking back a move."""

from django import forms

from clearway.core.layout.fields import DeskForm, words


class MoveForm(DeskForm):
    """Which crew goes where."""

    call_sign = forms.CharField(max_length=80, error_messages={"required": "Choose a move of the list"})
    place = forms.CharField(max_length=12, error_messages={"required": "Choose a move of the list"})


class RefuseForm(MoveForm):
    """Which crew does not go where, and why."""

    why = words("Why", most=200, missing="Say why it is refused")


class WithdrawForm(DeskForm):
    """Why a move is taken back."""

    why = words("Why", most=200, missing="Say why it is taken back")
