"""The waiting time clock of one pathway: events in; periods, state, days and a sentence for every step out.

The rules themselves are the table in clock_rules.py; here they are applied to one history and explained. For
millions of pathways the engine engine.outpatients.bulk_clocks gives the same figures without the sentences.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ..shared.errors import NotAllowed
from . import counting
from .clock_events import ATTENDED_CODE, ClockEvent, EventKind
from .clock_findings import FINDINGS, FIXES
from .clock_policy import ClockPolicy
from .clock_rules import Rule, Rulebook
from .clock_rules import rulebook as national_rulebook
from .clock_words import DUE_AFTER, Effect, Phase, Prompt, Standing
from .corrections import Trouble, settled
from .words import ClockState, MeasurementType, RttStatus


@dataclass(frozen=True, slots=True)
class ClockFinding:
    """An event that cannot be right, or lacks what its rule asks for. The event stays in the history.

    code   one of clock_findings.FINDINGS
    key    of the event, and `on` its day
    where  the phase in which the pathway stood, in words
    """

    code: str
    key: str
    kind: EventKind
    on: date
    where: str
    reference: str
    says: str
    fix: str


@dataclass(frozen=True, slots=True)
class Prompted:
    """Something a person should do because of an event."""

    prompt: Prompt
    key: str
    on: date
    due: date


@dataclass(frozen=True, slots=True)
class Step:
    """What one event did. period  its place in Pathway.periods; None where no period was touched."""

    event: ClockEvent
    effect: Effect
    state: ClockState
    status: RttStatus | None
    reference: str
    says: str
    period: int | None


@dataclass(frozen=True, slots=True)
class Period:
    """One clock of a pathway, as of one day.

    start       None: nobody knows; then days, band and the two dates are unknown as well
    opened_on   when it came onto our list: the start, or the day of a transfer in
    ended_on    day of the stop, the nullified appointment or the transfer out; None while open
    state       ticking, unknown_start, stopped, nullified or transferred
    status      newest status code within the period
    days        start to end, or to the day asked about; never negative
    queue_from  the start by which the place in the queue goes; earlier than `start` after active monitoring
    admitted    the stop counts as admitted; None unless treated
    function    treatment function that stopped it, or that has it now
    outside_contact  stopped without a contact: first attendance 5
    reference, says  the rule and the sentence of the newest step that changed the period
    """

    number: int
    start: date | None
    opened_on: date
    state: ClockState
    status: RttStatus | None
    days: int | None
    band: str
    queue_from: date | None
    treat_by: date | None
    first_breach_day: date | None
    reference: str
    says: str
    ended_on: date | None = None
    first_activity_on: date | None = None
    admitted: bool | None = None
    function: str | None = None
    outside_contact: bool = False

    @property
    def is_open(self) -> bool:
        return self.state.is_open

    @property
    def complete_weeks(self) -> int | None:
        """For display only."""
        return None if self.days is None else counting.complete_weeks(self.days)

    @property
    def is_within_standard(self) -> bool | None:
        """None while the start is not known."""
        if self.start is None or self.treat_by is None or self.days is None:
            return None
        return self.start + timedelta(days=self.days) <= self.treat_by


@dataclass(frozen=True, slots=True)
class Pathway:
    """A history explained as of a day.

    standing    where the rules stand after the last event; what may follow is asked of it
    state       that of the clock; monitoring and none have no open period
    status      newest status code of any activity
    rtt_status  what a national return would carry: 98 where referral to treatment does not apply
    periods     oldest first; at most the last one is open
    """

    as_of: date
    measurement: MeasurementType
    standing: Standing
    state: ClockState
    status: RttStatus | None
    periods: tuple[Period, ...]
    steps: tuple[Step, ...]
    findings: tuple[ClockFinding, ...]
    prompts: tuple[Prompted, ...]

    @property
    def rtt_status(self) -> RttStatus | None:
        return self.status if self.measurement is MeasurementType.CONSULTANT_LED else RttStatus.NOT_APPLICABLE

    @property
    def open_period(self) -> Period | None:
        """The clock that runs; None where nobody waits."""
        return self.periods[-1] if self.periods and self.periods[-1].is_open else None


def explain(
    events: Iterable[ClockEvent],
    as_of: date,
    policy: ClockPolicy | None = None,
    *,
    known_by: date | None = None,
    book: Rulebook | None = None,
) -> Pathway:
    """The clock of one pathway at the end of a day. Never raises: what cannot be becomes a finding.

    events    of one pathway, with corrections, in any order and any repetition
    as_of     what happened later does not count
    known_by  leaves out what was written down later, for the answer of that day; usually not given
    book      another table of rules, to try a change
    """
    policy = policy or ClockPolicy()
    book = book or national_rulebook(policy)
    ordered, troubles = settled(events, known_by)
    history = _History(book)
    for trouble in troubles:
        if trouble.event.on <= as_of:
            history.note(trouble)
    for event in ordered:
        if event.on > as_of:
            break
        history.take(event)
    return history.as_of(as_of)


def check(events: Iterable[ClockEvent], event: ClockEvent, policy: ClockPolicy | None = None) -> None:
    """Whether a person may record this event, or correction, on a pathway of these events.

    Raises NotAllowed with the reason where it could not follow, would leave a later event without footing, or
    is a decision whose evidence is not shown. A missed appointment without proof of notice may be recorded:
    it happened.
    """
    known = list(events)
    until = max(each.on for each in (*known, event))
    before = {(finding.code, finding.key) for finding in explain(known, until, policy).findings}
    for finding in explain([*known, event], until, policy).findings:
        if (finding.code, finding.key) not in before and refuses(finding):
            what = finding.kind.replace("_", " ")
            why = f"{finding.says} ({what}, {counting.in_words(finding.on)}). {finding.fix}"
            raise NotAllowed(finding.where, event.kind.replace("_", " "), why)


def refuses(finding: ClockFinding) -> bool:
    """Whether nobody may record what was found: it cannot follow, or lacks what its rule asks for."""
    if finding.code == "CK02":
        return finding.kind not in ATTENDED_CODE
    return finding.code in ("CK01", "CK05", "CK07", "CK11", "CK12")


@dataclass(slots=True)
class _Draft:
    """A period while its history is being read."""

    start: date | None
    opened_on: date
    earliest: date | None  # end of the clock before it: no stated start may lie before
    queue_from: date | None
    reference: str
    says: str = ""
    state: ClockState | None = None
    status: RttStatus | None = None
    ended_on: date | None = None
    missed_on: date | None = None
    first_activity_on: date | None = None
    admitted: bool | None = None
    function: str | None = None
    outside_contact: bool = False


class _History:
    """Reads events one after the other and keeps what they add up to."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.standing = Standing()
        self.status: RttStatus | None = None
        self.function: str | None = None
        self.drafts: list[_Draft] = []
        self.steps: list[Step] = []
        self.findings: list[ClockFinding] = []
        self.prompts: list[Prompted] = []

    def note(self, trouble: Trouble) -> None:
        self._find(trouble.code, trouble.event, "the record of events", "corrections")

    def take(self, event: ClockEvent) -> None:
        """Apply the row that decides this event."""
        before = self.standing
        rule = self.book.find(before, event.kind, event.proofs, event.on)
        if rule.finding != "CK01":
            self.function = event.function or self.function
        self._change(event, rule)
        self.standing = rule.after(before)
        self.status = rule.status or self.status
        self._explain(event, rule)
        where = before.phase.replace("_", " ")
        if rule.finding is not None:
            fix = FIXES[before.phase] if rule.finding == "CK01" else None
            self._find(rule.finding, event, where, rule.reference, fix)
        self._check_contact(event, rule, where)
        if rule.prompt is not None:
            due = event.on + timedelta(days=DUE_AFTER.get(rule.prompt, 0))
            self.prompts.append(Prompted(rule.prompt, event.key, event.on, due))

    @property
    def _draft(self) -> _Draft | None:
        return self.drafts[-1] if self.drafts else None

    def _change(self, event: ClockEvent, rule: Rule) -> None:
        if rule.effect.opens:
            self._open(event, rule)
        draft = self._draft
        if draft is None or draft.ended_on is not None:
            return
        if rule.effect is Effect.MOVE_START and event.start_on is not None:
            self._move(draft, event, event.start_on, rule)
        if rule.is_miss:
            draft.missed_on = event.on
        if draft.first_activity_on is None and _is_activity(rule):
            draft.first_activity_on = event.on
        if rule.effect.closes:
            self._close(draft, event, rule)
        draft.status = rule.status or draft.status
        draft.function = self.function

    def _open(self, event: ClockEvent, rule: Rule) -> None:
        earliest = self._end_before()
        start: date | None = event.on
        if rule.effect is Effect.OPEN_UNKNOWN:
            start = None
        elif rule.effect is Effect.OPEN_STATED and event.start_on is not None:
            start = self._not_before(earliest, event, event.start_on, rule)
        last = self._draft
        queue_from = (last.queue_from or last.start) if rule.keeps_place and last else None
        self.drafts.append(_Draft(start, event.on, earliest, queue_from, rule.reference))

    def _end_before(self) -> date | None:
        """The end of the newest clock that was not handed on: what came before it is not waited again."""
        ended = [draft for draft in self.drafts if draft.state is not ClockState.TRANSFERRED]
        return ended[-1].ended_on if ended else None

    def _not_before(self, earliest: date | None, event: ClockEvent, stated: date, rule: Rule) -> date:
        if earliest is None or stated >= earliest:
            return stated
        self._find("CK04", event, f"an earlier clock ended on {counting.in_words(earliest)}", rule.reference)
        return earliest

    def _move(self, draft: _Draft, event: ClockEvent, stated: date, rule: Rule) -> None:
        stated = self._not_before(draft.earliest, event, stated, rule)
        draft.start = stated if draft.start is None else min(draft.start, stated)

    def _close(self, draft: _Draft, event: ClockEvent, rule: Rule) -> None:
        end = event.on
        if rule.effect is Effect.STOP_AT_MISS and draft.missed_on is not None:
            # A start that was found later than the miss would make the wait negative.
            end = max(draft.missed_on, draft.start or draft.missed_on)
        draft.ended_on = end
        draft.state = {
            Effect.NULLIFY: ClockState.NULLIFIED,
            Effect.LEAVE: ClockState.TRANSFERRED,
        }.get(rule.effect, ClockState.STOPPED)
        if rule.status is RttStatus.TREATED:
            draft.admitted = rule.admitted
        draft.outside_contact = event.outside_contact

    def _explain(self, event: ClockEvent, rule: Rule) -> None:
        draft = self._draft
        touched = draft is not None and (draft.ended_on is None or rule.effect.closes)
        says = rule.told(event.on, draft.start if draft else None, draft.ended_on if draft else None)
        if touched and draft is not None and rule.finding != "CK01":
            draft.says, draft.reference = says, rule.reference
        period = len(self.drafts) - 1 if touched else None
        self.steps.append(
            Step(event, rule.effect, self.standing.state, rule.status, rule.reference, says, period)
        )

    def _check_contact(self, event: ClockEvent, rule: Rule, where: str) -> None:
        if event.outside_contact and rule.needs_a_contact:
            self._find("CK12", event, where, "Annex E")

    def _find(self, code: str, event: ClockEvent, where: str, reference: str, fix: str | None = None) -> None:
        kind = FINDINGS[code]
        self.findings.append(
            ClockFinding(code, event.key, event.kind, event.on, where, reference, kind.says, fix or kind.fix)
        )

    def as_of(self, day: date) -> Pathway:
        policy = self.book.policy
        periods = tuple(
            _finished(number, draft, day, self.standing.state, policy)
            for number, draft in enumerate(self.drafts, start=1)
        )
        return Pathway(
            day,
            policy.measurement,
            self.standing,
            self.standing.state if self.drafts else ClockState.NONE,
            self.status,
            periods,
            tuple(self.steps),
            tuple(self.findings),
            tuple(self.prompts),
        )


