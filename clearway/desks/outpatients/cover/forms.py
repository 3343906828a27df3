"""Posts, leave, sickness and stand-ins as they are typed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.cover import Away

from .actions import NewAbsence, NewPost

NO_DAY = "Enter a date, for example 2 Nov 2026"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
People = Iterable[tuple[int, str]]


def _day() -> forms.DateField:
    return forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))


class _OfPeople(DeskForm):
    """A form in which people of the office are chosen."""

    people_fields: tuple[str, ...] = ("user",)

    def __init__(
        self, data: Any = None, *, at: datetime, people: People, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        named = [(str(key), name) for key, name in people]
        for name in self.people_fields:
            field: Any = self.fields[name]
            field.choices = named if field.required else [("", ""), *named]


def _somebody(*, required: bool = True) -> forms.TypedChoiceField:
    messages = dict.fromkeys(("required", "invalid_choice"), "Choose somebody who works in the office")
    return forms.TypedChoiceField(coerce=int, empty_value=None, required=required, error_messages=messages)


class PostForm(_OfPeople):
    """A post, on which days, and who holds it."""

    people_fields = ("holder", "deputy")
    name = words("What is covered", most=80)
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS, 1)],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose its days"),
    )
    holder = _somebody(required=False)
    deputy = _somebody(required=False)

    def wanted(self) -> NewPost:
        """The post. Call when valid."""
        given = self.cleaned_data
        return NewPost(given["name"], tuple(given["weekdays"]), given["holder"], given["deputy"])


class AskForm(DeskForm):
    """Leave of one's own."""

    kind = forms.TypedChoiceField(
        coerce=Away,
        choices=[(each.value, each.meaning) for each in Away if each is not Away.SICKNESS],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what it is for"),
    )
    starts_on = _day()
    ends_on = _day()
    words = words("Anything to know", most=200, required=False)

    def wanted(self, user_id: int) -> NewAbsence:
        """The days. Call when valid."""
        return NewAbsence(user_id, **self.cleaned_data)


class SickForm(_OfPeople):
    """Who rang in ill, and until when that is reckoned."""

    user = _somebody()
    until = _day()


class StandInForm(_OfPeople):
    """Who covers one post on one day."""

    post = forms.IntegerField()
    on = _day()
    user = _somebody()
