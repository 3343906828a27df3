"""Waiting time clocks of millions of pathways at once, by the same table of rules as `clocks.explain`.

The rules look at little besides dates: where a pathway stands and its newest status code. So the table is a
machine with some hundred places, found by asking the rulebook for every place and event, and running it over
a column of events is one lookup for each. What depends on dates follows from where periods open and close.
No rule is written here; a property test holds the figures equal to those of `explain`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from itertools import combinations
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from clearway.domain.outpatients import counting
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.clock_findings import FINDINGS
from clearway.domain.outpatients.clock_policy import ClockPolicy
from clearway.domain.outpatients.clock_rules import TABLE, Rule, Rulebook, rulebook
from clearway.domain.outpatients.clock_words import Effect, Standing
from clearway.domain.outpatients.words import ClockState, RttStatus

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

EPOCH = date(1970, 1, 1)
NO_DAY = int(np.iinfo(np.int32).max)  # a start that nobody knows, an end that has not come
NEVER = int(np.iinfo(np.int32).min)  # before every day
STATES = tuple(ClockState)
STATE_CODE = {state: code for code, state in enumerate(STATES)}
FINDING_CODES = ("", *FINDINGS)  # the code of a finding is its place here
MARKS, OPENS, RARE = 1, 2, 4
BLOCK = 1 << 15  # pathways that are worked out together: what is done with them stays in a core's cache


def day_number(day: date) -> int:
    """Days since 1970, as the columns hold dates."""
    return (day - EPOCH).days


def _letters() -> dict[tuple[EventKind, frozenset[Evidence]], int]:
    """A number for each kind of event with each set of evidence that its rules ask for."""
    letters: dict[tuple[EventKind, frozenset[Evidence]], int] = {}
    for kind in EventKind:
        needs = {proof for rule in TABLE if rule.kind is kind for proof in rule.needs}
        for count in range(len(needs) + 1):
            for shown in combinations(sorted(needs), count):
                letters[kind, frozenset(shown)] = len(letters)
    return letters


LETTERS = _letters()
_ASKED = {kind: frozenset().union(*(shown for of, shown in LETTERS if of is kind)) for kind in EventKind}


def event_code(kind: EventKind, proofs: frozenset[Evidence] = frozenset()) -> int:
    """The event code of a kind with what is shown for it. 0 to 255; stable for one version of the rules."""
    return LETTERS[kind, proofs & _ASKED[kind]]


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events of many pathways, one row each.

    count      pathways there are; those without a row have no clock
    pathway    (n) 0 to count - 1
    code       (n) `event_code`
    day        (n) `day_number` of when it happened
    sequence   (n) place within the day; None: the order of the rows
    start_day  (n) the start that a transfer or a search states, NO_DAY where none; None: nobody states one
    function   (n) treatment function, 0 where the event does not know it; None: not asked
    Corrections are applied before (domain.outpatients.corrections).
    """

    count: int
    pathway: npt.NDArray[np.integer[Any]]
    code: Bytes
    day: Days
    sequence: npt.NDArray[np.integer[Any]] | None = None
    start_day: Days | None = None
    function: npt.NDArray[np.int16] | None = None

    @classmethod
    def of(cls, histories: Iterable[Iterable[ClockEvent]]) -> Self:
        """Columns of settled events; pathways are numbered as they come."""
        listed = [list(events) for events in histories]
        rows = [(number, event) for number, events in enumerate(listed) for event in events]
        return cls(
            len(listed),
            np.array([number for number, _ in rows], dtype=np.int64),
            np.array([event_code(event.kind, event.proofs) for _, event in rows], dtype=np.uint8),
            np.array([day_number(event.on) for _, event in rows], dtype=np.int32),
            np.array([event.sequence for _, event in rows], dtype=np.int64),
            np.array([_start_day(event) for _, event in rows], dtype=np.int32),
            np.array([int(event.function or 0) for _, event in rows], dtype=np.int16),
        )

    def take(self, rows: Ints | Flags) -> Self:
        """Some of the rows, in the order asked for."""
        return replace(
            self,
            pathway=self.pathway[rows],
            code=self.code[rows],
            day=self.day[rows],
            sequence=None if self.sequence is None else self.sequence[rows],
            start_day=None if self.start_day is None else self.start_day[rows],
            function=None if self.function is None else self.function[rows],
        )

    def part(self, low: int, rows: slice) -> Self:
        """The columns of one block of pathways in order, numbered from `low` on: views of these."""
        sequence, start_day, function = self.sequence, self.start_day, self.function
        return replace(
            self,
            count=min(BLOCK, self.count - low),
            pathway=self.pathway[rows] - self.pathway.dtype.type(low),
            code=self.code[rows],
            day=self.day[rows],
            sequence=None if sequence is None else sequence[rows],
            start_day=None if start_day is None else start_day[rows],
            function=None if function is None else function[rows],
        )

    def is_in_order(self) -> bool:
        """Pathway by pathway, each by day and sequence."""
        pathway, day = self.pathway, self.day
        later = pathway[1:] > pathway[:-1]
        same = pathway[1:] == pathway[:-1]
        in_day = day[1:] > day[:-1]
        tied = day[1:] == day[:-1]
        if self.sequence is not None:
            tied &= self.sequence[1:] >= self.sequence[:-1]
        return bool((later | (same & (in_day | tied))).all())

    def order(self) -> Ints:
        """The rows in their fixed order; ties stay as they came."""
        sequence = np.zeros(len(self.day), np.int8) if self.sequence is None else self.sequence
        return np.lexsort((sequence, self.day, self.pathway))


