"""What is asked to book, decline, move and cancel."""

from django import forms

from clearway.core.layout.fields import DeskForm
from clearway.domain.outpatients.booking import REASONS
from clearway.domain.outpatients.words import CancelledBy

SEPARATOR = ":"  # between the side and its reason
WHY = [
    (side.value.capitalize(), [(f"{side}{SEPARATOR}{code}", words) for code, words in reasons.items()])
    for side, reasons in REASONS.items()
]


class SlotNumbers(forms.TypedMultipleChoiceField):
    """The slots chosen: whole numbers, which the action looks up."""

    def __init__(self, missing: str) -> None:
        super().__init__(coerce=int, error_messages={"required": missing})

    def valid_value(self, value: str) -> bool:
        return str(value).isdecimal() and len(str(value)) < 19


class SlotForm(DeskForm):
    """A slot, or the slots of a course."""

    slot = SlotNumbers("Choose a slot: press its number")


class CancelForm(DeskForm):
    """Who cancels, and why."""

    why = forms.ChoiceField(choices=WHY, error_messages={"required": "Choose who cancels, and why"})

    def side_and_reason(self) -> tuple[CancelledBy, str]:
        side, _, reason = self.cleaned_data["why"].partition(SEPARATOR)
        return CancelledBy(side), reason


class MoveForm(CancelForm):
    """The same with the slot it goes to."""

    slot = SlotNumbers("Choose the slot it goes to")
