"""The past of a department: who was referred, waited, was booked, came or did not, until an instant.

Clinics are given as slots that exist; the queue of each service is worked off in their order: urgent first,
then in the order of arrival. Nothing is told that has not happened by the instant, except bookings made.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from clearway.domain.outpatients.clinics import LONDON
from clearway.domain.outpatients.clock_events import EventKind, Evidence
from clearway.domain.outpatients.words import Attended, Outcome, RttStatus

from ..shared.chance import Chance
from .arrivals import Referred, arrivals
from .conduct import FOLLOW_UP, GROUP, NEW, cancellation, seen
from .parameters import Parameters, Volume

TREATED_BEFORE = timedelta(weeks=8)  # of those first seen before the clinics given, how far back we tell
STILL_COMING = 0.5  # share of them who are still in treatment
ANSWERED_AFTER = timedelta(days=10)  # a referrer who was asked for the question has given it by then
TRIAGE_DAYS = (0.2, 4.0)
URGENT_NOTICE, ROUTINE_NOTICE = (1.0, 7.0), (10.0, 30.0)  # days from booking to the visit
SHORTEST_NOTICE, BOOKED_AGAIN_AFTER = timedelta(hours=20), timedelta(days=5)
MOST_CANCELLATIONS = 2  # of one patient: who would cancel again comes instead
FILLED_PAST = 0.95
# Share of slots that are booked, by whole weeks ahead; what is nearest is nearly full. Assumed.
FILLED_NEW = (0.93, 0.85, 0.6, 0.3, 0.12, 0.05, 0.02, 0.0)
FILLED_FOLLOW_UP = (0.94, 0.85, 0.7, 0.5, 0.3, 0.12, 0.05, 0.0)
GROUP_SEATS_TAKEN = 0.6


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that exists. key is the caller's."""

    key: int
    service: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    is_urgent: bool = False
    seats: int = 1


@dataclass(frozen=True, slots=True)
class Happened:
    """A clock event of a case."""

    kind: EventKind
    on: date
    evidence: frozenset[Evidence] = frozenset()
    start_on: date | None = None


@dataclass(slots=True)
class Visit:
    """One booking. state: booked, attended, missed or cancelled; status and outcome once it was cashed up."""

    slot: Slot
    seat: int
    kind: str
    made_at: datetime
    state: str = "booked"
    cancelled_at: datetime | None = None
    cancelled_by: str = ""
    reason: str = ""
    attended: str = ""
    outcome: str = ""
    status: str = ""


@dataclass(slots=True)
class Case:
    """One referral and all that came of it.

    triaged_at  None while nobody has looked at it
    waits_for   new or follow_up: an appointment not yet kept, booked or not; "" when the case has ended
    due_on      of a follow-up
    """

    referred: Referred
    triaged_at: datetime | None = None
    events: list[Happened] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    waits_for: str = NEW
    waits_since: datetime | None = None
    due_on: date | None = None
    is_treated: bool = False
    ended_on: date | None = None

    @property
    def standing(self) -> Visit | None:
        """The visit that is booked, if one is."""
        return self.visits[-1] if self.visits and self.visits[-1].state == "booked" else None


def past(
    slots: Sequence[Slot], parameters: Parameters, *, seed: int, until: datetime, cashed_before: datetime
) -> list[Case]:
    """Every case that has happened by `until`, in the order of referral.

    slots          past and coming, of all services; the first day of them is where clinics begin
    cashed_before  visits from here on stand as booked: nobody has said yet how they ended
    """
    begins = min(slot.starts_at for slot in slots)
    days = _days(parameters, seed, begins, until)
    cases: list[Case] = []
    for code, volume in parameters.services.items():
        own = sorted(
            (slot for slot in slots if slot.service == code), key=lambda each: (each.starts_at, each.key)
        )
        told = [each for each in days if each.service == code]
        service = _Service(code, volume, parameters, seed, begins, until, cashed_before)
        cases += service.play(told, own)
    return sorted(cases, key=lambda case: (case.referred.at, case.referred.person.nhs_number))


def _days(parameters: Parameters, seed: int, begins: datetime, until: datetime) -> list[Referred]:
    longest = max(
        (
            each.list / each.referrals_per_week
            for each in parameters.services.values()
            if each.referrals_per_week
        ),
        default=0,
    )
    on = (begins - timedelta(weeks=longest) - TREATED_BEFORE).date()
    found = []
    while on <= until.date():
        found += [each for each in arrivals(parameters, seed, on) if each.at <= until]
        on += timedelta(days=1)
    return found


