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
    BY_PATIENT_DAY = (
        "by_patient_day",
        "appointments cancelled by the patient with 24 to 48 hours' notice",
    )
    BY_PATIENT_DAYS = "by_patient_days", "appointments cancelled by the patient with 2 to 7 days' notice"
    BY_PATIENT_EARLY = (
        "by_patient_early",
        "appointments cancelled by the patient with more than 7 days' notice",
    )
    ON_REQUEST = "on_request", "appointments after which patients ask for the next when they need it"
    ASKED_FOR = "asked_for", "of these, those after which the patient has asked for one since"
    WRITTEN = "written", "letters that were to be written and not withdrawn"
    SENT_SAME_DAY = "sent_same_day", "letters that left on the day of what they are about"
    SENT = "sent", "letters that have left"
    LISTED = "listed", "places on the list at the end of the period"
    QUESTIONED = "questioned", "places whose patient was asked whether it is still needed"
    REPLIED = "replied", "places whose patient answered that question"
    TAKEN_OFF = "taken_off", "places taken off the list after such an answer"
    DEMAND = "demand", "referrals received"
    NEW_SEATS = "new_seats", "seats for first appointments in clinics that took place"
    WAITING_NEW = "waiting_new", "patients who wait for a first appointment at the end of the period"
    CLINICS = "clinics", "clinics with three free first appointments in the eight weeks ahead"
    UNOUTCOMED = "unoutcomed", "appointments that had ended without an outcome at the end of the period"
    RTT_OPEN = "rtt_open", "consultant-led clocks that ran at the end of the period, their start known"
    RTT_WITHIN = "rtt_within", "of these, those of at most 126 days"
    RTT_OVER_52 = "rtt_over_52", "consultant-led clocks of more than 52 weeks"
    RTT_OVER_65 = "rtt_over_65", "consultant-led clocks of more than 65 weeks"
    RTT_OVER_78 = "rtt_over_78", "consultant-led clocks of more than 78 weeks"
    RTT_OVER_104 = "rtt_over_104", "consultant-led clocks of more than 104 weeks"
    RTT_STOPS = "rtt_stops", "consultant-led clocks stopped a week, mean of the last four weeks"
    AHP_OPEN = "ahp_open", "therapy clocks that ran at the end of the period, their start known"
    AHP_WITHIN = "ahp_within", "of these, those of at most 126 days"
    AHP_OVER_52 = "ahp_over_52", "therapy clocks of more than 52 weeks"
    AHP_STOPS = "ahp_stops", "therapy clocks stopped a week, mean of the last four weeks"


class Kind(Code):
    """How an indicator is worked out."""

    SHARE = "share", "a share"
    RATIO = "ratio", "so many for each"
    COUNT = "count", "a number"
    WEEKS = "weeks", "weeks"
    DAYS = "days", "days that so many do not exceed"
    HOURS = "hours", "hours that so many do not exceed"
    MINUTES = "minutes", "minutes that so many do not exceed"

    @property
    def is_centile(self) -> bool:
        """A length of time that so many of those counted do not exceed, and no quotient."""
        return self in (Kind.DAYS, Kind.HOURS, Kind.MINUTES)


class Chapter(Code):
    """Under which heading an indicator stands."""

    ATTENDANCE = "attendance", "Attendance and cancellations"
    SLOTS = "slots", "Slots and clinic time"
    FREED = "freed", "Freed slots"
    WAITS = "waits", "Waits"
    CLOCKS = "clocks", "Clocks"
    LIST = "list", "Demand and the list"
    OFFICE = "office", "The office"