def _start_day(event: ClockEvent) -> int:
    return NO_DAY if event.start_on is None else day_number(event.start_on)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of many pathways as of a day. Days are `day_number`; states are places in STATES.

    state, status          (count) of each pathway; status as a number, 0 where none was said
    pathway                (m) whose period it is; periods of one pathway stand together, oldest first
    start, opened_on, ended_on, days, band    (m) NO_DAY: not known, or not ended; days and band -1: not known
    period_state, period_status, function, admitted  (m) function 0: not known
    rule                   (m) place in `rules` of the newest row that touched the period
    event                  (m) row of the columns given that did so
    finding_event, finding, finding_rule  (k) rows of the columns given, places in FINDING_CODES and `rules`
    """

    as_of: date
    state: Bytes
    status: Bytes
    pathway: Ints
    start: Days
    opened_on: Days
    ended_on: Days
    days: Days
    band: npt.NDArray[np.int16]
    period_state: Bytes
    period_status: Bytes
    function: npt.NDArray[np.int16]
    admitted: Flags
    rule: npt.NDArray[np.int16]
    event: Ints
    finding_event: Ints
    finding: Bytes
    finding_rule: npt.NDArray[np.int16]
    rules: tuple[Rule, ...]

    @property
    def is_open(self) -> Flags:
        """(m) whether the clock runs."""
        return np.equal(self.ended_on, NO_DAY)

    @property
    def number(self) -> Ints:
        """(m) 1 for the first period of a pathway, 2 for the next."""
        first = np.ones(len(self.pathway), dtype=np.bool_)
        first[1:] = self.pathway[1:] != self.pathway[:-1]
        here = np.arange(len(self.pathway))
        newest_first: Ints = np.maximum.accumulate(np.where(first, here, 0))
        return here - newest_first + 1


@dataclass(frozen=True, slots=True)
class Machine:
    """The table of rules as arrays; a cell is place * letters + letter, place 0 is the beginning.

    after        (cells) next place
    rule         (cells) place in `rules`
    flags        (cells) MARKS where a period opens or closes, OPENS too where it opens; RARE where a start is
                 stated or unknown, something is found, or a miss may date a stop
    state, status  (places)
    versions     day numbers from which versions hold; each has letters of its own
    The rest is (rules): what a rule does to the periods.
    """

    letters: int
    versions: Days
    after: npt.NDArray[np.uint32]
    rule: npt.NDArray[np.int16]
    flags: Bytes
    state: Bytes
    status: Bytes
    rules: tuple[Rule, ...]
    opens_stated: Flags
    opens_unknown: Flags
    moves: Flags
    stops_at_miss: Flags
    leaves: Flags
    misses: Flags
    refused: Flags
    admitted: Flags
    closed_state: Bytes
    finding: Bytes


Place = tuple[Standing, RttStatus | None]


def compiled(book: Rulebook) -> Machine:
    """Ask the rulebook for every place that can be reached and every event, and keep the answers."""
    alphabet = [(on, kind, shown) for on in book.versions for kind, shown in LETTERS]
    places: dict[Place, int] = {(Standing(), None): 0}
    rules: dict[Rule, int] = {}
    after: list[int] = []
    rule_of: list[int] = []
    for place in _growing(places):
        standing, status = place
        for on, kind, shown in alphabet:
            rule = book.find(standing, kind, shown, on)
            then = rule.after(standing), rule.status or status
            after.append(places.setdefault(then, len(places)))
            rule_of.append(rules.setdefault(rule, len(rules)))
    return _as_arrays(book, len(alphabet), list(places), tuple(rules), after, rule_of)


def _growing(places: dict[Place, int]) -> Iterator[Place]:
    """Every place once, those found on the way as well."""
    number = 0
    while number < len(places):
        yield list(places)[number]
        number += 1


def _as_arrays(
    book: Rulebook,
    letters: int,
    places: list[Place],
    rules: tuple[Rule, ...],
    after: list[int],
    rule_of: list[int],
) -> Machine:
    def flags(asked: Iterable[bool]) -> Flags:
        return np.fromiter(asked, dtype=np.bool_)

    def having(effect: Effect) -> Flags:
        return flags(rule.effect is effect for rule in rules)

    rule = np.array(rule_of, dtype=np.int16)
    return Machine(
        letters=letters,
        versions=np.array([day_number(on) for on in book.versions], dtype=np.int32),
        after=np.array(after, dtype=np.uint32),
        rule=rule,
        flags=np.array([_flags(each, rules) for each in rules], dtype=np.uint8)[rule],
        state=np.array([STATE_CODE[standing.state] for standing, _ in places], dtype=np.uint8),
        status=np.array([int(status or 0) for _, status in places], dtype=np.uint8),
        rules=rules,
        opens_stated=having(Effect.OPEN_STATED),
        opens_unknown=having(Effect.OPEN_UNKNOWN),
        moves=having(Effect.MOVE_START),
        stops_at_miss=having(Effect.STOP_AT_MISS),
        leaves=having(Effect.LEAVE),
        misses=flags(rule.is_miss for rule in rules),
        refused=flags(rule.finding == "CK01" for rule in rules),
        admitted=flags(rule.admitted for rule in rules),
        closed_state=np.array([_closed_state(rule) for rule in rules], dtype=np.uint8),
        finding=np.array([FINDING_CODES.index(rule.finding or "") for rule in rules], dtype=np.uint8),
    )


def _flags(rule: Rule, rules: tuple[Rule, ...]) -> int:
    states_a_start = rule.effect in (Effect.OPEN_STATED, Effect.OPEN_UNKNOWN, Effect.MOVE_START)
    miss_matters = any(each.effect is Effect.STOP_AT_MISS for each in rules)
    rare = states_a_start or bool(rule.finding) or (rule.is_miss and miss_matters)
    marks = rule.effect.opens or rule.effect.closes
    return MARKS * marks + OPENS * rule.effect.opens + RARE * rare


@lru_cache(maxsize=16)
def machine(policy: ClockPolicy) -> Machine:
    """The national table under a policy, as arrays."""
    return compiled(rulebook(policy))


def bulk_clocks(
    events: EventColumns, as_of: date, policy: ClockPolicy | None = None, book: Rulebook | None = None
) -> Clocks:
    """The clocks of all pathways at the end of a day. Rows may come in any order; in order is quicker.

    Equal to `explain` for each pathway, but for sentences, prompts, and findings on keys, corrections and
    contacts, which need more than columns.
    """
    rules = machine(policy or ClockPolicy()) if book is None else compiled(book)
    order = None if events.is_in_order() else events.order()
    columns = events if order is None else events.take(order)
    kind = columns.pathway.dtype.type  # a bound of another type would have the whole column converted
    lows = [kind(low) for low in range(0, max(columns.count, 1), BLOCK)]
    rows = [*np.searchsorted(columns.pathway, np.array(lows)).tolist(), len(columns.day)]
    parts = [
        _Run(columns.part(int(low), slice(first, last)), as_of, rules, int(low), first).clocks()
        for low, first, last in zip(lows, rows[:-1], rows[1:], strict=True)
    ]
    return _joined(parts, order)


def _joined(parts: Sequence[Clocks], order: Ints | None) -> Clocks:
    """The clocks of all blocks, one after the other; events as they were given."""
    columns = [each.name for each in fields(Clocks) if each.name not in ("as_of", "rules")]
    whole: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in columns
    }
    if order is not None:
        whole |= {name: order[whole[name]] for name in ("event", "finding_event")}
    return Clocks(**whole, as_of=parts[0].as_of, rules=parts[0].rules)


class _Run:
    """One run of a machine over ordered columns: where each event found its pathway, then the dates.

    Rows later than the day asked about stand at the end of their pathways and are never visited.
    """

    def __init__(self, columns: EventColumns, as_of: date, rules: Machine, pathway: int, event: int) -> None:
        """pathway, event  the numbers that the first of these have in the whole"""
        self.columns, self.as_of, self.machine = columns, as_of, rules
        self.first_pathway, self.first_event = pathway, event
        counts = np.bincount(columns.pathway, minlength=columns.count)
        self.firsts = np.cumsum(counts) - counts
        later = np.flatnonzero(columns.day > day_number(as_of))
        counts -= np.bincount(columns.pathway[later], minlength=columns.count)
        self.ends = self.firsts + counts
        self.cells = np.empty(len(columns.day), dtype=np.uint32)
        self.place = np.zeros(columns.count, dtype=np.int64)
        self._run(counts)
        flags = rules.flags[self.cells]
        flags[later] = 0
        self.marks = np.flatnonzero((flags & MARKS).view(np.bool_))
        self.is_opening = (flags[self.marks] & OPENS) == OPENS
        self.rare = np.flatnonzero((flags & RARE) == RARE)

    def rule(self, rows: Ints) -> npt.NDArray[np.int16]:
        """The rule that decided each of some events."""
        return self.machine.rule[self.cells[rows]]

    def _run(self, counts: Ints) -> None:
        """The cell of every event, and the place where every pathway ends: one lookup for each event.

        The first event of every pathway, then the second of those that have one, and so on.
        """
        letters = self._letters()
        self.cells[:] = 0
        # Sixteen bits are sorted in one sweep.
        small = counts.astype(np.int16) if counts.max(initial=0) < 2**15 else counts
        longest_first = np.argsort(np.negative(small), kind="stable")
        rows = self.firsts[longest_first]
        here = np.zeros(len(counts), dtype=np.uint32)
        width = np.uint32(self.machine.letters)
        still_going = len(counts) - np.cumsum(np.bincount(counts))[:-1]
        for going in still_going.tolist():
            at = rows[:going]
            cell = here[:going] * width + letters[at]
            self.cells[at] = cell
            here[:going] = self.machine.after[cell]
            at += 1
        self.place[longest_first] = here

    def _letters(self) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Event codes, those of later versions of the rules beyond those of earlier ones."""
        versions = self.machine.versions
        if len(versions) == 1:
            return self.columns.code
        version = np.searchsorted(versions, self.columns.day, side="right") - 1
        return np.asarray(self.columns.code + np.maximum(version, 0) * len(LETTERS), dtype=np.uint32)

    def clocks(self) -> Clocks:
        """The periods that opened, with their dates, and where every pathway stands."""
        periods = self._periods()
        start, end, clamped = self._dates(periods)
        last, rule = self._last_touching(periods)
        days = self._days(start, end)
        state = self.machine.state[self.place]
        without = np.ones(self.columns.count, dtype=np.bool_)
        without[periods.pathway] = False
        state[without] = STATE_CODE[ClockState.NONE]
        found, finding = self._findings(clamped)
        return Clocks(
            as_of=self.as_of,
            state=state,
            status=self.machine.status[self.place],
            pathway=periods.pathway + self.first_pathway,
            start=start,
            opened_on=self.columns.day[periods.opens],
            ended_on=end,
            days=days,
            band=bands(days),
            period_state=self._states(periods, rule),
            period_status=self.machine.status[self.machine.after[self.cells[last]]],
            function=self._functions(last, periods),
            admitted=self.machine.admitted[rule],
            rule=rule,
            event=last + self.first_event,
            finding_event=found + self.first_event,
            finding=finding,
            finding_rule=self.rule(found),
            rules=self.machine.rules,
        )

    def _periods(self) -> "_Periods":
        """Openings and closings alternate within a pathway, and each pathway begins with an opening."""
        rows = np.append(self.marks, -1)
        is_opening = np.append(self.is_opening, True)
        places = np.flatnonzero(self.is_opening)
        closes = rows[places + 1]
        is_open = is_opening[places + 1]
        closes[is_open] = -1
        opens = rows[places]
        return _Periods(opens, closes, is_open, self.columns.pathway[opens].astype(np.int64))

    def _dates(self, periods: "_Periods") -> tuple[Days, Days, Ints]:
        """Start and end of each period, and the rows that stated a start within an earlier clock."""
        day = self.columns.day
        start, end = day[periods.opens], day[periods.closes]
        end[periods.is_open] = NO_DAY
        unknown = self._rare(self.machine.opens_unknown)
        start[np.searchsorted(periods.opens, unknown)] = NO_DAY
        telling = self._rare(self.machine.moves | self.machine.opens_stated)
        stated = self.columns.start_day
        if stated is None or not len(telling):
            self._end_at_misses(start, end, periods)
            return start, end, telling[:0]
        period = np.searchsorted(periods.opens, telling, side="right") - 1
        with_start = self._rare(self.machine.opens_stated)
        start[np.searchsorted(periods.opens, with_start)] = stated[with_start]
        np.minimum.at(start, period, stated[telling])
        self._end_at_misses(start, end, periods)
        earliest = self._earliest(period, end, periods)
        start[period] = np.maximum(start[period], earliest)
        return start, end, telling[stated[telling] < earliest]

    def _rare(self, rules: Flags) -> Ints:
        """Of the rare rows, those that such rules decided."""
        return self.rare[rules[self.rule(self.rare)]]

    def _end_at_misses(self, start: Days, end: Days, periods: "_Periods") -> None:
        """Where the policy stops the clock on the day of the missed appointment."""
        misses = self._rare(self.machine.misses)
        if not self.machine.stops_at_miss.any() or not len(misses):
            return
        closed = np.flatnonzero(~periods.is_open)
        at_miss = closed[self.machine.stops_at_miss[self.rule(periods.closes[closed])]]
        closes = periods.closes[at_miss]
        newest = misses[np.maximum(np.searchsorted(misses, closes) - 1, 0)]
        within = (newest > periods.opens[at_miss]) & (newest < closes)
        some, newest = at_miss[within], newest[within]
        known_start = np.where(start[some] == NO_DAY, NEVER, start[some])
        end[some] = np.maximum(self.columns.day[newest], known_start)

    def _earliest(self, some: Ints, end: Days, periods: "_Periods") -> Days:
        """For some periods the end of the newest one before each that was not handed on."""
        before = some - 1
        doubted = self._handed_on(np.arange(len(some)), before, periods)
        while len(doubted):
            before[doubted] -= 1
            doubted = self._handed_on(doubted, before, periods)
        same = (before >= 0) & (periods.pathway[before] == periods.pathway[some])
        return np.where(same, end[before], NEVER).astype(np.int32)

    def _handed_on(self, asked: Ints, period: Ints, periods: "_Periods") -> Ints:
        """Of those asked about, the ones whose period is there and left for another provider."""
        asked = asked[period[asked] >= 0]
        asked = asked[~periods.is_open[period[asked]]]
        return asked[self.machine.leaves[self.rule(periods.closes[period[asked]])]]

    def _last_touching(self, periods: "_Periods") -> tuple[Ints, npt.NDArray[np.int16]]:
        """The row that closed each period, or the newest that was not refused; and its rule."""
        going = np.flatnonzero(periods.is_open)
        last = periods.closes.copy()
        last[going] = self.ends[periods.pathway[going]] - 1
        rule = self.rule(last)
        doubted = going[self.machine.refused[rule[going]]]
        while len(doubted):
            last[doubted] -= 1
            rule[doubted] = self.rule(last[doubted])
            doubted = doubted[self.machine.refused[rule[doubted]]]
        return last, rule

    def _days(self, start: Days, end: Days) -> Days:
        """From the start to the end, or to the day asked about; -1 where the start is not known."""
        days = np.minimum(end, np.int32(day_number(self.as_of))) - start
        days[start == NO_DAY] = -1
        return days

    def _states(self, periods: "_Periods", rule: npt.NDArray[np.int16]) -> Bytes:
        """Nullified, transferred or stopped by the rule that closed it; open ones as the pathway stands."""
        states = self.machine.closed_state[rule]
        going = np.flatnonzero(periods.is_open)
        states[going] = self.machine.state[self.place[periods.pathway[going]]]
        return states

    def _functions(self, last: Ints, periods: "_Periods") -> npt.NDArray[np.int16]:
        """The newest treatment function that the pathway had named when the period was last touched."""
        function = self.columns.function
        if function is None:
            return np.zeros(len(last), dtype=np.int16)
        named = (function != 0) & ~self.machine.refused[self.machine.rule[self.cells]]
        rows = np.maximum.accumulate(np.where(named, np.arange(len(function)), -1))[last]
        return np.where(rows >= self.firsts[periods.pathway], function[rows], 0).astype(np.int16)

    def _findings(self, clamped: Ints) -> tuple[Ints, Bytes]:
        finding = self.machine.finding[self.rule(self.rare)]
        rows = self.rare[finding > 0]
        of_clamped = np.full(len(clamped), FINDING_CODES.index("CK04"), dtype=np.uint8)
        both = np.concatenate((rows, clamped))
        return both, np.concatenate((finding[finding > 0], of_clamped))


@dataclass(frozen=True, slots=True)
class _Periods:
    """Rows that open and close each period; closes is -1 while it is open."""

    opens: Ints
    closes: Ints
    is_open: Flags
    pathway: Ints


def _closed_state(rule: Rule) -> int:
    states = {Effect.NULLIFY: ClockState.NULLIFIED, Effect.LEAVE: ClockState.TRANSFERRED}
    return STATE_CODE[states.get(rule.effect, ClockState.STOPPED)]


_BANDS = np.array([-1, *(counting.band_of(days) for days in range(7 * counting.BANDS + 1))], dtype=np.int16)


def bands(days: Days) -> npt.NDArray[np.int16]:
    """Week bands as `counting.band_of`; -1 where the wait is not known (-1)."""
    return np.asarray(_BANDS[np.minimum(days, 7 * counting.BANDS) + 1])