class _Service:
    """One service's queue, worked off slot by slot."""

    def __init__(
        self,
        code: str,
        volume: Volume,
        parameters: Parameters,
        seed: int,
        begins: datetime,
        until: datetime,
        cashed_before: datetime,
    ) -> None:
        self.code, self.parameters, self.seed = code, parameters, seed
        self.begins, self.until, self.cashed_before = begins, until, cashed_before
        weeks = volume.list / volume.referrals_per_week if volume.referrals_per_week else 0
        self.frontier = begins - timedelta(weeks=weeks)
        self.chance = Chance(seed, f"past/{code}")
        self.urgent: deque[Case] = deque()
        self.routine: deque[Case] = deque()
        self.pool: list[tuple[date, int, Case]] = []
        self.order = count()
        self.cases: list[Case] = []

    def play(self, told: Iterable[Referred], slots: Iterable[Slot]) -> list[Case]:
        for referred in told:
            self._begin(referred)
        for slot in slots:
            if slot.kind == NEW:
                self._fill_new(slot)
            else:
                self._fill_follow_up(slot)
        return self.cases

    def _begin(self, referred: Referred) -> None:
        if not referred.question and referred.at < self.until - ANSWERED_AFTER:
            referred = replace(referred, question=f"Please assess and treat: {referred.condition}")
        case = Case(referred, waits_since=referred.at)
        case.events.append(_first_event(referred))
        if referred.at < self.frontier:
            self._seen_before(case)
            return
        low, high = (0.05, 0.8) if referred.priority != "1" else TRIAGE_DAYS
        looked_at = referred.at + timedelta(days=self.chance.between(low, high))
        self.cases.append(case)
        if looked_at > self.until or not referred.question:
            return
        case.triaged_at = case.waits_since = looked_at.replace(microsecond=0)
        (self.routine if referred.priority == "1" else self.urgent).append(case)

    def _seen_before(self, case: Case) -> None:
        """First seen before the clinics that are told of; still coming, or of no more interest."""
        if case.referred.at < self.frontier - TREATED_BEFORE or not self.chance.happens(STILL_COMING):
            return
        first = max(case.referred.at, self.begins - TREATED_BEFORE)
        treated_at = first + (self.begins - first) * self.chance.share()
        case.triaged_at = case.referred.at + (treated_at - case.referred.at) * 0.2
        case.waits_since, case.is_treated = treated_at, True
        case.events.append(Happened(EventKind.TREATED, treated_at.astimezone(LONDON).date()))
        self.cases.append(case)
        self._come_again(case, (self.begins + timedelta(days=self.chance.between(0, 28))).date())

    def _come_again(self, case: Case, due_on: date) -> None:
        case.waits_for, case.due_on = FOLLOW_UP, due_on
        heappush(self.pool, (due_on, next(self.order), case))

    def _fill_new(self, slot: Slot) -> None:
        if not self.chance.happens(self._filled(slot, FILLED_NEW)):
            return
        for _ in range(2):  # a slot that is given back in time is given once more
            case = self._next_new(slot)
            if case is None or self._book(case, slot, 1, NEW) is None:
                return

    def _next_new(self, slot: Slot) -> Case | None:
        """The head of the urgent queue, else of the routine one, that can still be told of the slot."""
        for queue in (self.urgent, self.routine):
            for place, case in enumerate(queue):
                if place > 20:
                    break
                notice = BOOKED_AGAIN_AFTER if case.visits else SHORTEST_NOTICE
                if case.waits_since is not None and case.waits_since + notice < slot.starts_at:
                    del queue[place]
                    return case
        return None

    def _fill_follow_up(self, slot: Slot) -> None:
        seats = range(1, slot.seats + 1)
        share = self._filled(slot, FILLED_FOLLOW_UP) * (GROUP_SEATS_TAKEN if slot.kind == GROUP else 1)
        for seat in seats:
            if not self.chance.happens(share):
                continue
            early = timedelta(days=4)
            if self.pool and self.pool[0][0] - early <= slot.starts_at.date():
                _, _, case = heappop(self.pool)
                self._book(case, slot, seat, GROUP if slot.kind == GROUP else FOLLOW_UP)

    def _filled(self, slot: Slot, by_week: tuple[float, ...]) -> float:
        weeks = (slot.starts_at - self.until).days // 7
        if slot.starts_at <= self.until:
            return FILLED_PAST
        return by_week[weeks] if weeks < len(by_week) else 0.0

    def _book(self, case: Case, slot: Slot, seat: int, kind: str) -> Visit | None:
        """Book a visit and play it to its end; the visit when it was cancelled, else None."""
        made_at = self._made_at(case, slot, kind)
        if made_at > self.until or slot.starts_at <= made_at:
            self._back(case, at=case.waits_since or made_at)
            return None
        visit = Visit(slot, seat, kind, made_at)
        case.visits.append(visit)
        key = f"{case.referred.person.nhs_number}/{slot.starts_at.isoformat()}"
        cancelled = cancellation(key, kind, made_at, slot.starts_at, self.parameters, self.seed)
        has_had_enough = sum(each.state == "cancelled" for each in case.visits) >= MOST_CANCELLATIONS
        if has_had_enough:
            cancelled = None
        if cancelled is not None and cancelled.at <= self.until and cancelled.at < self.cashed_before:
            visit.state, visit.cancelled_at = "cancelled", cancelled.at
            visit.cancelled_by, visit.reason = cancelled.by, cancelled.reason
            word = (
                EventKind.CANCELLED_BY_PATIENT
                if cancelled.by == "patient"
                else EventKind.CANCELLED_BY_PROVIDER
            )
            case.events.append(Happened(word, cancelled.at.astimezone(LONDON).date()))
            self._back(case, at=cancelled.at)
            return visit
        if slot.ends_at < self.cashed_before:
            self._end(case, visit, key)
        return None

    def _made_at(self, case: Case, slot: Slot, kind: str) -> datetime:
        low, high = URGENT_NOTICE if case.referred.priority != "1" and kind == NEW else ROUTINE_NOTICE
        wanted = slot.starts_at - timedelta(days=self.chance.between(low, high))
        since = case.waits_since or case.referred.at
        earliest = since + timedelta(minutes=self.chance.between(5, 60 * 12))
        # A coming visit was booked by now, and nothing is booked before it is waited for.
        return max(min(wanted, self.until), earliest).replace(microsecond=0)

    def _back(self, case: Case, *, at: datetime) -> None:
        """To the head of the queue that the case came from."""
        case.waits_since = at
        if case.waits_for == FOLLOW_UP:
            heappush(self.pool, (max(case.due_on or at.date(), at.date()), next(self.order), case))
        else:
            (self.routine if case.referred.priority == "1" else self.urgent).appendleft(case)

    def _end(self, case: Case, visit: Visit, key: str) -> None:
        on = visit.slot.starts_at.astimezone(LONDON).date()
        who = case.referred.person
        end = seen(key, who.nhs_number, visit.kind, self.code, who.is_child, self.parameters, self.seed)
        visit.attended, visit.outcome = end.attended, end.outcome
        case.waits_since = visit.slot.ends_at
        if end.attended is Attended.MISSED:
            self._missed(case, visit, on)
            return
        visit.state = "attended"
        visit.status = _status(case, end.treats, end.outcome)
        case.events.append(Happened(_event(case, end.treats, end.outcome), on))
        case.is_treated = case.is_treated or end.treats
        if end.next_in is None:
            case.waits_for, case.ended_on = "", on
        else:
            self._come_again(case, on + timedelta(days=end.next_in))

    def _missed(self, case: Case, visit: Visit, on: date) -> None:
        """A clinician decides: another offer, as most are given, or discharge with the policy met."""
        visit.state = "missed"
        is_first = not any(each.state == "attended" for each in case.visits) and not case.is_treated
        visit.status = RttStatus.FIRST_MISSED if is_first else _running(case)
        word = EventKind.NOT_BROUGHT if case.referred.person.is_child else EventKind.MISSED
        case.events.append(Happened(word, on, frozenset({Evidence.NOTICE})))
        if case.referred.person.is_child or self.chance.happens(0.8):
            if is_first:
                case.events.append(Happened(EventKind.REOFFERED, on))
            self._back(case, at=visit.slot.ends_at)
            return
        shown = frozenset({Evidence.NOTICE, Evidence.CLINICAL_DECISION, Evidence.POLICY})
        visit.outcome = Outcome.DISCHARGED
        case.events.append(Happened(EventKind.DISCHARGED_AFTER_MISS, on, shown))
        case.waits_for, case.ended_on = "", on


def _first_event(referred: Referred) -> Happened:
    """On a consultant's pathway the clock goes on, where its start is known."""
    on = referred.at.astimezone(LONDON).date()
    if referred.from_consultant:
        return Happened(EventKind.TRANSFER_RECEIVED, on, start_on=referred.consultant_start)
    is_self = referred.route == "self"
    return Happened(EventKind.SELF_REFERRAL_RECEIVED if is_self else EventKind.REFERRAL_RECEIVED, on)


def _running(case: Case) -> RttStatus:
    return RttStatus.AFTER_TREATMENT if case.is_treated else RttStatus.FURTHER_ACTIVITY


def _status(case: Case, treats: bool, outcome: Outcome) -> RttStatus:
    if case.is_treated:
        return RttStatus.AFTER_TREATMENT
    if treats:
        return RttStatus.TREATED
    return RttStatus.NOT_TO_TREAT if outcome is Outcome.DISCHARGED else RttStatus.FURTHER_ACTIVITY


def _event(case: Case, treats: bool, outcome: Outcome) -> EventKind:
    if case.is_treated or (not treats and outcome is not Outcome.DISCHARGED):
        return EventKind.ATTENDED
    return EventKind.TREATED if treats else EventKind.NOT_TO_TREAT