class Cut(Code):
    """By what an indicator can be filtered and broken down; see OF_PATIENTS.

    Ethnicity and deprivation are for comparing groups alone (docs/adr/0083).
    """

    SERVICE = "service", "Service"
    FUNCTION = "function", "Treatment function"
    SITE = "site", "Site"
    CLINIC = "clinic", "Clinic"
    CLINICIAN = "clinician", "Clinician"
    KIND = "kind", "Kind of appointment"
    MEDIUM = "medium", "How it is held"
    AGE = "age", "Age"
    SEX = "sex", "Sex"
    NEED = "need", "Interpreter or communication support"
    DEPRIVATION = "deprivation", "Deprivation"
    ETHNICITY = "ethnicity", "Ethnic category"
    NOTICE = "notice", "Notice at which it was freed"


OF_PATIENTS = frozenset({Cut.AGE, Cut.SEX, Cut.NEED, Cut.DEPRIVATION, Cut.ETHNICITY})
EVERY = frozenset(set(Cut) - {Cut.NOTICE})
OF_SLOTS = EVERY - OF_PATIENTS
OF_FREED = OF_SLOTS | {Cut.NOTICE}
OF_REFERRALS = frozenset({Cut.SERVICE, Cut.FUNCTION, *OF_PATIENTS})


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    top, bottom  counts that are added up, and divided; `bottom` alone for times, `top` alone for numbers
    cuts         by what it can be filtered and broken down
    dated        what puts something into a period
    leaves_out   what is not counted, in words
    centile      of a time: the share of those counted that do not exceed it; 1 for the longest
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
    chapter: Chapter = Chapter.ATTENDANCE
    centile: float = 0.5

    @property
    def numerator(self) -> str:
        if self.top:
            return _words(self.top)
        if self.centile == 1:
            return f"the longest, in {self.kind}"
        share = "half" if self.centile == 0.5 else f"{100 * self.centile:.0f} of 100"
        return f"the number of {self.kind} that {share} of them do not exceed"

    @property
    def denominator(self) -> str:
        return _words(self.bottom) if self.bottom else "none: it is a number"

    @property
    def made_of(self) -> frozenset[Count]:
        """Every count that it needs."""
        return frozenset((*self.top, *self.bottom))


def _words(counts: Iterable[Count]) -> str:
    return " + ".join(each.meaning for each in counts)


_STARTS, _FREED, _RECEIVED = "the day of the appointment", "the day of the slot", "the day of receipt"
_ENDS, _ASKED = "as it stood at the end of the period", "the day of the question"
_EARLIER = (
    "Dates given up for an earlier one that we offered, or by a discharge or a death; holds; "
    "what has no outcome yet."
)
_NOT_HELD = "Cancelled clinics and blocked slots."
_WHOLE = "Slots that were withdrawn, as of cancelled clinics; those given back with less than an hour to go."
_NO_START = "Clocks whose start nobody knows; nullified periods from the day on which they are nullified."
_KEPT = (Count.ATTENDED, Count.MISSED)
_WITH_PATIENT = (*_KEPT, Count.BY_PATIENT)
_WITH_ALL = (*_WITH_PATIENT, Count.BY_PROVIDER)
_LESS, _MORE, _EITHER = Better.LOWER, Better.HIGHER, Better.NEITHER


def _visits(code: str, name: str, top: Count, bottom: tuple[Count, ...], leaves_out: str) -> Indicator:
    return Indicator(code, name, Kind.SHARE, _LESS, (top,), bottom, EVERY, _STARTS, leaves_out)


def _seats(code: str, name: str, top: Count, bottom: Count, leaves_out: str = _NOT_HELD) -> Indicator:
    told = (OF_SLOTS, _STARTS, leaves_out, Chapter.SLOTS)
    return Indicator(code, name, Kind.SHARE, _MORE, (top,), (bottom,), *told)


def _freed(code: str, name: str, top: Count) -> Indicator:
    told = (OF_FREED, _FREED, _WHOLE, Chapter.FREED)
    return Indicator(code, name, Kind.SHARE, _MORE, (top,), (Count.FREED,), *told)


def _listed(code: str, name: str, top: Count) -> Indicator:
    told = (OF_REFERRALS, _ASKED, "Nothing; the list is that of the end of the period.", Chapter.LIST)
    return Indicator(code, name, Kind.SHARE, _EITHER, (top,), (Count.LISTED,), *told)


