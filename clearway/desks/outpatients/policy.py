"""The access policy of the trust on a day, as the parts of this desk take it. One query each."""

from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.booking import Holds
from clearway.domain.outpatients.clinics import ClinicPolicy
from clearway.domain.outpatients.enquiries import EnquiryPolicy
from clearway.domain.outpatients.intake import IntakePolicy
from clearway.domain.outpatients.loans import LoanPolicy
from clearway.domain.outpatients.partial_booking import Sequence
from clearway.domain.outpatients.post import LetterPolicy
from clearway.domain.outpatients.records import RecordsPolicy
from clearway.domain.outpatients.upkeep import UpkeepPolicy
from clearway.domain.outpatients.validation import Limits
from clearway.engine.outpatients import policies as read
from clearway.engine.outpatients.capacity import CapacityPolicy


def intake(organisation_id: int, at: datetime) -> IntakePolicy:
    """How soon referrals are registered, triaged and chased."""
    return read.intake_policy(_values(organisation_id, read.INTAKE, at), frozenset(BANK_HOLIDAYS))


def partial_booking(organisation_id: int, at: datetime) -> Sequence:
    """When somebody who is partially booked is invited, reminded and rung."""
    return read.partial_booking(_values(organisation_id, read.PARTIAL, at))


def check_limits(organisation_id: int, at: datetime) -> Limits:
    """After how many days the checks of the list speak."""
    return read.check_limits(_values(organisation_id, read.CHECKS, at))


def holds(organisation_id: int, at: datetime) -> Holds:
    """How long a slot is held."""
    return read.holds(_values(organisation_id, read.HOLDS, at))


def clinics(organisation_id: int, at: datetime) -> ClinicPolicy:
    """How far ahead clinics are laid out, and when leave is decided."""
    return read.clinic_policy(_values(organisation_id, read.CLINICS, at))


def enquiries(organisation_id: int, at: datetime) -> EnquiryPolicy:
    """How soon the office answers."""
    return read.enquiry_policy(_values(organisation_id, read.ENQUIRIES, at))


def upkeep(organisation_id: int, at: datetime) -> UpkeepPolicy:
    """When faults are asked about again."""
    return read.upkeep_policy(_values(organisation_id, read.UPKEEP, at))


def loans(organisation_id: int, at: datetime) -> LoanPolicy:
    """How long things are lent, and when they are asked for."""
    return read.loan_policy(_values(organisation_id, read.LOANS, at))


def records(organisation_id: int, at: datetime) -> RecordsPolicy:
    """When requests for records are due that no law dates."""
    return read.records_policy(_values(organisation_id, read.RECORDS, at))


def capacity(organisation_id: int, at: datetime) -> CapacityPolicy:
    """What the arithmetic of capacity aims at."""
    return read.capacity_policy(_values(organisation_id, read.CAPACITY, at))


def letters(organisation_id: int, at: datetime) -> LetterPolicy:
    """Who writes letters, and how long the post takes."""
    return read.letter_policy(_values(organisation_id, read.LETTERS, at))


def _values(organisation_id: int, name: str, at: datetime) -> dict[str, Any]:
    return policies(organisation_id, [name], local(at).date()).get(name, {})
