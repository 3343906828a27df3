"""Performance indicators of an outpatient department: what is counted over what, and which way is better.

An indicator is data: a share of two counts, a ratio of them, or the middle of a number of days. The counts
are named by `Count`, whoever counts them. Attended codes are those of the NHS Data Dictionary.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from ..shared.direction import Better
from .words import Code

SMALL = 5  # patients: a smaller count of a group could tell who they were


class Count(Code):
    """What is counted, in words that a page can print."""

    AVAILABLE = "available", "seats of slots in clinics that took place"
    AVAILABLE_MINUTES = "available_minutes", "minutes of seats in clinics that took place"
    BOOKED = "booked", "appointments that stood when they began"
    ATTENDED = "attended", "appointments attended (codes 5 and 6)"
    ATTENDED_MINUTES = "attended_minutes", "minutes of attended appointments"
    ATTENDED_NEW = "attended_new", "first appointments attended"
    ATTENDED_FOLLOW_UP = "attended_follow_up", "follow-up appointments attended"
    MISSED = "missed", "appointments missed (codes 3 and 7)"
    BY_PATIENT = "by_patient", "appointments cancelled by the patient (code 2)"
    BY_PATIENT_LATE = (
        "by_patient_late",
        "appointments cancelled by the patient with less than 24 hours' notice",
    )
    BY_PROVIDER = "by_provider", "appointments cancelled by the service (code 4)"
    BY_PROVIDER_SHORT = (
        "by_provider_short",
        "appointments cancelled by the service with less than six weeks' notice",
    )
    ENDED = "ended", "appointments that stood and are over"
    OUTCOMED = "outcomed", "appointments with an outcome within 24 hours of their end"
    FREED = "freed", "slots given back with an hour or more to go, not withdrawn"
    FILLED = "filled", "of the slots given back, those booked again"
    FILLED_KEPT = "filled_kept", "of the slots given back, those booked again and attended"
    RECEIVED = "received", "referrals received that were triaged or whose time for triage is over"
    TRIAGED = "triaged", "referrals triaged within the time of the policy"
    FIRST_SEEN = "first_seen", "patients at a first appointment that they attended"
    MADE = "made", "appointments that were attended or missed"


class Kind(Code):
    """How an indicator is worked out."""

    SHARE = "share", "a share"
    RATIO = "ratio", "so many for each"
    DAYS = "days", "days, half of the patients less and half more"


class Cut(Code):
    """By what an indicator can be filtered and broken down. The last three are of patients."""

    SERVICE = "service", "Service"
    SITE = "site", "Site"
    CLINIC = "clinic", "Clinic"
    CLINICIAN = "clinician", "Clinician"
    KIND = "kind", "Kind of appointment"
    MEDIUM = "medium", "How it is held"
    AGE = "age", "Age"
    SEX = "sex", "Sex"
    NEED = "need", "Interpreter or communication support"


OF_PATIENTS = frozenset({Cut.AGE, Cut.SEX, Cut.NEED})
OF_SLOTS = frozenset(set(Cut) - OF_PATIENTS)
EVERY = frozenset(Cut)
OF_REFERRALS = frozenset({Cut.SERVICE, *OF_PATIENTS})


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    top, bottom  counts that are added up, and divided; `bottom` alone for days
    cuts         by what it can be filtered and broken down
    leaves_out   what is not counted, in words
    """

    code: str
    name: str
    kind: Kind
    better: Better
    top: tuple[Count, ...]
    bottom: tuple[Count, ...]
    cuts: frozenset[Cut]
    dated: str
    leaves_out: str = "Nothing."

    @property
    def numerator(self) -> str:
        return _words(self.top) if self.top else "the number of days that half of them do not exceed"

    @property
    def denominator(self) -> str:
        return _words(self.bottom)


def _words(counts: Iterable[Count]) -> str:
    return " + ".join(each.meaning for each in counts)


_STARTS, _FREED, _RECEIVED = "the day of the appointment", "the day it was given back", "the day of receipt"
_EARLIER = "Dates given up because we offered an earlier one; holds; what has no outcome yet."
_NOT_HELD = "Cancelled clinics and blocked slots."
_KEPT = (Count.ATTENDED, Count.MISSED)
_WITH_PATIENT = (*_KEPT, Count.BY_PATIENT)
_WITH_ALL = (*_WITH_PATIENT, Count.BY_PROVIDER)


def _share(
    code: str,
    name: str,
    better: Better,
    top: Count,
    bottom: tuple[Count, ...],
    leaves_out: str,
    cuts: frozenset[Cut] = EVERY,
    dated: str = _STARTS,
) -> Indicator:
    return Indicator(code, name, Kind.SHARE, better, (top,), bottom, cuts, dated, leaves_out)


