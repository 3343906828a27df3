"""Who is offered a slot that was freed, in which order, and why each other is not.

What booking asks of any slot comes first (fit.RULES), then what is asked before somebody is rung or texted
about a date sooner than they expect. Whoever is left stands in the order of the list: clinical priority;
those who have no date in time before those who have one; treat-by; since when they wait. How likely somebody
is to come moves nobody.

Lists are long and few are asked: a list is read from its beginning, and only as far as `is_settled` asks.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from clearway.domain.outpatients.recycling import RecyclingPolicy

from .fit import HOUR, LONDON, RULES, Slots, Wanted, entries, firsts
from .slots import suggestion

DAY = 24 * HOUR
FAR = date.max


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry of the waiting list that might be offered a freed slot.

    treat_by, waits_from  by which the list is ordered: the last day inside the standard, and since when the
                 patient waits
    due_on       when a follow-up is due; None for anything else
    booked_for   the start of the appointment they have, in seconds; None where they have none
    offers       how many such offers they had within the policy's days
    was_asked    about this slot already, or it is the one that they gave back
    is_asked     another offer to them is out
    channel      how they are asked: phone, or "" where no number is known
    """

    entry: int
    wanted: Wanted
    treat_by: date | None = None
    waits_from: date | None = None
    due_on: date | None = None
    booked_for: int | None = None
    offers: int = 0
    was_asked: bool = False
    is_asked: bool = False
    channel: str = "phone"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate whom the slot fits. reasons speak for it; cautions are to be said or arranged."""

    entry: int
    channel: str
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Why a candidate is not asked: the first rule that speaks against it."""

    entry: int
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """Whom to ask, first to last, and why the others are not asked, in the order of the list."""

    chosen: tuple[Chosen, ...]
    left_out: tuple[NotOffered, ...]


@dataclass(frozen=True, slots=True)
class Vacancy:
    """The freed slot as the rules of offers ask about it; instants in seconds."""

    starts: int
    on: date
    site: str
    weekday: int
    at: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class OfferRule:
    """One reason not to ask somebody."""

    code: str
    words: Callable[[Candidate, RecyclingPolicy], str]
    breaks: Callable[[Candidate, Vacancy, RecyclingPolicy], bool]


def _gains_too_little(who: Candidate, slot: Vacancy, policy: RecyclingPolicy) -> bool:
    return who.booked_for is not None and who.booked_for - slot.starts < policy.gain_days * DAY


def _is_early(who: Candidate, slot: Vacancy, policy: RecyclingPolicy) -> bool:
    return who.due_on is not None and slot.on < earliest(who.due_on, policy)


def earliest(due_on: date, policy: RecyclingPolicy) -> date:
    """The first day on which somebody may be seen whose follow-up is due on a day."""
    return due_on - timedelta(days=policy.early_days)


def _not_before(who: Candidate, policy: RecyclingPolicy) -> str:
    if who.due_on is None:
        raise ValueError("Only what is due on a day can be too early.")
    first = earliest(who.due_on, policy)
    return f"Their follow-up is due on {_day(who.due_on)}, and is not offered before {_day(first)}."


def _day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"


OFFER_RULES: tuple[OfferRule, ...] = (
    OfferRule(
        "reach",
        lambda who, policy: "No telephone number is known.",
        lambda who, slot, policy: not who.channel,
    ),
    OfferRule(
        "asked",
        lambda who, policy: "They were asked about this slot, or gave it back.",
        lambda who, slot, policy: who.was_asked,
    ),
    OfferRule(
        "out",
        lambda who, policy: "Another offer to them is out.",
        lambda who, slot, policy: who.is_asked,
    ),
    OfferRule(
        "often",
        lambda who, policy: f"They had {who.offers} such offers in {policy.offer_days} days.",
        lambda who, slot, policy: who.offers >= policy.most_offers,
    ),
    OfferRule(
        "urgent",
        lambda who, policy: f"It is kept for urgent patients until {policy.urgent_hours} hours before.",
        lambda who, slot, policy: (
            not who.wanted.is_urgent and policy.is_for_urgent(slot.kind, slot.starts - slot.at)
        ),
    ),
    OfferRule("early", _not_before, _is_early),
    OfferRule(
        "gain",
        lambda who, policy: f"They have an appointment, and would gain fewer than {policy.gain_days} days.",
        _gains_too_little,
    ),
    OfferRule(
        "site",
        lambda who, policy: "It is not at a site they asked for.",
        lambda who, slot, policy: bool(who.wanted.sites) and slot.site not in who.wanted.sites,
    ),
    OfferRule(
        "day",
        lambda who, policy: "It is not on a day they asked for.",
        lambda who, slot, policy: bool(who.wanted.days) and slot.weekday not in who.wanted.days,
    ),
    OfferRule(
        "usual_notice",
        lambda who, policy: (
            f"They were not asked about short notice, and {policy.notice_hours} hours are usual."
        ),
        lambda who, slot, policy: (
            who.wanted.notice_hours is None and slot.starts - slot.at < policy.notice_hours * HOUR
        ),
    ),
    OfferRule(
        "needs",
        lambda who, policy: (
            f"{' and '.join(what for what, _ in who.wanted.needs)} cannot be arranged in time: "
            f"{policy.needs_hours} hours are needed."
        ),
        lambda who, slot, policy: (
            bool(who.wanted.needs) and slot.starts - slot.at < policy.needs_hours * HOUR
        ),
    ),
)


