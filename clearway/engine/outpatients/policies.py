"""A trust's access policy as the values that the outpatient desk takes: one reader for desk and simulator.

Each policy of a region pack is one dataclass whose fields are the names of its values; what a policy does not
name keeps its default. `unread` tells what nothing here understands.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from types import MappingProxyType
from typing import Any

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

from .capacity import CapacityPolicy

INTAKE, PARTIAL, CHECKS = "referral_intake", "partial_booking", "list_validation"
HOLDS, CLINICS, CAPACITY, LETTERS = "holds", "clinic_changes", "capacity", "letters"
ENQUIRIES, UPKEEP, LOANS, RECORDS = "enquiries", "upkeep", "loans", "records_requests"
KINDS: Mapping[str, type] = MappingProxyType(
    {
        INTAKE: IntakePolicy,
        PARTIAL: Sequence,
        CHECKS: Limits,
        HOLDS: Holds,
        CLINICS: ClinicPolicy,
        CAPACITY: CapacityPolicy,
        LETTERS: LetterPolicy,
        ENQUIRIES: EnquiryPolicy,
        UPKEEP: UpkeepPolicy,
        LOANS: LoanPolicy,
        RECORDS: RecordsPolicy,
    }
)
NOT_OURS = ("holidays",)  # a field that no policy sets
Values = Mapping[str, Any]


def intake_policy(values: Values, holidays: frozenset[date]) -> IntakePolicy:
    """How soon referrals are dealt with; the bank holidays are no trust's choice."""
    return replace(IntakePolicy(**_known(IntakePolicy, values)), holidays=holidays)


def partial_booking(values: Values) -> Sequence:
    """When somebody who is partially booked is invited, reminded and rung."""
    return Sequence(**_known(Sequence, values))


def check_limits(values: Values) -> Limits:
    """After how many days the checks of the list speak."""
    return Limits(**_known(Limits, values))


def holds(values: Values) -> Holds:
    """How long a slot is held."""
    return Holds(**_known(Holds, values))


def clinic_policy(values: Values) -> ClinicPolicy:
    """How far ahead clinics are laid out, and when leave is decided."""
    return ClinicPolicy(**_known(ClinicPolicy, values))


def capacity_policy(values: Values) -> CapacityPolicy:
    """What the arithmetic of capacity aims at."""
    return CapacityPolicy(**_known(CapacityPolicy, values))


def letter_policy(values: Values) -> LetterPolicy:
    """Who writes letters, and how long the post takes."""
    return LetterPolicy(**_known(LetterPolicy, values))


def enquiry_policy(values: Values) -> EnquiryPolicy:
    """How soon calls, messages and complaints are answered."""
    return EnquiryPolicy(**_known(EnquiryPolicy, values))


def upkeep_policy(values: Values) -> UpkeepPolicy:
    """When faults are asked about again."""
    return UpkeepPolicy(**_known(UpkeepPolicy, values))


def loan_policy(values: Values) -> LoanPolicy:
    """How long things are lent, and when they are asked for."""
    return LoanPolicy(**_known(LoanPolicy, values))


def records_policy(values: Values) -> RecordsPolicy:
    """When requests for records are due that no law dates."""
    return RecordsPolicy(**_known(RecordsPolicy, values))


def unread(name: str, values: Values) -> frozenset[str]:
    """The values of a policy that nothing reads; of one that has another reader, none."""
    kind = KINDS.get(name)
    return frozenset() if kind is None else frozenset(values) - _names(kind)


def _known(kind: type, values: Values) -> dict[str, Any]:
    names = _names(kind)
    listed = {name: value for name, value in values.items() if name in names}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in listed.items()}


def _names(kind: type) -> frozenset[str]:
    return frozenset(each.name for each in fields(kind)) - {*NOT_OURS}
