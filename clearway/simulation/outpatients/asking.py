"""Asking people about a freed seat in a simulated department: those whom the engine ranks first.

As at the desk: the production ranking chooses, the production plan says how many and for how long; people are
asked between the policy's hours; the first yes has the seat, and who says yes after that is disappointed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import log
from typing import TYPE_CHECKING

from clearway.domain.outpatients.recycling import LONDON, Freed, ends
from clearway.engine.outpatients.offers import Chance as Expected
from clearway.engine.outpatients.offers import Record, Weights, learned, plan
from clearway.engine.outpatients.recycling import Candidate, earliest, fitting, is_settled

from ..shared.chance import Chance
from .effects import Answers
from .people_waiting import Entry, Visit
from .policies import BROADCAST, Strategy
from .seats import Seat, columns

if TYPE_CHECKING:
    from .world import World

DAY, HOUR, MINUTE = 86_400, 3600, 60
READ = 40  # entries that are ranked at first; more where too few fit
MOST_READ = 1500  # as the desk
OUT, ACCEPTED, DECLINED, NO_ANSWER, THANKED, WITHDRAWN = (
    "out",
    "accepted",
    "declined",
    "no answer",
    "thanked",
    "withdrawn",
)


@dataclass(slots=True, eq=False)
class Offer:
    """One person who is asked about one seat. says: yes, no, or "" for never an answer."""

    vacant: "Vacant"
    entry: Entry
    channel: str
    made: float
    until: float
    says: str
    state: str = OUT
    ended: float | None = None


@dataclass(slots=True, eq=False)
class Vacant:
    """A seat that was given back, or let go after it was kept, and what became of it.

    notice  whole hours from then to its start; how  patient, moved or released; after  whose filling freed it
    days_sooner  of somebody who had a later date
    """

    seat: Seat
    at: float
    notice: int
    how: str
    after: "Vacant | None" = None
    state: Freed = Freed.OPEN
    ended: float | None = None
    filled_by: Visit | None = None
    days_sooner: float | None = None
    offers: list[Offer] = field(default_factory=list)
    out: list[Offer] = field(default_factory=list)
    disappointed: int = 0


@dataclass(slots=True)
class _Seen:
    """What came of offers by one channel so far."""

    asked: int = 0
    accepted: int = 0
    answered: int = 0
    open_minutes: float = 0.0

    def record(self) -> Record:
        return Record(self.asked, self.accepted, self.answered, self.open_minutes)


class Asking:
    """Everything that is asked in one department."""

    def __init__(self, world: "World", answers: Answers) -> None:
        self.world, self.answers = world, answers
        self.policy, self.strategy = world.tried.recycling, world.tried.strategy
        self.seen = {"phone": _Seen(), "text": _Seen()}

    def begin(self, vacant: Vacant) -> None:
        """A seat is free: somebody is asked at once, and until the last moment."""
        self.world.agenda.at(self._last(vacant), self._expire, vacant)
        self._tend(vacant)

    def filled(self, vacant: Vacant, visit: Visit) -> None:
        """Somebody has the seat: the others are thanked."""
        vacant.filled_by = visit
        for offer in list(vacant.out):
            self._over(offer, ACCEPTED if offer.entry is visit.entry else THANKED)
        self.end(vacant, Freed.FILLED)

    def end(self, vacant: Vacant, end: Freed) -> None:
        """The end of a freed seat, once."""
        vacant.state, vacant.ended = ends(vacant.state, end), self.world.agenda.now
        vacant.seat.freed = None
        for offer in list(vacant.out):
            self._over(offer, WITHDRAWN)

    def _last(self, vacant: Vacant) -> float:
        return vacant.seat.starts - MINUTE * self.policy.latest_minutes

    def _expire(self, vacant: Vacant) -> None:
        if vacant.state is Freed.OPEN:
            self.end(vacant, Freed.EXPIRED)

    def _tend(self, vacant: Vacant) -> None:
        """Ask the next people, where nobody is asked now and there is somebody."""
        agenda = self.world.agenda
        if vacant.state is not Freed.OPEN or vacant.out or self.strategy is Strategy.NOBODY:
            return
        at = datetime.fromtimestamp(agenda.now, UTC)
        if agenda.now >= self._last(vacant):
            return
        if not self.policy.may_ask(at):
            agenda.at(self._morning(at), self._tend, vacant)
            return
        chosen = self.suited(vacant)
        wave = self._wave(vacant, chosen, at) if chosen else None
        if wave is None:  # nobody fits now; tomorrow others are on the list, or have had fewer offers
            agenda.at(self._morning(at + timedelta(hours=12)), self._tend, vacant)
            return
        count, minutes = wave
        until = min(self.policy.after(at, minutes).timestamp(), self._last(vacant))
        asked = [self._ask(vacant, entry, until, turn) for turn, entry in enumerate(chosen[:count], 1)]
        vacant.offers += asked
        agenda.at(until, self._wave_ends, vacant, asked)

    def _morning(self, at: datetime) -> float:
        """The next instant at which patients may be asked: `at` itself if they may be asked then."""
        if self.policy.may_ask(at):
            return at.timestamp()
        there = at.astimezone(LONDON)
        on = there.date() + timedelta(days=1 if there.hour >= self.policy.to_hour else 0)
        return self.world.civil.instant(on, self.policy.from_hour)

    def _wave(self, vacant: Vacant, chosen: Sequence[Entry], at: datetime) -> tuple[int, float] | None:
        """How many are asked and for how many minutes; None where it is too late."""
        starts_at = datetime.fromtimestamp(vacant.seat.starts, UTC)
        left = self.policy.minutes_to_ask(at, self.policy.last_offer_at(starts_at))
        least = self.world.tried.holds.lasting(starts_at, at)
        if self.strategy is Strategy.ONE:
            return (1, least) if left >= least else None
        if self.strategy is Strategy.ALL:
            return (min(len(chosen), BROADCAST), left) if left > 0 else None
        expected = learned({name: seen.record() for name, seen in self.seen.items()})
        people: list[Expected] = [expected[entry.channel] for entry in chosen]
        most = self.world.tried.holds.most
        wave = plan(people, left, Weights(self.policy.most_at_once, least, self.policy.disappointed, most))
        return None if wave is None else (wave.count, wave.minutes)

    # Whom the engine chooses ------------------------------------------------------------------------------

    def suited(self, vacant: Vacant) -> list[Entry]:
        """Whom to ask, first to last, by the production ranking; read as far as needed, as at the desk."""
        world, seat = self.world, vacant.seat
        line = world.lines[seat.service, seat.kind]
        at = datetime.fromtimestamp(world.agenda.now, UTC)
        slot = columns([seat], world.clinics.services[seat.service])
        later = seat.starts + self.policy.gain_days * DAY
        booked = [
            each
            for each in line.booked.values()
            if each.visit is not None and each.visit.seat.starts >= later
        ]
        booked.sort(key=lambda each: each.place)
        count = READ
        while True:
            waiting = list(islice(self._possible(line, seat), count))
            moving = list(islice(self._possible(booked, seat), count))
            read = {each.number: each for each in (*waiting, *moving)}
            asked = [self._candidate(each, seat) for each in read.values()]
            fit, _ = fitting(slot, asked, self.policy, at, BROADCAST)
            cut = [self._candidate(each[-1], seat) for each in (waiting, moving) if len(each) == count]
            if count >= MOST_READ or is_settled(fit, cut, BROADCAST):
                return [read[each.entry] for each in fit]
            count *= 4

    def _possible(self, entries: Iterable[Entry], seat: Seat) -> Iterator[Entry]:
        """Those whom no rule leaves out that can be looked up: the ranking says the same of the others."""
        policy, notice = self.policy, seat.starts - self.world.agenda.now
        is_soon, no_needs = notice < policy.notice_hours * HOUR, notice < policy.needs_hours * HOUR
        on = datetime.fromtimestamp(seat.starts, LONDON).date()
        is_for_urgent = policy.is_for_urgent(seat.kind, notice)
        for entry in entries:
            wanted = entry.wanted
            if is_for_urgent and not wanted.is_urgent:
                continue
            if entry.is_asked or seat.key in entry.asked or wanted.medium != seat.medium:
                continue
            if entry.due_on is not None and on < earliest(entry.due_on, policy):
                continue
            if wanted.notice_hours is None:
                if is_soon:
                    continue
            elif notice < wanted.notice_hours * HOUR:
                continue
            if no_needs and wanted.needs:
                continue
            yield entry

    def _candidate(self, entry: Entry, seat: Seat) -> Candidate:
        since = self.world.agenda.now - self.policy.offer_days * DAY
        return Candidate(
            entry=entry.number,
            wanted=entry.wanted,
            treat_by=entry.treat_by,
            waits_from=entry.waits_from,
            due_on=entry.due_on,
            booked_for=None if entry.visit is None else entry.visit.seat.starts,
            offers=sum(at > since for at in entry.reached),
            was_asked=seat.key in entry.asked,
            is_asked=entry.is_asked,
            channel=entry.channel,
        )

    # Offers and their answers -----------------------------------------------------------------------------

    def _ask(self, vacant: Vacant, entry: Entry, until: float, turn: int) -> Offer:
        if entry.is_asked:
            raise ValueError(f"Entry {entry.number} is asked about another seat.")
        now = self.world.agenda.now
        says, minutes = self._truth(vacant, entry, turn)
        offer = Offer(vacant, entry, entry.channel, now, until, says)
        entry.is_asked = True
        entry.asked.add(vacant.seat.key)
        if offer.channel == "text":
            entry.reached.append(now)
        vacant.out.append(offer)
        if says:
            at = self.policy.after(datetime.fromtimestamp(now, UTC), minutes).timestamp()
            self.world.agenda.at(at, self._answered, offer)
        return offer

    def _truth(self, vacant: Vacant, entry: Entry, turn: int) -> tuple[str, float]:
        """What this person says about this seat, and after how many minutes of the day's hours; by name."""
        answers = self.answers
        chance = Chance(self.world.seed, f"answers/{entry.number}/{vacant.seat.name}")
        first, second, mind, slow = chance.luck(4)
        hours = (vacant.seat.starts - self.world.agenda.now) / HOUR
        says = "yes" if mind < answers.says_yes(entry.channel, hours) else "no"
        if entry.channel == "text":
            return (says, -answers.text_minutes * log(1 - slow)) if first < answers.replies else ("", 0.0)
        rung = answers.call_minutes * turn
        if first < answers.reached:
            return says, rung
        return (says, rung + answers.again_minutes) if second < answers.reached else ("", 0.0)

    def _answered(self, offer: Offer) -> None:
        vacant, entry = offer.vacant, offer.entry
        if offer.state != OUT:
            # A text is answered whatever became of the offer; nobody is rung about a seat that is gone.
            vacant.disappointed += (
                offer.says == "yes" and offer.channel == "text" and offer.state != WITHDRAWN
            )
            return
        if offer.channel == "phone":
            entry.reached.append(self.world.agenda.now)
        if offer.says == "yes":
            self.world.accept(entry, vacant)
            return
        self._over(offer, DECLINED)
        if not vacant.out:
            self.world.agenda.at(self.world.agenda.now + MINUTE, self._tend, vacant)

    def _wave_ends(self, vacant: Vacant, asked: Sequence[Offer]) -> None:
        for offer in asked:
            if offer.state == OUT:
                self._over(offer, NO_ANSWER)
        self._tend(vacant)

    def _over(self, offer: Offer, state: str) -> None:
        offer.state, offer.ended, offer.entry.is_asked = state, self.world.agenda.now, False
        offer.vacant.out.remove(offer)
        if state == WITHDRAWN:
            return
        seen = self.seen[offer.channel]
        seen.asked += 1
        seen.accepted += state == ACCEPTED
        seen.answered += state in (ACCEPTED, DECLINED)
        made, now = (datetime.fromtimestamp(each, UTC) for each in (offer.made, self.world.agenda.now))
        seen.open_minutes += self.policy.minutes_to_ask(made, now)
