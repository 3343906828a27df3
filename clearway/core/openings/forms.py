"""What is asked of who opens a patient of whom nothing is to be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from ..layout.fields import DeskForm, words


@dataclass(frozen=True, slots=True)
class Asks:
    """What proves once more who this person is.

    for_proof       they have a password or an app here, and type it
    again           else the address where they sign in again and come back; "" while the last time counts
    may_go_without  they were sent there and did not come back with a proof
    """

    for_proof: bool = True
    again: str = ""
    may_go_without: bool = False


class OpenForm(DeskForm):
    """Why, in a word of the desk's list and in one's own; and once more who one is."""

    reason = forms.ChoiceField(
        error_messages={"required": "Choose a reason", "invalid_choice": "Choose a reason from the list"},
    )
    words = words("Say more", most=300, missing="Say in your own words why you need this")
    proof = forms.CharField(
        max_length=200,
        strip=False,
        error_messages={"required": "Type your password, or the code of your app"},
    )

    without = forms.BooleanField(required=False)

    def __init__(
        self, data: Any = None, *, at: datetime, reasons: Mapping[str, str], asks: Asks, initial: Any = None
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        self.asks = asks
        if not asks.for_proof:
            del self.fields["proof"]
        if not asks.may_go_without:
            del self.fields["without"]
        self.fields["reason"].choices = list(reasons.items())  # type: ignore[attr-defined]
