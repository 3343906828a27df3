"""What is asked of whoever answers for a destination."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words

from .actions import Answer, Reply
from .queries import Group, Item

HOUR = r"^([01]?\d|2[0-3]):[0-5]\d$"
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _hour() -> forms.RegexField:
    return forms.RegexField(
        HOUR, required=False, error_messages={"invalid": "Enter a time such as 08:00, or leave it empty"}
    )


def _number(low: float, high: float, unit: str) -> forms.FloatField:
    said = f"Enter {unit} from {low:g} to {high:g}"
    return forms.FloatField(
        required=False,
        min_value=low,
        max_value=high,
        error_messages={"invalid": said, "min_value": said, "max_value": said},
    )


class AnswerForm(DeskForm):
    """An answer for one item. Which values may be changed here depends on what it is (see CHANGES)."""

    reply = forms.ChoiceField(
        choices=[(each.value, each.value) for each in Reply],
        error_messages={"required": "Press one of the answers", "invalid_choice": "Press one of the answers"},
    )
    source = words("Who says so", most=300, missing="Say who says so and how: name, post, letter or call")
    owner = words("Who answers for it", most=120, missing="Enter the post that answers for it")
    review_on = forms.DateField(
        error_messages={"required": "Enter when it is asked again", "invalid": "Enter a date"}
    )
    seen = forms.IntegerField(min_value=0)
    opens, closes = _hour(), _hour()
    days = forms.MultipleChoiceField(
        required=False,
        choices=[(str(place), name) for place, name in enumerate(WEEK)],
        error_messages={"invalid_choice": "Choose days from the list"},
    )
    capacity_per_hour = _number(0, 1000, "patients an hour")
    contact = words("Contact", most=200, required=False)
    limit_minutes = _number(1, 600, "minutes")
    say = words("What the crew is to do besides", most=300, required=False)
    criteria = words("Criteria", most=1000, required=False)
    news2_most = _number(0, 20, "a score")
    answer_minutes = _number(0, 240, "minutes")
    accepts_percent = _number(0, 100, "a share in percent,")

    def __init__(self, data: Any = None, *, item: Item, at: datetime, review_on: date) -> None:
        self.item = item
        super().__init__(data, at=at, initial=_beginning(item, review_on))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(given["opens"]) != bool(given["closes"]):
            self.add_error("closes" if given["opens"] else "opens", "Enter both hours, or neither")
        return given

    def answer(self) -> Answer:
        """The answer. Call when valid."""
        given = self.cleaned_data
        return Answer(
            reply=Reply(given["reply"]),
            source=given["source"],
            owner=given["owner"],
            review_on=given["review_on"],
            seen=given["seen"],
            changes=self._changes(),
        )

    def _changes(self) -> Mapping[str, Any]:
        """The values that were typed and differ from those that stand."""
        typed = {name: self._value(name) for name in CHANGES[self.item.group].values()}
        return {name: value for name, value in typed.items() if value != _plain(self.item.values.get(name))}

    def _value(self, name: str) -> Any:
        given = self.cleaned_data
        if name in ("opens", "closes"):
            return f"{given[name]:0>5}" if given[name] else None
        if name == "days":
            return "".join("1" if str(place) in given["days"] else "0" for place in range(7))
        if name == "accepts_share":
            return None if given["accepts_percent"] is None else given["accepts_percent"] / 100
        return _plain(given[name])


# Group -> field of the form -> name of the value.
CHANGES: Mapping[Group, Mapping[str, str]] = {
    Group.ROLES: {"opens": "opens", "closes": "closes"},
    Group.PLACES: {name: name for name in ("opens", "closes", "days", "capacity_per_hour", "contact")},
    Group.RULES: {"limit_minutes": "limit_minutes", "say": "say"},
    Group.KINDS: {
        "criteria": "criteria",
        "news2_most": "news2_most",
        "answer_minutes": "answer_minutes",
        "accepts_percent": "accepts_share",
    },
}


def _beginning(item: Item, review_on: date) -> dict[str, Any]:
    values = item.values
    days = str(values.get("days", "1111111"))
    share = values.get("accepts_share")
    return {
        **{name: values.get(name) for name in ("opens", "closes", "contact", "say", "criteria")},
        **{
            name: _figure(values.get(name))
            for name in ("capacity_per_hour", "limit_minutes", "news2_most", "answer_minutes")
        },
        "days": [str(place) for place, open_ in enumerate(days) if open_ == "1"],
        "accepts_percent": None if share is None else _figure(round(share * 100, 2)),
        "owner": item.owner,
        "review_on": review_on.isoformat(),
    }


def _figure(value: Any) -> str | None:
    return None if value is None else f"{value:g}"


def _plain(value: Any) -> Any:
    """Nothing typed and nothing kept are the same."""
    return value if value not in ("", None) else None