def _late(weeks: int, top: Count, word: str, name: str) -> Indicator:
    told = (OF_REFERRALS, _ENDS, _NO_START, Chapter.CLOCKS)
    long = f"{name} of more than {weeks} weeks"
    return Indicator(f"{word}_over_{weeks}", long, Kind.COUNT, _LESS, (top,), (), *told)


def _first_wait(centile: float, suffix: str, words: str) -> Indicator:
    name = f"Days from referral to first appointment, {words}"
    told = (EVERY - {Cut.KIND}, _STARTS, "Those who have not been seen.", Chapter.WAITS, centile)
    return Indicator(f"first_wait{suffix}", name, Kind.DAYS, _LESS, (), (Count.FIRST_SEEN,), *told)


def _waiting(centile: float, suffix: str, words: str) -> Indicator:
    name = f"Days waited by those who wait, {words}"
    told = (OF_REFERRALS, _ENDS, "Follow-ups and groups; those without a start.", Chapter.WAITS, centile)
    return Indicator(f"waiting{suffix}", name, Kind.DAYS, _LESS, (), (Count.WAITING_NEW,), *told)


def _clocks(word: str, name: str, within: Count, is_open: Count, stops: Count) -> tuple[Indicator, ...]:
    told = (OF_REFERRALS, _ENDS, _NO_START, Chapter.CLOCKS)
    first, clear = f"{name} within 18 weeks", f"{name}: weeks to clear them"
    return (
        Indicator(f"{word}_within", first, Kind.SHARE, _MORE, (within,), (is_open,), *told),
        Indicator(f"{word}_clearance", clear, Kind.WEEKS, _LESS, (is_open,), (stops,), *told),
    )


CENTILES = (
    (0.5, "", "half of them"),
    (0.85, "_85", "85 of 100"),
    (0.92, "_92", "92 of 100"),
    (0.95, "_95", "95 of 100"),
    (1.0, "_max", "the longest"),
)
_BY_PATIENT, _CONSULTANTS, _THERAPY = "Cancelled by the patient", "Consultant-led clocks", "Therapy clocks"
_WRITTEN_ON = "the day of what they are about"

