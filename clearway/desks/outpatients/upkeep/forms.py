"""A fault as it is reported, and what is said of it later."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Where:
    """What can be broken: a room, or equipment that is kept in it."""

    name: str
    room_id: int
    equipment_id: int | None = None

    @property
    def value(self) -> str:
        """What a form sends for it."""
        return str(self.room_id) if self.equipment_id is None else f"{self.room_id}-{self.equipment_id}"


class ReportForm(DeskForm):
    """A fault."""

    room = forms.ChoiceField(
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose the room or the equipment")
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
        places: list[Where],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        self.places = {each.value: each for each in places}
        self.fields["room"].choices = self.options()  # type: ignore[attr-defined]

    def options(self) -> list[tuple[str, str]]:
        """Rooms and equipment to choose from."""
        return [(each.value, each.name) for each in self.places.values()]

    def wanted(self) -> New:
        """The fault. Call when valid."""
        given = self.cleaned_data
        place = self.places[given["room"]]
        return New(
            room_id=place.room_id,
            equipment_id=place.equipment_id,
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
