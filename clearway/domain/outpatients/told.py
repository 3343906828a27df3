"""What another system tells of patients, referrals and appointments, in our own terms.

Whatever a value is left out of was not told, and stays here as it is; "" was told to be empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from .words import CancelledBy


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is meant. number: the sender's own number of the patient; nhs_number: ten digits, "" for none."""

    number: str
    nhs_number: str = ""
    family_name: str = ""
    given_names: str = ""
    born_on: date | None = None


@dataclass(frozen=True, slots=True)
class PersonTold:
    """A patient, as the sender has them now.

    details  further columns of our record (sex, address, practice, ...) -> what was told
    died_on  of a death whose day was told; is_dead without it: died, and no day was told
    is_alive it was told that the patient has not died
    creates  somebody who is not known here is to be registered
    """

    who: Identity
    details: Mapping[str, str] = field(default_factory=dict)
    is_dead: bool = False
    died_on: date | None = None
    is_alive: bool = False
    creates: bool = False


@dataclass(frozen=True, slots=True)
class PeopleMerged:
    """The record `prior` (the sender's number) is the same person as `who`, whose number stays."""

    who: PersonTold
    prior: str


class VisitStep(StrEnum):
    """What happened at the door."""

    ARRIVED = "arrived"
    ARRIVAL_CANCELLED = "arrival cancelled"
    DISCHARGE_CANCELLED = "discharge cancelled"


@dataclass(frozen=True, slots=True)
class VisitTold:
    """A step of an outpatient visit. filler: the sender's id of the appointment, "" where none was told."""

    step: VisitStep
    who: Identity
    happened_at: datetime
    filler: str = ""


class Step(StrEnum):
    """What became of an appointment."""

    BOOKED = "booked"
    MOVED = "moved"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    MADE_IN_ERROR = "made in error"
    ARRIVED = "arrived"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class AppointmentTold:
    """An appointment, as the sender has it now.

    filler   the sender's own id of it; ours: our id, where the message echoes it
    clinic   code of the clinic here, after mapping; referral: the sender's id of the referral
    side, reason  of a cancellation (booking.REASONS)
    """

    step: Step
    who: Identity
    filler: str
    starts_at: datetime | None = None
    clinic: str = ""
    ours: str = ""
    referral: str = ""
    side: CancelledBy = CancelledBy.PROVIDER
    reason: str = ""


class ReferralStep(StrEnum):
    """What became of a referral."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ReferralTold:
    """A referral.

    values  as a row of a file has them (interchange.referral_file.FIELDS)
    why     of a cancelled one: the reason here (waiting.Removal), "" where a person is to decide
    """

    step: ReferralStep
    who: Identity
    theirs: str
    values: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


Told = PersonTold | PeopleMerged | VisitTold | AppointmentTold | ReferralTold
