"""Forms: what was typed is checked here, kept whatever is wrong with it, and shown by layout/fields.html."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms

from clearway.domain.shared.identity import holds_nhs_number

from .times import LONDON, local, typed

FIRST_YEAR, LAST_YEAR = 1900, 2100  # of a date that is typed
LOCAL_FORMAT = "%Y-%m-%dT%H:%M"  # of a datetime-local field


class DeskForm(forms.Form):
    """A form of a desk page. `at` is the time of the request; times are typed on a London clock."""

    def __init__(self, data: Any = None, *, at: datetime, initial: dict[str, Any] | None = None) -> None:
        shown = {
            key: typed(value) if isinstance(value, datetime) else value
            for key, value in (initial or {}).items()
        }
        super().__init__(data, initial=shown)
        for field in self.fields.values():
            if isinstance(field, LocalInstant):
                field.at = at
            elif isinstance(field, forms.DateField):
                field.validators = [*field.validators, _of_our_age]

    def typed(self, name: str) -> Any:
        """What the field of this name shows: what was typed, else what it began with.

        A page with several forms shows the one that was sent; fields of the others begin empty.
        """
        value = self[name].value() if name in self.fields else self.data.get(name)
        return "" if value is None else value

    @property
    def problems(self) -> dict[str, str]:
        """The first problem of each field, by its id; "form" for one that belongs to no field."""
        return {
            ("form" if name == "__all__" else name): str(errors[0]) for name, errors in self.errors.items()
        }


def _of_our_age(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise forms.ValidationError(f"Enter a year between {FIRST_YEAR} and {LAST_YEAR}", code="year")


def words(label: str, *, most: int, required: bool = True, missing: str = "") -> forms.CharField:
    """A text field with messages that say what to do. `most` is the longest text, in characters.

    What people write on a desk holds no identity, so a text with an NHS number in it is refused.
    """
    return forms.CharField(
        validators=[_without_identity],
        label=label,
        max_length=most,
        required=required,
        error_messages={
            "required": missing or f"Enter {label[:1].lower()}{label[1:]}",
            "max_length": f"Shorten it to {most} characters; it has %(show_value)d",
        },
    )


def _without_identity(text: str) -> None:
    if holds_nhs_number(text):
        raise forms.ValidationError("Leave out the NHS number: name the incident instead")


class LocalInstant(forms.Field):
    """A date and time on a London clock, to an aware UTC instant.

    In the hour that comes twice a year the instant nearest to now is meant; a time that the clocks skip is
    refused with the reason.
    """

    at: datetime

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            wall = datetime.strptime(str(value)[:16].replace(" ", "T"), LOCAL_FORMAT)  # noqa: DTZ007
        except ValueError:
            raise forms.ValidationError("Enter a date and a time, for example 2 Nov 2026, 14:05") from None
        return nearest(wall, self.at)


def nearest(wall: datetime, at: datetime) -> datetime:
    """The UTC instant of a London wall time; where it comes twice, the one nearer to `at`.

    Raises ValidationError for a time that does not exist because the clocks go forward over it.
    """
    candidates = [wall.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [instant for instant in candidates if local(instant).replace(tzinfo=None) == wall]
    if not real:
        raise forms.ValidationError(
            "This time does not exist: the clocks go forward over it. Enter the next hour"
        )
    return min(real, key=lambda instant: abs(instant - at) or timedelta(0))
