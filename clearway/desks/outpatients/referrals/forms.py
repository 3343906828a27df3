"""Forms about referrals: registering one, supplying what it lacked, and the clinician's decision."""

from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.domain.outpatients.completeness import Route, Side, TriageOutcome
from clearway.domain.outpatients.waiting import MOST_VISITS, Removal
from clearway.domain.outpatients.words import Code, Medium, Priority, ReferralSource

from ..patients import actions as patients
from ..patients.forms import PersonForm, plain
from . import actions

A_DATE = "Enter a date, for example 2 Nov 2026"
UNREAD = "other"  # a priority in the sender's own words


def listed(words: type[Code]) -> list[tuple[str, str]]:
    """The words of a list as a form offers them, in their order."""
    return [(each.value, f"{each.meaning[:1].upper()}{each.meaning[1:]}") for each in words if each.value]


ROUTES, SOURCES, SIDES = listed(Route), listed(ReferralSource), listed(Side)
PRIORITIES, OUTCOMES, REMOVALS = listed(Priority), listed(TriageOutcome), listed(Removal)
MEDIA = [each for each in listed(Medium) if each[0] in ("01", "02", "03")]
KINDS = [("new", "New"), ("follow_up", "Follow-up")]
CONSULTANT = [("", "Not said"), ("yes", "Yes"), ("no", "No")]


def _day(required: bool = False, missing: str = A_DATE) -> forms.DateField:
    return forms.DateField(required=required, error_messages={"required": missing, "invalid": A_DATE})


def _choice(options: list[tuple[str, str]], required: bool = False, missing: str = "") -> forms.ChoiceField:
    words = {"required": missing, "invalid_choice": "Choose from the list"}
    return forms.ChoiceField(choices=[("", ""), *options], required=required, error_messages=words)


class ReferralForm(DeskForm):
    """A referral as it came. What is missing is no error: it becomes a gap that is asked for."""

    patient = forms.IntegerField(required=False)
    service = forms.TypedChoiceField(
        coerce=int, choices=(), error_messages={"required": "Choose the service", "invalid_choice": "Choose"}
    )
    received_on = _day(True, "Enter the day on which it was received")
    written_on = _day()
    route = _choice(ROUTES, True, "Choose how it came")
    source = _choice(SOURCES)
    sender = plain("Referrer", 150)
    sender_organisation = plain("Organisation of the referrer", 12)
    ubrn = plain("Booking reference (UBRN)", 16)
    priority = plain("Priority", 40)
    condition = plain("Condition", 200)
    side = _choice(SIDES)
    question = plain("Clinical question", 4000)
    from_consultant = _choice(CONSULTANT[1:])
    parent = forms.TypedChoiceField(coerce=int, choices=(), required=False, empty_value=None)
    start_on = _day()
    ppid = plain("Pathway identifier", 20)
    issuer = plain("Issuer", 12)
    again_why = plain("Why it is another", 200)

    def __init__(
        self,
        data: Any = None,
        *,
        at: datetime,
        services: list[tuple[int, str]],
        parents: list[tuple[int, str]],
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.today = local(at).date()
        begins = {"received_on": self.today.isoformat(), "route": "letter", **(initial or {})}
        super().__init__(data, at=at, initial=begins)
        self.fields["service"].choices = services  # type: ignore[attr-defined]
        self.fields["parent"].choices = [("", ""), *parents]  # type: ignore[attr-defined]

    def clean_received_on(self) -> Any:
        received_on = self.cleaned_data["received_on"]
        if received_on > self.today:
            raise forms.ValidationError("The day on which it was received is still to come")
        return received_on

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        written, received = given.get("written_on"), given.get("received_on")
        if written and received and written > received:
            self.add_error("written_on", "It was written after it was received. Check both days")
        return given

    def new(self, patient_id: int) -> actions.New:
        """The referral of this patient. Call when valid."""
        given = self.cleaned_data
        plain_fields = (
            *("received_on", "route", "written_on", "source", "sender", "sender_organisation", "ubrn"),
            *("priority", "condition", "side", "question", "start_on", "ppid", "issuer", "again_why"),
        )
        consultant = {"yes": True, "no": False}.get(given["from_consultant"])
        return actions.New(
            patient_id,
            given["service"],
            from_consultant=consultant,
            parent_id=given["parent"],
            **{name: given[name] for name in plain_fields},
        )


class NewPersonForm(PersonForm):
    """The patient of a referral who is not registered yet."""

    def new(self) -> patients.New:
        return patients.New(**self.values())


class SupplyForm(DeskForm):
    """What a referral lacked. An empty field says nothing."""

    sender = plain("Referrer", 150)
    sender_organisation = plain("Organisation of the referrer", 12)
    source = _choice(SOURCES)
    condition = plain("Condition", 200)
    side = _choice(SIDES)
    question = plain("Clinical question", 4000)
    priority = plain("Priority", 40)
    parent = forms.TypedChoiceField(coerce=int, choices=(), required=False, empty_value=None)
    start_on = _day()

    def __init__(self, data: Any = None, *, at: datetime, parents: list[tuple[int, str]]) -> None:
        super().__init__(data, at=at)
        self.fields["parent"].choices = [("", ""), *parents]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What was filled in, without the consultant's pathway."""
        found = {name: self.cleaned_data[name] for name in actions.SUPPLIED}
        return {name: value for name, value in found.items() if value}


class TriageForm(DeskForm):
    """What the clinician decided."""

    outcome = _choice(OUTCOMES, True, "Choose what was decided")
    priority = _choice(PRIORITIES)
    kind = _choice(KINDS)
    minutes = forms.IntegerField(
        required=False,
        min_value=5,
        max_value=480,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Enter minutes from 5 to 480, for example 45"
        ),
    )
    visits = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_VISITS,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            f"Enter 1 to {MOST_VISITS} visits, for example 8",
        ),
    )
    skills = plain("Skills", 200)
    medium = _choice(MEDIA)
    service = forms.TypedChoiceField(coerce=int, choices=(), required=False, empty_value=None)
    reason = plain("Reason", 300)

    def __init__(
        self, data: Any = None, *, at: datetime, services: list[tuple[int, str]], priority: str
    ) -> None:
        begins = {
            "priority": priority,
            "kind": "new",
            "medium": "01",
            "minutes": actions.MINUTES,
            "visits": 1,
        }
        super().__init__(data, at=at, initial=begins)
        self.fields["service"].choices = [("", ""), *services]  # type: ignore[attr-defined]

    def decision(self) -> actions.Decision:
        """The decision. Call when valid."""
        given = self.cleaned_data
        skills = tuple(each.strip().casefold() for each in given["skills"].split(",") if each.strip())
        return actions.Decision(
            outcome=given["outcome"],
            priority=given["priority"],
            kind=given["kind"] or "new",
            minutes=given["minutes"],
            skills=skills,
            medium=given["medium"] or "01",
            visits=given["visits"] or 1,
            reason=given["reason"],
            service_id=given["service"],
        )


class PeriodForm(DeskForm):
    """From which day to which the ledger counts."""

    start = _day()
    end = _day()