def _is_activity(rule: Rule) -> bool:
    """Something was done for the patient here: not a transfer or a start that others report."""
    reported = rule.effect in (Effect.OPEN_STATED, Effect.OPEN_UNKNOWN, Effect.MOVE_START)
    return (rule.to is Phase.SEEN and not reported) or rule.status is RttStatus.TREATED


def _finished(number: int, draft: _Draft, day: date, state: ClockState, policy: ClockPolicy) -> Period:
    start = draft.start
    days = None if start is None else counting.days_waited(start, draft.ended_on or day)
    return Period(
        number=number,
        start=start,
        opened_on=draft.opened_on,
        state=draft.state or state,
        status=draft.status,
        days=days,
        band=counting.UNKNOWN_BAND if days is None else policy.labels.of(counting.band_of(days)),
        queue_from=draft.queue_from or start,
        treat_by=None if start is None else counting.treat_by(start, policy.standard_days),
        first_breach_day=None if start is None else counting.first_breach_day(start, policy.standard_days),
        reference=draft.reference,
        says=draft.says,
        ended_on=draft.ended_on,
        first_activity_on=draft.first_activity_on,
        admitted=draft.admitted,
        function=draft.function,
        outside_contact=draft.outside_contact,
    )


def without_sentences(pathway: Pathway) -> Pathway:
    """The same figures without the telling, to compare two ways of reaching them."""
    periods = tuple(replace(period, says="", reference="") for period in pathway.periods)
    return replace(pathway, periods=periods, steps=())
