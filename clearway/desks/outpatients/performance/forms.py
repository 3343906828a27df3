"""What is shown, a target, and a new baseline."""

from collections.abc import Mapping
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.core.layout.times import local
from clearway.domain.outpatients.performance import Cut, Indicator, Kind, Unit

FILTERS = (Cut.SERVICE, Cut.SITE, Cut.CLINICIAN, Cut.KIND, Cut.MEDIUM)


def unit_of(given: Mapping[str, str]) -> Unit:
    """Weeks, where nothing else is asked for."""
    return Unit.MONTH if given.get("unit") == Unit.MONTH else Unit.WEEK


def filters(given: Mapping[str, str], names: Mapping[Cut, Mapping[str, str]]) -> dict[Cut, str]:
    """What is asked for, of what there is; anything else in an address is passed over."""
    asked = {cut: given.get(cut.value, "") for cut in names}
    return {cut: code for cut, code in asked.items() if code in names[cut]}


def _day(missing: str) -> forms.DateField:
    return forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), missing))


class TargetForm(DeskForm):
    """A target, typed in percent for a share."""

    value = forms.FloatField(min_value=0, error_messages={"min_value": "Enter a number from 0 on"})
    from_on = _day("Enter the day from which it holds")
    why = words("Why, or whose target it is", most=200)

    def __init__(self, data: Any = None, *, indicator: Indicator, at: Any) -> None:
        super().__init__(data, at=at)
        self.is_share = indicator.kind is Kind.SHARE
        missing = "Enter the target in percent" if self.is_share else "Enter the target as a number"
        self.fields["value"].error_messages |= {"required": missing, "invalid": missing}

    def clean_value(self) -> float:
        value = float(self.cleaned_data["value"])
        if not self.is_share:
            return value
        if value > 100:
            raise forms.ValidationError("Enter a percentage from 0 to 100")
        return value / 100


class BaselineForm(DeskForm):
    """A day from which limits are drawn anew."""

    on = _day("Enter the first day of the changed process")
    reason = words("What was changed", most=200)

    def __init__(self, data: Any = None, *, at: Any) -> None:
        super().__init__(data, at=at)
        self.today = local(at).date()

    def clean_on(self) -> Any:
        if self.cleaned_data["on"] > self.today:
            raise forms.ValidationError("Enter a day that has been: limits are drawn from what happened")
        return self.cleaned_data["on"]
