"""Who waits in a simulated department, what they ask for, and the visits they have."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from clearway.domain.outpatients.reminders import Step
from clearway.engine.outpatients.fit import Wanted

from ..shared.chance import Chance
from .arrivals import Referred
from .effects import Habits
from .parameters import Parameters
from .seats import FOLLOW_UP, NEW, Clinics, Seat

LIMIT_DAYS = 126  # from the referral to the first visit: 18 weeks
LATEST_AFTER = timedelta(days=28)  # a follow-up is no use later than so long after it is due; assumed
MINUTES = {NEW: 45, FOLLOW_UP: 30}
INTERPRETER, NEED, FAR, NO_TEXTS, NOBODYS = "interpreter", "other need", "far", "no texts", "none of these"
GROUPS = (INTERPRETER, NEED, FAR, NO_TEXTS, NOBODYS)


@dataclass(slots=True, eq=False)
class Visit:
    """One booking. miss: the share under which it is missed; risk: its probability, with reminders so far.

    how  by the booking round or by an offer
    """

    entry: "Entry"
    seat: Seat
    key: str
    made: float
    how: str
    miss: float
    risk: float
    state: str = "booked"  # then attended, missed, cancelled, moved or provider
    done: set[Step] = field(default_factory=set)
    told: float | None = None
    is_confirmed: bool = False


@dataclass(slots=True, eq=False)
class Entry:
    """One visit that a patient waits for.

    nth       of the patient's visits; number  of the entry, the same under every policy
    since     when it came on the list; waits_from, treat_by  by which lists are ordered
    reached   when offers reached them; asked  keys of the seats they were asked about, or gave back
    """

    number: int
    nth: int
    referred: Referred
    wanted: Wanted
    since: float
    waits_from: date
    treat_by: date
    groups: tuple[str, ...]
    visit: Visit | None = None
    bookings: int = 0
    cancelled: int = 0
    not_before: float = 0.0
    reached: list[float] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    is_asked: bool = False
    has_ended: bool = False

    @property
    def due_on(self) -> date | None:
        """When a follow-up is due; None for a first visit."""
        return self.waits_from if self.wanted.kind == FOLLOW_UP else None

    @property
    def channel(self) -> str:
        return "text" if self.referred.person.may_text else "phone"

    @property
    def place(self) -> tuple[int, date, date, int]:
        return (-int(self.wanted.priority), self.treat_by, self.waits_from, self.number)


class Line:
    """Those who wait for one kind of visit of one service, in the order of the list, and those booked."""

    def __init__(self) -> None:
        self._waiting: list[tuple[tuple[int, date, date, int], Entry]] = []
        self.booked: dict[int, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return (entry for _, entry in self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, entry: Entry) -> None:
        insort(self._waiting, (entry.place, entry))

    def remove(self, entry: Entry) -> None:
        at = bisect_left(self._waiting, (entry.place,))
        if self._waiting[at][1] is not entry:
            raise ValueError(f"Entry {entry.number} is not where it should stand.")
        del self._waiting[at]


class Asks:
    """What each patient asks for, drawn by their number alone."""

    def __init__(self, clinics: Clinics, parameters: Parameters, habits: Habits, seed: int) -> None:
        self.habits, self.seed = habits, seed
        self.numbers = clinics.services
        self.sites = {code: clinics.sites_of(code) for code in parameters.services}
        self.skills = {code: clinics.rare_skills(code) for code in parameters.services}
        self.media = {
            (code, kind): clinics.media_of(code, kind)
            for code in parameters.services
            for kind in (NEW, FOLLOW_UP)
        }

    def entry(self, referred: Referred, nth: int, kind: str, since: float, waits_from: date) -> Entry:
        """The nth visit that somebody waits for. waits_from: the referral, or the day a follow-up is due."""
        limit = timedelta(days=LIMIT_DAYS) if kind == NEW else LATEST_AFTER
        wanted = self._wanted(referred, nth, kind, waits_from + limit)
        number = 100 * int(referred.person.nhs_number[3:9]) + nth
        groups = self._groups(referred)
        return Entry(number, nth, referred, wanted, since, waits_from, waits_from + limit, groups)

    def _wanted(self, referred: Referred, nth: int, kind: str, treat_by: date) -> Wanted:
        who, habits, service = referred.person, self.habits, referred.service
        chance = Chance(self.seed, f"asks/{who.nhs_number}")
        at_short_notice, one_site = chance.happens(habits.short_notice), chance.happens(habits.one_site)
        hours = habits.notice_hours[int(chance.share() * len(habits.notice_hours))]
        some_days = chance.happens(habits.some_days)
        first = int(chance.share() * 5)
        skilled, which = chance.happens(habits.skill), chance.share()
        rare = self.skills[service]
        media = self.media[service, kind]
        return Wanted(
            service=self.numbers[service],
            kind=kind,
            minutes=MINUTES[kind],
            priority=referred.priority if kind == NEW else "1",
            skills=frozenset({rare[int(which * len(rare))]}) if skilled and rare else frozenset(),
            medium=Chance(self.seed, f"medium/{who.nhs_number}/{nth}").one_of(media) if media else "01",
            treat_by=treat_by,
            sites=frozenset({who.site}) if one_site and who.site in self.sites[service] else frozenset(),
            days=frozenset((first + step) % 5 + 1 for step in range(3)) if some_days else frozenset(),
            notice_hours=hours if at_short_notice else None,
            needs=tuple((kind.capitalize(), detail) for kind, detail in who.needs),
        )

    def _groups(self, referred: Referred) -> tuple[str, ...]:
        who = referred.person
        kinds = {kind for kind, _ in who.needs}
        found = [
            name
            for name, is_one in (
                (INTERPRETER, "interpreter" in kinds),
                (NEED, bool(kinds - {"interpreter"})),
                (FAR, who.site not in self.sites[referred.service]),
                (NO_TEXTS, not who.may_text),
            )
            if is_one
        ]
        return tuple(found) or (NOBODYS,)
