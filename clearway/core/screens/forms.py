"""What somebody enters to put a screen up."""

from datetime import datetime
from typing import Any

from django import forms

from ..layout.fields import DeskForm, words
from ..organisation.models import Area, Organisation, Site
from ..organisation.queries import departments
from . import codes
from .boards import BOARDS

WHOLE, AREA, SITE = "all", "area:", "site:"
THEMES = {"dark": "Dark", "light": "Light"}


class ScreenForm(DeskForm):
    """The code of a screen, its name, and what it is to show."""

    code = forms.CharField(
        max_length=40,
        error_messages={
            "required": "Enter the code that the screen shows",
            "max_length": "Enter the nine letters and numbers that the screen shows, and nothing else",
        },
    )
    name = words("Name", most=60, missing="Say where it hangs, so that others know which one it is")
    board = forms.ChoiceField(error_messages={"invalid_choice": "Choose a board from the list"})
    place = forms.ChoiceField(error_messages={"invalid_choice": "Choose a place from the list"})
    theme = forms.ChoiceField(choices=list(THEMES.items()))

    def __init__(self, data: Any, *, organisation: Organisation, at: datetime, **named: Any) -> None:
        super().__init__(data, at=at, **named)
        self._organisation = organisation
        for name, choices in (("board", boards_of(organisation)), ("place", places_of(organisation))):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def clean_code(self) -> str:
        try:
            return codes.read(self.cleaned_data["code"])
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None

    def clean_place(self) -> Area | Site | None:
        kind, _, code = self.cleaned_data["place"].partition(":")
        if kind == AREA.rstrip(":"):
            return Area.objects.get(organisation=self._organisation, code=code)
        if kind == SITE.rstrip(":"):
            return Site.objects.get(organisation=self._organisation, code=code)
        return None


def boards_of(organisation: Organisation) -> list[tuple[str, str]]:
    """The boards that the desks of a trust have for a wall."""
    return [(code, board.name) for code, board in BOARDS.items() if board.desk in organisation.desks]


def places_of(organisation: Organisation) -> list[tuple[str, str]]:
    """What of a board a screen can show: everything, one area, or one hospital."""
    return [
        (WHOLE, "The whole trust"),
        *((f"{AREA}{area.code}", f"Area: {area.name}") for area in organisation.areas.all()),
        *((f"{SITE}{code}", f"Hospital: {name}") for code, name in departments(organisation.pk)),
    ]