_ATTENDANCE = (
    _visits(
        "missed", "Did not attend", Count.MISSED, _KEPT, "Cancelled appointments; those without an outcome."
    ),
    _visits("unable", _BY_PATIENT, Count.BY_PATIENT, _WITH_PATIENT, _EARLIER),
    *(
        _visits(code, f"{_BY_PATIENT} {when}", top, _WITH_PATIENT, _EARLIER)
        for code, when, top in (
            ("unable_late", "in the last 24 hours", Count.BY_PATIENT_LATE),
            ("unable_day", "24 to 48 hours before", Count.BY_PATIENT_DAY),
            ("unable_days", "2 to 7 days before", Count.BY_PATIENT_DAYS),
            ("unable_early", "more than 7 days before", Count.BY_PATIENT_EARLY),
        )
    ),
    _visits("provider", "Cancelled by the service", Count.BY_PROVIDER, _WITH_ALL, _EARLIER),
    _visits(
        "provider_short",
        "Cancelled by the service within six weeks",
        Count.BY_PROVIDER_SHORT,
        _WITH_ALL,
        _EARLIER,
    ),
    Indicator(
        code="follow_ups",
        name="Follow-ups for each first appointment",
        kind=Kind.RATIO,
        better=_EITHER,
        top=(Count.ATTENDED_FOLLOW_UP,),
        bottom=(Count.ATTENDED_NEW,),
        cuts=EVERY - {Cut.KIND},
        dated=_STARTS,
        leaves_out="Groups.",
    ),
    Indicator(
        code="on_request",
        name="Moved to patient-initiated follow-up",
        kind=Kind.SHARE,
        better=_EITHER,
        top=(Count.ON_REQUEST,),
        bottom=(Count.ATTENDED_NEW, Count.ATTENDED_FOLLOW_UP),
        cuts=EVERY,
        dated=_STARTS,
        leaves_out="Groups; outcomes that were taken back.",
    ),
    Indicator(
        code="asked_for",
        name="Patient-initiated follow-ups that were asked for",
        kind=Kind.SHARE,
        better=_EITHER,
        top=(Count.ASKED_FOR,),
        bottom=(Count.ON_REQUEST,),
        cuts=EVERY,
        dated=_STARTS,
        leaves_out="Outcomes that were taken back.",
    ),
)
_SLOTS = (
    _seats("used", "Slots used", Count.ATTENDED, Count.AVAILABLE),
    _seats("booked", "Slots booked", Count.BOOKED, Count.AVAILABLE),
    _seats("minutes", "Clinic time used", Count.ATTENDED_MINUTES, Count.AVAILABLE_MINUTES),
    _seats("outcomed", "Outcome within 24 hours", Count.OUTCOMED, Count.ENDED, "Cancelled appointments."),
)
_OF_FREED = (
    _freed("filled", "Freed slots filled", Count.FILLED),
    _freed("filled_kept", "Freed slots filled and attended", Count.FILLED_KEPT),
    Indicator(
        code="fill_time",
        name="Minutes from freed to filled",
        kind=Kind.MINUTES,
        better=_LESS,
        top=(),
        bottom=(Count.FILLED,),
        cuts=OF_FREED,
        dated=_FREED,
        leaves_out=f"Those not filled. {_WHOLE}",
        chapter=Chapter.FREED,
    ),
)
_WAITS = (
    Indicator(
        code="third_next",
        name="Days to the third next free first appointment of a clinic",
        kind=Kind.DAYS,
        better=_LESS,
        top=(),
        bottom=(Count.CLINICS,),
        cuts=OF_SLOTS - {Cut.KIND},
        dated=_ENDS,
        leaves_out="Slots held for some, blocked ones, and clinics with fewer than three free ahead.",
        chapter=Chapter.WAITS,
    ),
    *(_first_wait(*each) for each in CENTILES),
    *(_waiting(*each) for each in CENTILES),
    Indicator(
        code="notice",
        name="Days from booking to appointment",
        kind=Kind.DAYS,
        better=_EITHER,
        top=(),
        bottom=(Count.MADE,),
        cuts=EVERY,
        dated=_STARTS,
        leaves_out="Cancelled appointments.",
        chapter=Chapter.WAITS,
    ),
)
_CLOCKS = (
    *_clocks("rtt", _CONSULTANTS, Count.RTT_WITHIN, Count.RTT_OPEN, Count.RTT_STOPS),
    _late(52, Count.RTT_OVER_52, "rtt", _CONSULTANTS),
    _late(65, Count.RTT_OVER_65, "rtt", _CONSULTANTS),
    _late(78, Count.RTT_OVER_78, "rtt", _CONSULTANTS),
    _late(104, Count.RTT_OVER_104, "rtt", _CONSULTANTS),
    *_clocks("ahp", _THERAPY, Count.AHP_WITHIN, Count.AHP_OPEN, Count.AHP_STOPS),
    _late(52, Count.AHP_OVER_52, "ahp", _THERAPY),
)
_LIST = (
    Indicator(
        code="demand",
        name="Referrals received",
        kind=Kind.COUNT,
        better=_EITHER,
        top=(Count.DEMAND,),
        bottom=(),
        cuts=OF_REFERRALS,
        dated=_RECEIVED,
        chapter=Chapter.LIST,
    ),
    Indicator(
        code="new_seats",
        name="Seats for first appointments",
        kind=Kind.COUNT,
        better=_EITHER,
        top=(Count.NEW_SEATS,),
        bottom=(),
        cuts=OF_SLOTS - {Cut.KIND},
        dated=_STARTS,
        leaves_out=_NOT_HELD,
        chapter=Chapter.LIST,
    ),
    Indicator(
        code="queue_load",
        name="Queue load: referrals over seats for first appointments",
        kind=Kind.SHARE,
        better=_LESS,
        top=(Count.DEMAND,),
        bottom=(Count.NEW_SEATS,),
        cuts=frozenset({Cut.SERVICE, Cut.FUNCTION}),
        dated="the day of receipt, and the day of the clinic",
        leaves_out=_NOT_HELD,
        chapter=Chapter.LIST,
    ),
    _listed("questioned", "Asked whether the place is still needed, of 100 listed", Count.QUESTIONED),
    _listed("replied", "Answered that question, of 100 listed", Count.REPLIED),
    _listed("taken_off", "Taken off the list after an answer, of 100 listed", Count.TAKEN_OFF),
)
_OFFICE = (
    Indicator(
        code="triaged",
        name="Triaged in time",
        kind=Kind.SHARE,
        better=_MORE,
        top=(Count.TRIAGED,),
        bottom=(Count.RECEIVED,),
        cuts=OF_REFERRALS,
        dated=_RECEIVED,
        leaves_out="Referrals whose time is not over; those removed before.",
        chapter=Chapter.OFFICE,
    ),
    Indicator(
        code="letters",
        name="Letters that left on the same day",
        kind=Kind.SHARE,
        better=_MORE,
        top=(Count.SENT_SAME_DAY,),
        bottom=(Count.WRITTEN,),
        cuts=OF_REFERRALS,
        dated=_WRITTEN_ON,
        leaves_out="Letters that were withdrawn.",
        chapter=Chapter.OFFICE,
    ),
    Indicator(
        code="letter_hours",
        name="Hours until a letter leaves",
        kind=Kind.HOURS,
        better=_LESS,
        top=(),
        bottom=(Count.SENT,),
        cuts=OF_REFERRALS,
        dated=_WRITTEN_ON,
        leaves_out="Letters that have not left.",
        chapter=Chapter.OFFICE,
    ),
    Indicator(
        code="unoutcomed",
        name="Appointments without an outcome",
        kind=Kind.COUNT,
        better=_LESS,
        top=(Count.UNOUTCOMED,),
        bottom=(),
        cuts=OF_SLOTS,
        dated=_ENDS,
        leaves_out="Those that had not ended; cancelled ones.",
        chapter=Chapter.OFFICE,
    ),
    Indicator(
        code="unoutcomed_oldest",
        name="Oldest appointment without an outcome",
        kind=Kind.DAYS,
        better=_LESS,
        top=(),
        bottom=(Count.UNOUTCOMED,),
        cuts=OF_SLOTS,
        dated=_ENDS,
        leaves_out="Those that had not ended; cancelled ones.",
        chapter=Chapter.OFFICE,
        centile=1.0,
    ),
)
_ALL = (*_ATTENDANCE, *_SLOTS, *_OF_FREED, *_WAITS, *_CLOCKS, *_LIST, *_OFFICE)
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
    """The indicator from its counts. What is not there is nought; a number that nobody counted is none."""
    top = sum(counts.get(each, 0) for each in indicator.top)
    if not indicator.bottom:
        known = any(each in counts for each in indicator.top)
        return Reading(float(top) if known else None, top, int(top))
    bottom = sum(counts.get(each, 0) for each in indicator.bottom)
    return Reading(top / bottom if bottom else None, top, round(bottom))


def suppressed(counts: Sequence[int], least: int = SMALL) -> frozenset[int]:
    """The places of those groups whose counts are not shown: small ones, and one more if only one is small.

    A single count that is left out could be worked out from the total; so the next smallest goes with it.
    """
    small = {place for place, count in enumerate(counts) if 0 < count < least}
    others = [place for place, count in enumerate(counts) if count >= least]
    if len(small) == 1 and others:
        small.add(min(others, key=lambda place: counts[place]))
    return frozenset(small)
