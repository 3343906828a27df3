"""The access policy of the trust on a day, as this desk takes it. One query each, where not said."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.outpatients.attendance import AttendancePolicy
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.booking import Holds
from clearway.domain.outpatients.clinics import ClinicPolicy
from clearway.domain.outpatients.clock_policy import ClockPolicy, Switch, allied_health_policy
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
from clearway.domain.outpatients.words import MeasurementType
from clearway.engine.outpatients.capacity import CapacityPolicy
from clearway.engine.outpatients.policies import NAMES, Policy, read

CLOCKS = "clock_rules"  # values: {"switches": [names of Switch]}


def intake(organisation_id: int, at: datetime) -> IntakePolicy:
    """How soon referrals are registered, triaged and chased."""
    return replace(_read(IntakePolicy, organisation_id, at), holidays=frozenset(BANK_HOLIDAYS))


def partial_booking(organisation_id: int, at: datetime) -> Sequence:
    """When somebody who is partially booked is invited, reminded and rung."""
    return _read(Sequence, organisation_id, at)


def check_limits(organisation_id: int, at: datetime) -> Limits:
    """After how many days the checks of the list speak."""
    return _read(Limits, organisation_id, at)


def holds(organisation_id: int, at: datetime) -> Holds:
    """How long a slot is held."""
    return _read(Holds, organisation_id, at)


def recycling(organisation_id: int, at: datetime) -> RecyclingPolicy:
    """How freed slots are offered, in the hours in which texts leave."""
    return recycling_and_holds(organisation_id, at)[0]


def recycling_and_holds(organisation_id: int, at: datetime) -> tuple[RecyclingPolicy, Holds]:
    """How freed slots are offered, and how long a slot is held. One query for both."""
    kinds = RecyclingPolicy, Holds, ReminderPolicy
    said = policies(organisation_id, [NAMES[kind] for kind in kinds], local(at).date())
    asking, texts = _of(RecyclingPolicy, said), _of(ReminderPolicy, said)
    return asking.texting(texts.from_hour, texts.to_hour), _of(Holds, said)


def replanning(organisation_id: int, at: datetime) -> ReplanPolicy:
    """What weighs how much when patients of cancelled clinics are moved."""
    return _read(ReplanPolicy, organisation_id, at)


def clinics(organisation_id: int, at: datetime) -> ClinicPolicy:
    """How far ahead clinics are laid out, and when leave is decided."""
    return _read(ClinicPolicy, organisation_id, at)


def enquiries(organisation_id: int, at: datetime) -> EnquiryPolicy:
    """How soon the office answers."""
    return _read(EnquiryPolicy, organisation_id, at)


def upkeep(organisation_id: int, at: datetime) -> UpkeepPolicy:
    """When faults are asked about again."""
    return _read(UpkeepPolicy, organisation_id, at)


def support(organisation_id: int, at: datetime) -> SupportPolicy:
    """How long before a visit what is not arranged becomes a task."""
    return _read(SupportPolicy, organisation_id, at)


def loans(organisation_id: int, at: datetime) -> LoanPolicy:
    """How long things are lent, and when they are asked for."""
    return _read(LoanPolicy, organisation_id, at)


def records(organisation_id: int, at: datetime) -> RecordsPolicy:
    """When requests for records are due that no law dates."""
    return _read(RecordsPolicy, organisation_id, at)


def filing(organisation_id: int, at: datetime) -> FilingPolicy:
    """How soon what comes in is filed, and when paper volumes are asked for."""
    return _read(FilingPolicy, organisation_id, at)


def reports(organisation_id: int, at: datetime) -> ReportPolicy:
    """At what hour reports leave, and how soon they are to be read."""
    return _read(ReportPolicy, organisation_id, at)


def reminders(organisation_id: int, at: datetime) -> ReminderPolicy:
    """When and how patients are reminded."""
    return _read(ReminderPolicy, organisation_id, at)


def attendance(organisation_id: int, at: datetime) -> AttendancePolicy:
    """How the risk that somebody does not come is used."""
    return _read(AttendancePolicy, organisation_id, at)


def capacity(organisation_id: int, at: datetime) -> CapacityPolicy:
    """What the arithmetic of capacity aims at."""
    return _read(CapacityPolicy, organisation_id, at)


def letters(organisation_id: int, at: datetime) -> LetterPolicy:
    """Who writes letters, and how long the post takes."""
    return _read(LetterPolicy, organisation_id, at)


def clock_switches(organisation_id: int, on: date) -> frozenset[Switch]:
    """The readings of the guidance that the trust has switched on."""
    values = policies(organisation_id, [CLOCKS], on).get(CLOCKS, {})
    return frozenset(Switch(name) for name in values.get("switches", ()))


def clock_policy(measurement: str, chosen: frozenset[Switch]) -> ClockPolicy:
    """How a pathway of this measurement is held to its standard. No query."""
    measured = MeasurementType(measurement)
    if measured is MeasurementType.ALLIED_HEALTH:
        return allied_health_policy(switches=chosen)
    return ClockPolicy(chosen, measured)


def _of(kind: type[Policy], said: Mapping[str, Mapping[str, Any]]) -> Policy:
    return read(kind, said.get(NAMES[kind], {}))


def _read(kind: type[Policy], organisation_id: int, at: datetime) -> Policy:
    name = NAMES[kind]
    return read(kind, policies(organisation_id, [name], local(at).date()).get(name, {}))
