"""A trust's access policy as the values that the outpatient desk takes: one reader for desk and simulator.

Each policy of a region pack is one dataclass whose fields are the names of its values; what a policy does not
name keeps its default. `unread` tells what nothing here understands.
"""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, TypeVar

from clearway.domain.outpatients.attendance import AttendancePolicy
from clearway.domain.outpatients.booking import Holds
from clearway.domain.outpatients.clinics import ClinicPolicy
from clearway.domain.outpatients.completeness import IntakePolicy
from clearway.domain.outpatients.enquiries import EnquiryPolicy
from clearway.domain.outpatients.filing import FilingPolicy
from clearway.domain.outpatients.loans import LoanPolicy
from clearway.domain.outpatients.partial_booking import Sequence
from clearway.domain.outpatients.post import LetterPolicy
from clearway.domain.outpatients.records import RecordsPolicy
from clearway.domain.outpatients.recycling import RecyclingPolicy
from clearway.domain.outpatients.reminders import ReminderPolicy
from clearway.domain.outpatients.replanning import ReplanPolicy
from clearway.domain.outpatients.reports import ReportPolicy
from clearway.domain.outpatients.support import SupportPolicy
from clearway.domain.outpatients.upkeep import UpkeepPolicy
from clearway.domain.outpatients.validation import Limits

from .capacity import CapacityPolicy

KINDS: Mapping[str, type] = MappingProxyType(
    {
        "referral_intake": IntakePolicy,
        "partial_booking": Sequence,
        "list_validation": Limits,
        "holds": Holds,
        "recycling": RecyclingPolicy,
        "replanning": ReplanPolicy,
        "clinic_changes": ClinicPolicy,
        "capacity": CapacityPolicy,
        "letters": LetterPolicy,
        "enquiries": EnquiryPolicy,
        "support": SupportPolicy,
        "upkeep": UpkeepPolicy,
        "loans": LoanPolicy,
        "records_requests": RecordsPolicy,
        "filing": FilingPolicy,
        "reports": ReportPolicy,
        "reminders": ReminderPolicy,
        "attendance": AttendancePolicy,
    }
)
NAMES: Mapping[type, str] = MappingProxyType({kind: name for name, kind in KINDS.items()})
NOT_OURS = ("holidays",)  # a field that no policy sets
Values = Mapping[str, Any]
Policy = TypeVar("Policy")


def read(kind: type[Policy], values: Values) -> Policy:
    """The policy of a kind from its values. Raises ValueError for values that contradict one another."""
    names = _names(kind)
    said = {name: value for name, value in values.items() if name in names}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in said.items()})


def unread(name: str, values: Values) -> frozenset[str]:
    """The values of a policy that nothing reads; of one that has another reader, none."""
    kind = KINDS.get(name)
    return frozenset() if kind is None else frozenset(values) - _names(kind)


def _names(kind: type) -> frozenset[str]:
    return frozenset(each.name for each in fields(kind)) - {*NOT_OURS}
