"""What a report asks for, and a step of its owner."""

from typing import Any, cast

from django import forms

from clearway.domain.shared.concerns import ConcernPolicy, Step

from ..layout.fields import DeskForm, words
from ..people.roles import ROLES
from .actions import WORKS, Next, Report

WRONG = {"invalid_choice": "Choose from the list"}
STEPS = {
    Step.ACKNOWLEDGED: "Acknowledge",
    Step.LOOKED_INTO: "Looked into",
    Step.PASSED_ON: "Pass on",
    Step.CLOSED: "Close",
}


def owners() -> list[tuple[str, str]]:
    """Roles that may own a report."""
    return [(code, role.name) for code, role in ROLES.items() if WORKS in role.permissions]


class ReportForm(DeskForm):
    """A report, in a minute."""

    kind = forms.ChoiceField(error_messages={**WRONG, "required": "Choose what kind it is"})
    place = words("Where", most=160, missing="Say where")
    what = words("What happened", most=1000, missing="Say what happened, or what might")
    done = words("What was done at once", most=500, required=False)
    severity = forms.ChoiceField(error_messages={**WRONG, "required": "Choose how bad it is"})
    screen = forms.CharField(required=False, max_length=300)

    def __init__(self, data: Any = None, *, policy: ConcernPolicy, desk: str, **named: Any) -> None:
        super().__init__(data, **named)
        self.desk = desk
        self.kinds = [each for each in policy.kinds if each.owner.get(desk)]
        cast("forms.ChoiceField", self.fields["kind"]).choices = [
            (each.code, each.says) for each in self.kinds
        ]
        severities = [(each.code, each.says) for each in policy.severities]
        cast("forms.ChoiceField", self.fields["severity"]).choices = severities

    def report(self) -> Report:
        """The report. Call when valid."""
        return Report(desk=self.desk, **self.cleaned_data)


class StepForm(DeskForm):
    """A step of the owner."""

    step = forms.ChoiceField(
        choices=list(STEPS.items()), error_messages={**WRONG, "required": "Choose a step"}
    )
    words = words("What was found, done or learnt", most=1000, required=False)
    severity = forms.ChoiceField(required=False, error_messages=WRONG)
    to = forms.ChoiceField(required=False, error_messages=WRONG)

    def __init__(self, data: Any = None, *, policy: ConcernPolicy, **named: Any) -> None:
        super().__init__(data, **named)
        severities = [("", ""), *((each.code, each.says) for each in policy.severities)]
        cast("forms.ChoiceField", self.fields["severity"]).choices = severities
        cast("forms.ChoiceField", self.fields["to"]).choices = [("", ""), *owners()]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        step = given.get("step")
        if step and step != Step.ACKNOWLEDGED and not given.get("words") and "words" not in self.errors:
            asked = {
                Step.CLOSED: "Say what was learnt, and what was changed",
                Step.PASSED_ON: "Say why it is passed on",
            }
            self.add_error("words", asked.get(Step(step), "Say what was found"))
        if step == Step.PASSED_ON and not given.get("to") and "to" not in self.errors:
            self.add_error("to", "Choose to whom")
        return given

    def taken(self) -> Next:
        """The step. Call when valid."""
        given = self.cleaned_data
        step = Step(given["step"])
        return Next(step, given["words"], given["severity"], given["to"] if step is Step.PASSED_ON else "")


class ChosenForm(DeskForm):
    """What of the list is shown."""

    state = forms.ChoiceField(
        required=False, choices=[(each, each) for each in ("open", "overdue", "closed", "all")]
    )
    kind = forms.CharField(required=False, max_length=40)
    severity = forms.CharField(required=False, max_length=40)

    def chosen(self) -> dict[str, str]:
        """What was asked, without what cannot be."""
        self.is_valid()
        given = self.cleaned_data
        return {
            "state": given.get("state") or "open",
            "kind": given.get("kind") or "",
            "severity": given.get("severity") or "",
        }