_LESS, _MORE = Better.LOWER, Better.HIGHER
_ALL = (
    _share(
        *("missed", "Did not attend", _LESS, Count.MISSED, _KEPT),
        "Cancelled appointments; what has no outcome yet.",
    ),
    _share("unable", "Cancelled by the patient", _LESS, Count.BY_PATIENT, _WITH_PATIENT, _EARLIER),
    _share(
        *("unable_late", "Cancelled by the patient in the last 24 hours", _LESS),
        *(Count.BY_PATIENT_LATE, _WITH_PATIENT, _EARLIER),
    ),
    _share("provider", "Cancelled by the service", _LESS, Count.BY_PROVIDER, _WITH_ALL, _EARLIER),
    _share(
        *("provider_short", "Cancelled by the service within six weeks", _LESS),
        *(Count.BY_PROVIDER_SHORT, _WITH_ALL, _EARLIER),
    ),
    _share("used", "Slots used", _MORE, Count.ATTENDED, (Count.AVAILABLE,), _NOT_HELD, OF_SLOTS),
    _share("booked", "Slots booked", _MORE, Count.BOOKED, (Count.AVAILABLE,), _NOT_HELD, OF_SLOTS),
    _share(
        *("minutes", "Clinic time used", _MORE, Count.ATTENDED_MINUTES),
        *((Count.AVAILABLE_MINUTES,), _NOT_HELD, OF_SLOTS),
    ),
    _share(
        *("filled", "Freed slots filled", _MORE, Count.FILLED, (Count.FREED,)),
        *("Slots of clinics that were cancelled as a whole.", OF_SLOTS, _FREED),
    ),
    _share(
        *("filled_kept", "Freed slots filled and attended", _MORE, Count.FILLED_KEPT, (Count.FREED,)),
        *("Slots of clinics that were cancelled as a whole.", OF_SLOTS, _FREED),
    ),
    _share(
        *("outcomed", "Outcome within 24 hours", _MORE, Count.OUTCOMED, (Count.ENDED,)),
        *("Cancelled appointments.", OF_SLOTS),
    ),
    _share(
        *("triaged", "Triaged in time", _MORE, Count.TRIAGED, (Count.RECEIVED,)),
        *("Referrals whose time is not over; those removed before.", OF_REFERRALS, _RECEIVED),
    ),
    Indicator(
        code="follow_ups",
        name="Follow-ups for each first appointment",
        kind=Kind.RATIO,
        better=Better.NEITHER,
        top=(Count.ATTENDED_FOLLOW_UP,),
        bottom=(Count.ATTENDED_NEW,),
        cuts=EVERY - {Cut.KIND},
        dated=_STARTS,
        leaves_out="Groups.",
    ),
    Indicator(
        code="first_wait",
        name="Days from referral to first appointment",
        kind=Kind.DAYS,
        better=Better.LOWER,
        top=(),
        bottom=(Count.FIRST_SEEN,),
        cuts=EVERY - {Cut.KIND},
        dated=_STARTS,
        leaves_out="Those who have not been seen.",
    ),
    Indicator(
        code="notice",
        name="Days from booking to appointment",
        kind=Kind.DAYS,
        better=Better.NEITHER,
        top=(),
        bottom=(Count.MADE,),
        cuts=EVERY,
        dated=_STARTS,
        leaves_out="Cancelled appointments.",
    ),
)
INDICATORS: Mapping[str, Indicator] = MappingProxyType({each.code: each for each in _ALL})


class Unit(Code):
    """Of how long a period is."""

    WEEK = "week", "Weeks"
    MONTH = "month", "Months"


def start_of(unit: Unit, day: date) -> date:
    """The first day of the period in which a day is: a Monday, or the first of the month."""
    return day - timedelta(days=day.weekday()) if unit is Unit.WEEK else day.replace(day=1)


def periods(unit: Unit, today: date, count: int) -> list[date]:
    """The first days of the last `count` whole periods before the one of today, oldest first, and its own."""
    found = [start_of(unit, today)]
    while len(found) <= count:
        found.append(start_of(unit, found[-1] - timedelta(days=1)))
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator of one period or group. value  None where the denominator is nothing."""

    value: float | None
    top: float
    bottom: int


def reading(indicator: Indicator, counts: Mapping[Count, float]) -> Reading:
    """The indicator from its counts; what is not there is nought."""
    top = sum(counts.get(each, 0) for each in indicator.top)
    bottom = int(sum(counts.get(each, 0) for each in indicator.bottom))
    return Reading(top / bottom if bottom else None, top, bottom)


def suppressed(counts: Sequence[int], least: int = SMALL) -> frozenset[int]:
    """The places of those groups whose counts are not shown: small ones, and one more if only one is small.

    A single count that is left out could be worked out from the total; so the next smallest goes with it.
    """
    small = {place for place, count in enumerate(counts) if 0 < count < least}
    others = [place for place, count in enumerate(counts) if count >= least]
    if len(small) == 1 and others:
        small.add(min(others, key=lambda place: counts[place]))
    return frozenset(small)
