"""Accepting a plan, one beginning, and taking one back."""

from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words

from .actions import Beginning


class PlanForm(forms.Form):
    """The lines of a plan that were ticked."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.ticked: list[str] = data.getlist("line")[:500]

    def clean(self) -> dict[str, Any]:
        if not self.ticked:
            raise forms.ValidationError("Tick at least one crew.")
        try:
            chosen = [_beginning(line) for line in self.ticked]
        except ValueError:
            raise forms.ValidationError("This plan cannot be read. Make it anew.") from None
        return {"chosen": chosen}


def _beginning(line: str) -> Beginning:
    call_sign, starts_at, place = line.split("|")
    instant = datetime.fromisoformat(starts_at)
    if instant.tzinfo is None:
        raise ValueError(starts_at)
    return Beginning(call_sign, instant, place)


class WithdrawForm(DeskForm):
    """Why a plan is taken back."""

    why = words("Why", most=200, missing="Say why the plan is taken back")
