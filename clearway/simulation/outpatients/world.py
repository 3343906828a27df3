"""A simulated outpatient department: referrals, booking, reminders, cancellations, visits, follow-ups.

It begins as the demonstration's department does (past.py), and lives event by event, to the minute where
people are asked about freed slots. Everything that chance decides belongs to a person, a booking or a slot by
name, so that policies differ only in what they cause. Same pack, policy, seed and start: same result.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.booking import notice_hours
from clearway.domain.outpatients.department import Department
from clearway.domain.outpatients.recycling import Freed
from clearway.domain.outpatients.reminders import Step, call_due, due, due_at
from clearway.domain.outpatients.reminders import Visit as Reminded
from clearway.domain.outpatients.words import Attended
from clearway.engine.outpatients.fit import entries, firsts

from ..shared.agenda import Agenda
from ..shared.chance import Chance
from ..shared.civil import Civil
from .arrivals import Referred, arrivals
from .asking import Asking, Vacant
from .conduct import cancellation, risk, seen
from .effects import Answers, Habits
from .parameters import Parameters
from .past import MOST_CANCELLATIONS, TRIAGE_DAYS, Case, Slot, past
from .people_waiting import Asks, Entry, Line, Visit
from .policies import Tried
from .seats import FOLLOW_UP, NEW, Clinics, Seat, columns

DAY, HOUR = 86_400, 3600
LAID_OUT = 28  # days ahead that are booked
PAST_DAYS = 42
ROUND_AT = 9.0  # London hour of the booking round, on working days
ROUTINE_AHEAD, URGENT_AHEAD = 10 * DAY, 1 * DAY  # the least notice of the booking round: letters, and calls
BOOKED_AGAIN = 5 * DAY  # after somebody cancelled
EARLY = timedelta(days=4)  # a follow-up is booked at most so long before it is due
LATE_SICKNESS, EARLIEST_SICKNESS = 72 * HOUR, 21 * DAY
QUESTION_ANSWERED = 7 * DAY  # a referrer who was asked has answered by then
CHILD_OR_AGAIN = 0.8  # of adults who missed a visit, how many are booked again
REMINDED = (Step.FAR, Step.NEAR, Step.LAST, Step.CALL)


class World:
    """The department under one policy. `start` is a midnight, UTC."""

    def __init__(
        self,
        department: Department,
        parameters: Parameters,
        tried: Tried,
        seed: int,
        start: datetime,
        *,
        habits: Habits | None = None,
        answers: Answers | None = None,
    ) -> None:
        self.parameters, self.tried, self.seed = parameters, tried, seed
        self.certain = replace(
            parameters,
            services={
                code: replace(each, missed_new=0.0, missed_follow_up=0.0)
                for code, each in parameters.services.items()
            },
        )
        self.clinics, self.civil = Clinics(department), Civil("Europe/London")
        self.asks = Asks(self.clinics, parameters, habits or Habits(), seed)
        self.agenda = Agenda(start.timestamp())
        self.lines = {(code, kind): Line() for code in parameters.services for kind in (NEW, FOLLOW_UP)}
        self.seats: list[Seat] = []
        self.visits: list[Visit] = []
        self.entries: list[Entry] = []
        self.freed: list[Vacant] = []
        self.own_follow_ups = 0
        self._sessions: dict[str, list[Seat]] = {}
        self._coming: dict[tuple[str, str], list[Seat]] = {key: [] for key in self.lines}
        self.asking = Asking(self, answers or Answers())
        self._open(start)

    def advance(self, until: datetime) -> None:
        """Live until an instant."""
        self.agenda.run(until.timestamp())

    # The opening ------------------------------------------------------------------------------------------

    def _open(self, start: datetime) -> None:
        seats: dict[int, Seat] = {}
        for day in range(-PAST_DAYS, LAID_OUT):
            for seat in self._of_day(start.date() + timedelta(days=day)):
                seats[seat.key] = seat
        for seat in seats.values():
            if seat.starts >= start.timestamp():
                self._lay_out(seat)
        self._watch([seat for seat in seats.values() if seat.starts >= start.timestamp()])
        for case in past(
            [_slot(seat) for seat in seats.values()],
            self.parameters,
            seed=self.seed,
            until=start,
            cashed_before=start,
        ):
            self._take_over(case, seats, start)
        self.agenda.at(start.timestamp(), self._day, start.date())

    def _take_over(self, case: Case, seats: dict[int, Seat], start: datetime) -> None:
        if not case.waits_for:
            return
        received = case.referred.at.date()
        if case.triaged_at is None:
            self._refer(case.referred, since=start.timestamp())
            return
        is_new = case.waits_for == NEW
        nth = 1 if is_new else 1 + max(1, len(case.visits))
        waits_from = received if is_new else case.due_on or start.date()
        entry = self._list(case.referred, nth, case.waits_for, waits_from, case.triaged_at.timestamp())
        visit = case.standing
        seat = seats[visit.slot.key] if visit else None
        if seat is not None and seat.visit is None and seat.starts > start.timestamp():
            self._book(entry, seat, "before")

    # Days -------------------------------------------------------------------------------------------------

    def _day(self, on: date) -> None:
        for referred in arrivals(self.parameters, self.seed, on):
            self.agenda.at(referred.at.timestamp(), self._refer, referred)
        laid_out = list(self._of_day(on + timedelta(days=LAID_OUT)))
        for seat in laid_out:
            self._lay_out(seat)
        self._watch(laid_out)
        if on.isoweekday() <= 5 and on not in BANK_HOLIDAYS:
            self.agenda.at(self.civil.instant(on, ROUND_AT), self._round)
        following = on + timedelta(days=1)
        self.agenda.at(datetime.combine(following, time(), UTC).timestamp(), self._day, following)

    def _of_day(self, on: date) -> list[Seat]:
        tried = self.tried
        return list(self.clinics.of_day(on, tried.held_share, tried.release_days, self.seed))

    def _lay_out(self, seat: Seat) -> None:
        self.seats.append(seat)
        self._sessions.setdefault(seat.session, []).append(seat)
        self._coming[seat.service, seat.kind].append(seat)
        if seat.released is not None:
            self.agenda.at(seat.released, self._release, seat)

    def _watch(self, seats: Sequence[Seat]) -> None:
        """Whose clinician will be ill, drawn for each clinic day."""
        for session in dict.fromkeys(seat.session for seat in seats):
            chance = Chance(self.seed, f"ill/{session}")
            if chance.happens(self.parameters.shares.cancelled_by_provider):
                starts = min(seat.starts for seat in self._sessions[session])
                late = chance.happens(0.5)
                notice = (
                    chance.between(0, LATE_SICKNESS)
                    if late
                    else chance.between(LATE_SICKNESS, EARLIEST_SICKNESS)
                )
                self.agenda.at(starts - notice, self._close, session)

    def _close(self, session: str) -> None:
        """A clinic day does not take place; its patients wait again, and keep their places."""
        for seat in self._sessions[session]:
            if seat.starts <= self.agenda.now:
                continue
            seat.is_closed = True
            if seat.freed is not None:
                self.asking.end(seat.freed, Freed.WITHDRAWN)
            if seat.visit is not None:
                self._give_back(seat.visit, "provider")

    def _release(self, seat: Seat) -> None:
        """A seat that was kept for the urgent is anybody's: it is offered as one that was given back is."""
        if seat.visit is None and not seat.is_closed and seat.freed is None:
            self._free(seat, "released")

    # Referrals and the list -------------------------------------------------------------------------------

    def _refer(self, referred: Referred, since: float | None = None) -> None:
        low, high = (0.05, 0.8) if referred.priority != "1" else TRIAGE_DAYS
        chance = Chance(self.seed, f"triage/{referred.person.nhs_number}")
        wait = DAY * chance.between(low, high) + (0 if referred.question else QUESTION_ANSWERED)
        begins = self.agenda.now if since is None else since
        self.agenda.at(begins + wait, self._list, referred, 1, NEW, self.civil.day(referred.at.timestamp()))

    def _list(
        self, referred: Referred, nth: int, kind: str, waits_from: date, since: float | None = None
    ) -> Entry:
        entry = self.asks.entry(referred, nth, kind, self.agenda.now if since is None else since, waits_from)
        self.entries.append(entry)
        self.line_of(entry).add(entry)
        return entry

    def line_of(self, entry: Entry) -> Line:
        return self.lines[entry.referred.service, entry.wanted.kind]

    # The booking round ------------------------------------------------------------------------------------

    def _round(self) -> None:
        for service, kind in self.lines:
            self._book_list(service, kind)

    def _book_list(self, service: str, kind: str) -> None:
        """The head of a list into the seats that are free, by the hard rules of booking."""
        now, line = self.agenda.now, self.lines[service, kind]
        coming = self._coming[service, kind] = [
            each for each in self._coming[service, kind] if each.starts > now
        ]
        free = [each for each in coming if is_free(each) and each.starts > now + URGENT_AHEAD]
        if not free:
            return
        free.sort(key=lambda each: (each.starts, each.key))
        latest = self.civil.day(free[-1].starts) + EARLY
        heads: list[Entry] = []
        for entry in line:
            if len(heads) >= 2 * len(free) + 10:
                break
            if not entry.is_asked and (kind == NEW or entry.waits_from <= latest):
                heads.append(entry)
        if not heads:
            return
        at = datetime.fromtimestamp(now, UTC)
        fits = firsts(
            columns(free, self.clinics.services[service]), entries([each.wanted for each in heads]), at
        )
        starts = np.array([each.starts for each in free], float)
        days = np.array([self.civil.day(each.starts).toordinal() for each in free])
        left = np.ones(len(free), np.bool_)
        for place, entry in enumerate(heads):
            wanted = entry.wanted
            ahead = URGENT_AHEAD if wanted.is_urgent else ROUTINE_AHEAD
            may = left & (fits[:, place] < 0) & (starts >= max(now + ahead, entry.not_before))
            if kind == FOLLOW_UP:
                may &= days >= (entry.waits_from - EARLY).toordinal()
            chosen = self._best(np.flatnonzero(may).tolist(), free, wanted.sites, wanted.days)
            if chosen is not None:
                left[chosen] = False
                self._book(entry, free[chosen], "round")

    def _best(
        self, rows: Sequence[int], free: Sequence[Seat], sites: frozenset[str], days: frozenset[int]
    ) -> int | None:
        """The soonest at a site and on a day they asked for; None where there is none, and they wait on."""
        for row in rows:
            seat = free[row]
            if sites and seat.site not in sites:
                continue
            if days and self.civil.day(seat.starts).isoweekday() not in days:
                continue
            return row
        return None

    # Bookings ---------------------------------------------------------------------------------------------

    def _book(self, entry: Entry, seat: Seat, how: str) -> Visit:
        now = self.agenda.now
        if seat.visit is not None or seat.is_closed or seat.starts <= now:
            raise ValueError(f"Seat {seat.name} cannot be booked.")
        self.line_of(entry).remove(entry)
        entry.bookings += 1
        key = f"{entry.referred.person.nhs_number}/{entry.nth}/{entry.bookings}"
        who = entry.referred.person.nhs_number
        likely = risk(who, seat.kind, seat.service, self.parameters, self.seed)
        visit = Visit(entry, seat, key, now, how, Chance(self.seed, f"comes/{key}").share(), likely)
        entry.visit = seat.visit = visit
        self.line_of(entry).booked[entry.number] = entry
        self.visits.append(visit)
        self._foresee(visit)
        if seat.freed is not None:
            self.asking.filled(seat.freed, visit)
        return visit

    def _foresee(self, visit: Visit) -> None:
        made, starts = datetime.fromtimestamp(visit.made, UTC), datetime.fromtimestamp(visit.seat.starts, UTC)
        self.agenda.at(visit.seat.ends, self._held, visit)
        if visit.entry.cancelled < MOST_CANCELLATIONS:
            found = cancellation(visit.key, visit.seat.kind, made, starts, self.parameters, self.seed)
            if found is not None and found.by == "patient":
                self.agenda.at(found.at.timestamp(), self._cancel, visit)
        plan = self.tried.reminders.of(visit.seat.service)
        if not plan.is_on:
            return
        about, is_texted = Reminded(made, starts), visit.entry.channel == "text"
        for step in REMINDED:
            begins = due_at(step, about, plan) if is_texted is (step is not Step.CALL) else None
            if begins is not None:
                gap = HOUR * (min(plan.gap_hours, 12) if step is Step.LAST else plan.gap_hours)
                self.agenda.at(max(begins.timestamp(), visit.made + gap), self._remind, visit)

    def _remind(self, visit: Visit) -> None:
        if visit.state != "booked":
            return
        now, effects = self.agenda.now, self.tried.effects
        plan = self.tried.reminders.of(visit.seat.service)
        about = Reminded(
            datetime.fromtimestamp(visit.made, UTC),
            datetime.fromtimestamp(visit.seat.starts, UTC),
            visit.is_confirmed,
            frozenset(visit.done | {Step.BOOKED}),
            None if visit.told is None else datetime.fromtimestamp(visit.told, UTC),
        )
        at = datetime.fromtimestamp(plan.opens_at(datetime.fromtimestamp(now, UTC)).timestamp(), UTC)
        if at.timestamp() > now:
            self.agenda.at(at.timestamp(), self._remind, visit)
            return
        is_texted = visit.entry.channel == "text"
        step = due(about, plan, at) if is_texted else Step.CALL if call_due(about, plan, at) else None
        if step is None:
            return
        visit.done.add(step)
        visit.told = now
        visit.is_confirmed = visit.is_confirmed or (
            is_texted and Chance(self.seed, f"confirms/{visit.key}").happens(effects.confirms)
        )
        factor = {Step.NEAR: effects.reminded, Step.LAST: effects.again, Step.CALL: effects.called}.get(
            step, 1.0
        )
        self._help(visit, factor)

    def _help(self, visit: Visit, factor: float) -> None:
        """A reminder lowers the risk; of those it saves from missing, some give the seat back in time."""
        before, visit.risk = visit.risk, visit.risk * factor
        if visit.risk <= visit.miss < before:
            chance = Chance(self.seed, f"gives back/{visit.key}")
            if chance.happens(self.tried.effects.gives_back):
                self.agenda.at(self.agenda.now + HOUR * chance.between(0.1, 4.0), self._cancel, visit)

    def _cancel(self, visit: Visit) -> None:
        """The patient gives the seat back."""
        if visit.state != "booked" or visit.seat.starts <= self.agenda.now:
            return
        visit.entry.cancelled += 1
        visit.entry.not_before = self.agenda.now + BOOKED_AGAIN
        self._give_back(visit, "cancelled")
        self._free(visit.seat, "patient")

    def _give_back(self, visit: Visit, state: str) -> None:
        entry = visit.entry
        visit.state, visit.seat.visit, entry.visit = state, None, None
        entry.asked.add(visit.seat.key)
        line = self.line_of(entry)
        del line.booked[entry.number]
        line.add(entry)

    def _free(self, seat: Seat, how: str, after: Vacant | None = None) -> None:
        if seat.is_closed or seat.starts <= self.agenda.now:
            return
        starts_at = datetime.fromtimestamp(seat.starts, UTC)
        hours = notice_hours(starts_at, datetime.fromtimestamp(self.agenda.now, UTC))
        seat.freed = Vacant(seat, self.agenda.now, hours, how, after)
        self.freed.append(seat.freed)
        self.asking.begin(seat.freed)

    def accept(self, entry: Entry, vacant: Vacant) -> None:
        """Somebody has said yes in time: booked, in place of the visit they have if they have one."""
        before = entry.visit
        if before is not None:
            vacant.days_sooner = (before.seat.starts - vacant.seat.starts) / DAY
            self._give_back(before, "moved")
        self._book(entry, vacant.seat, "offer")
        if before is not None:
            self._free(before.seat, "moved", vacant)

    # Visits -----------------------------------------------------------------------------------------------

    def _held(self, visit: Visit) -> None:
        """The hour of a visit is over."""
        if visit.state != "booked":
            return
        entry, seat = visit.entry, visit.seat
        line = self.line_of(entry)
        del line.booked[entry.number]
        entry.visit = None
        who = entry.referred.person
        if visit.miss < visit.risk:
            visit.state = "missed"
            if who.is_child or Chance(self.seed, f"after/{visit.key}").happens(CHILD_OR_AGAIN):
                line.add(entry)
            else:
                entry.has_ended = True
            return
        visit.state, entry.has_ended = "attended", True
        end = seen(visit.key, who.nhs_number, seat.kind, seat.service, who.is_child, self.certain, self.seed)
        if end.attended is Attended.MISSED:
            raise ValueError("Whether somebody comes is decided before.")
        if end.next_in is not None:
            self._come_again(entry, end.next_in)

    def _come_again(self, entry: Entry, days: int) -> None:
        today = self.civil.day(self.agenda.now)
        chance = Chance(self.seed, f"own/{entry.referred.person.nhs_number}/{entry.nth}")
        if not chance.happens(self.tried.own_follow_ups):
            self._list(entry.referred, entry.nth + 1, FOLLOW_UP, today + timedelta(days=days))
            return
        self.own_follow_ups += 1
        habits = self.asks.habits
        if chance.happens(habits.pifu_returns):
            wait = chance.between(*habits.pifu_days)
            due_on = today + timedelta(days=int(wait) + 14)
            self.agenda.at(
                self.agenda.now + DAY * wait, self._list, entry.referred, entry.nth + 1, FOLLOW_UP, due_on
            )


def is_free(seat: Seat) -> bool:
    """Whether the booking round may use it: nobody has it, and nobody is asked about it."""
    return seat.visit is None and not seat.is_closed and (seat.freed is None or not seat.freed.out)


def _slot(seat: Seat) -> Slot:
    return Slot(
        seat.key,
        seat.service,
        datetime.fromtimestamp(seat.starts, UTC),
        datetime.fromtimestamp(seat.ends, UTC),
        seat.kind,
        seat.released is not None,
    )
