"""The rules of offers, holds and cancellations that need no table.

Sources: NHS England, Recording and reporting RTT, version 5.0, section 13 (reasonable offer); e-Referral
Service, cancellation reasons. The reasons marked local are the trust's own words for what happens in clinics.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from .counting import is_reasonable_offer
from .words import CancelledBy


@dataclass(frozen=True, slots=True)
class Holds:
    """How long a slot is kept while the patient is asked, in minutes (policy `holds`).

    minutes_soon  for a slot that begins within `soon_hours`
    most          however long somebody asks for
    """

    minutes: int = 20
    minutes_soon: int = 10
    soon_hours: int = 24
    most: int = 240

    def __post_init__(self) -> None:
        if not 0 < self.minutes_soon <= self.minutes <= self.most or self.soon_hours < 0:
            raise ValueError(f"A hold lasts minutes, a soon one no longer, none over the most: {self}")

    def lasting(self, starts_at: datetime, at: datetime, asked: int | None = None) -> int:
        """Minutes of a hold that is made at `at`; `asked` for where somebody said."""
        is_soon = starts_at - at <= timedelta(hours=self.soon_hours)
        return min(asked or (self.minutes_soon if is_soon else self.minutes), self.most)


EARLIER = "earlier_date"  # not a cancellation of clinics: the patient came sooner

REASONS: Mapping[CancelledBy, Mapping[str, str]] = MappingProxyType(
    {
        CancelledBy.PATIENT: MappingProxyType(
            {
                "patient_ill": "Ill",
                "patient_holiday": "On holiday",
                "patient_other_engagement": "Another engagement",
                "patient_work": "Work",
                "patient_carer": "Carer or child care",
                "patient_transport": "Transport",
                "patient_better": "Better, no longer needed",
                "patient_unaware": "Did not know of the appointment",
                "patient_other": "Another reason of the patient's",
            }
        ),
        CancelledBy.PROVIDER: MappingProxyType(
            {
                "clinic_cancelled": "Clinic cancelled",
                "clinic_overrun": "Clinic overran",
                "slot_cancelled": "Slot cancelled",
                EARLIER: "An earlier date was accepted",
                "priority_change": "A patient with higher priority",
                "staff_sickness": "Staff sickness",
                "staff_leave": "Staff leave",
                "room": "Room cannot be used",
                "equipment": "Equipment fault",
                "interpreter_absent": "No interpreter",
                "wrong_patient": "Made for the wrong patient",
                "provider_other": "Another reason of the service's",
            }
        ),
    }
)


# Given by the record of a death and by a discharge, and chosen by nobody.
DIED = "died"
DISCHARGED = "discharged"


UNSAID: Mapping[CancelledBy, str] = MappingProxyType(
    {CancelledBy.PATIENT: "patient_other", CancelledBy.PROVIDER: "provider_other"}
)
# The reasons of patients, as a page asks them of a patient: the same that a clerk chooses from on the phone.
ASKED_OF_PATIENTS: Mapping[str, str] = MappingProxyType(
    {
        "patient_ill": "I am ill",
        "patient_holiday": "I am away or on holiday",
        "patient_other_engagement": "I have something else on",
        "patient_work": "I have to work",
        "patient_carer": "I look after a child or somebody else",
        "patient_transport": "I cannot get there",
        "patient_better": "I am better, or do not need it any more",
        "patient_unaware": "I did not know about it",
        "patient_other": "Another reason",
    }
)
# Words in which patients give the reasons that are told apart, each a whole word.
_HEARD: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("ill", "sick", "unwell", "poorly", "flu", "covid"), "patient_ill"),
        **dict.fromkeys(("holiday", "abroad"), "patient_holiday"),
        **dict.fromkeys(("work", "working", "shift"), "patient_work"),
        **dict.fromkeys(("childcare", "carer", "babysitter"), "patient_carer"),
        **dict.fromkeys(("transport", "lift", "bus", "train"), "patient_transport"),
    }
)


def heard_reason(words: str) -> str:
    """The reason in a patient's own words, where they name exactly one of those told apart; else another."""
    named = {_HEARD[word] for word in re.findall(r"[a-z]+", words.casefold()) if word in _HEARD}
    return named.pop() if len(named) == 1 else UNSAID[CancelledBy.PATIENT]


def is_reasonable(offered_on: date, offered_for: date, *, accepted: bool = False) -> bool:
    """Whether an offer counts as reasonable: three weeks' notice, or accepted as it was."""
    return accepted or is_reasonable_offer(offered_on, offered_for)


def notice_hours(starts_at: datetime, cancelled_at: datetime) -> int:
    """Whole hours from a cancellation to the start."""
    return int((starts_at - cancelled_at).total_seconds() // 3600)
