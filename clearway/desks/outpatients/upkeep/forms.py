"""A fault as it is reported, and what is said of it later."""

from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.upkeep import Kind, Weight
from clearway.domain.outpatients.words import Code

from .actions import New

NO_DAY = "Enter a date, for example 2 Nov 2026"


def _chosen(kind: type[Code], missing: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        coerce=kind,
        choices=[(each.value, each.meaning) for each in kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), missing),
    )


class ReportForm(DeskForm):
    """A fault."""

    room = forms.TypedChoiceField(
        coerce=int, error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose the room")
    )
    kind = _chosen(Kind, "Choose what is at fault")
    weight = _chosen(Weight, "Choose how far it stops the work")
    thing = words("What of the room", most=80, required=False)
    what = words("What is wrong", most=150)
    reference = words("Job number", most=40, required=False)
    until = forms.DateField(required=False, error_messages={"invalid": NO_DAY})

    def __init__(
        self,
        data: Any = None,
        *,
        at: datetime,
        rooms: list[tuple[int, str]],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        self.fields["room"].choices = rooms  # type: ignore[attr-defined]

    def wanted(self) -> New:
        """The fault. Call when valid."""
        given = self.cleaned_data
        return New(
            room_id=given["room"],
            kind=given["kind"],
            weight=given["weight"],
            what=given["what"],
            thing=given["thing"],
            reference=given["reference"],
            until=given["until"],
        )


class ChaseForm(DeskForm):
    """What the mender said when somebody asked."""

    said = words("What they said", most=300)
    reference = words("Job number", most=40, required=False)
    until = forms.DateField(required=False, error_messages={"invalid": NO_DAY})


class MendForm(DeskForm):
    """How it was mended."""

    how = words("What was done", most=300)