def rank(
    slot: Slots, candidates: Sequence[Candidate], policy: RecyclingPolicy, at: datetime, limit: int = 24
) -> Ranked:
    """Whom to ask about the first of these slots, at most `limit`, and why the others are not asked."""
    fit, left_out = fitting(slot, candidates, policy, at, limit)
    return Ranked(with_words(slot, fit, at), left_out)


def with_words(slot: Slots, fit: Iterable[Candidate], at: datetime) -> tuple[Chosen, ...]:
    """Those whom the first of these slots fits, with what speaks for each."""
    vacancy = _vacancy(slot, at)
    return tuple(_chosen(slot, who, vacancy, at) for who in fit)


def fitting(
    slot: Slots, candidates: Sequence[Candidate], policy: RecyclingPolicy, at: datetime, limit: int = 24
) -> tuple[list[Candidate], tuple[NotOffered, ...]]:
    """As `rank`, without the words that speak for each: for who reads a list in parts."""
    vacancy = _vacancy(slot, at)
    listed = sorted(candidates, key=place)
    first = firsts(slot, entries([who.wanted for who in listed]), at)[0]
    chosen: list[Candidate] = []
    left_out: list[NotOffered] = []
    for who, broken in zip(listed, first.tolist(), strict=True):
        if broken >= 0:
            left_out.append(NotOffered(who.entry, RULES[broken].code, RULES[broken].one(who.wanted)))
        elif rule := _first_against(who, vacancy, policy):
            left_out.append(NotOffered(who.entry, rule.code, rule.words(who, policy)))
        elif len(chosen) < limit:
            chosen.append(who)
    return chosen, tuple(left_out)


def has_date_in_time(who: Candidate) -> bool:
    """Whether the appointment they have is inside their standard; one without a standard is."""
    if who.booked_for is None:
        return False
    booked_on = datetime.fromtimestamp(who.booked_for, UTC).astimezone(LONDON).date()
    return who.wanted.treat_by is None or booked_on <= who.wanted.treat_by


Place = tuple[int, bool, date, date, int]


def place(who: Candidate) -> Place:
    """Where somebody stands among those who may be asked; the least is first."""
    return _place(who, has_date_in_time(who))


def is_settled(chosen: Sequence[Candidate], last_read: Iterable[Candidate], limit: int) -> bool:
    """Whether nobody who was not read can be chosen, where at most `limit` are.

    chosen     of those who were read, first to last
    last_read  the last that was read of each list that goes on. Lists are in their own order: nobody after it
               stands before it, and who has a date in time stands further down yet
    """
    if len(chosen) < limit:
        return not list(last_read)
    return all(place(chosen[-1]) <= _place(each, False) for each in last_read)


def _place(who: Candidate, has_date: bool) -> Place:
    return (-int(who.wanted.priority), has_date, who.treat_by or FAR, who.waits_from or FAR, who.entry)


def _first_against(who: Candidate, slot: Vacancy, policy: RecyclingPolicy) -> OfferRule | None:
    return next((rule for rule in OFFER_RULES if rule.breaks(who, slot, policy)), None)


def _chosen(slot: Slots, who: Candidate, vacancy: Vacancy, at: datetime) -> Chosen:
    found = suggestion(slot, who.wanted, at)
    reasons = list(found.reasons)
    if who.wanted.is_urgent:
        reasons.insert(0, "urgent")
    if who.booked_for is None:
        reasons.append("no appointment yet")
    else:
        days = (who.booked_for - vacancy.starts) // DAY
        reasons.append(f"{days} day{'' if days == 1 else 's'} sooner than the appointment they have")
    return Chosen(who.entry, who.channel, tuple(reasons), found.cautions)


def _vacancy(slot: Slots, at: datetime) -> Vacancy:
    starts = int(slot.starts[0])
    on = datetime.fromtimestamp(starts, LONDON).date()
    return Vacancy(starts, on, slot.site[0], on.isoweekday(), int(at.timestamp()), slot.kind[0])
