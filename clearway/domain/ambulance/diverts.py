"""Diverts: for a time, patients of some groups are taken past one site to others that agreed to receive them.

A divert is the last resort. It is asked for with evidence, agreed by everybody whom it concerns, reviewed
while it runs, and ends by time; a closure alone runs until somebody ends it. What happened to one is a list
of dated steps; where it stands is what they add up to.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from types import MappingProxyType
from typing import Any

from ..shared.errors import NotAllowed


class DivertKind(StrEnum):
    """What is diverted, and why."""

    CLOSURE = "closure"
    SERVICE = "service"
    CAPACITY = "capacity"
    INTERNAL = "internal"
    BORDER = "border"
    LOAD_LEVEL = "load_level"

    @property
    def needs_an_explicit_end(self) -> bool:
        """The site cannot receive anybody; time alone does not mend that."""
        return self is DivertKind.CLOSURE

    @property
    def words(self) -> str:
        """Such a divert, as a sentence begins with it."""
        names = {DivertKind.CLOSURE: "A closure", DivertKind.LOAD_LEVEL: "Load levelling"}
        names |= {DivertKind.INTERNAL: "An internal divert"}
        return names.get(self, f"A {self.value} divert")

    @property
    def shifts_load(self) -> bool:
        """The site could treat the patient and is only too busy: then the most serious still go there."""
        return self not in (DivertKind.CLOSURE, DivertKind.SERVICE)


class Cover(StrEnum):
    """Whom a divert turns away. Everybody it does not name still goes where they would."""

    EVERYBODY = "everybody"
    ADULT_MAJORS = "adult_majors"
    CHILDREN = "children"
    STROKE = "stroke"
    STEMI = "stemi"
    MAJOR_TRAUMA = "major_trauma"
    MATERNITY = "maternity"


class Party(StrEnum):
    """Who has to agree."""

    REQUESTING_SITE = "requesting_site"
    RECEIVING_SITE = "receiving_site"
    AMBULANCE_SERVICE = "ambulance_service"
    SYSTEM = "system"


class DivertState(StrEnum):
    """Where a divert stands."""

    DRAFT = "draft"
    REQUESTED = "requested"
    AGREED = "agreed"
    ACTIVE = "active"
    ENDED = "ended"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"

    @property
    def is_over(self) -> bool:
        return self in (
            DivertState.ENDED,
            DivertState.REFUSED,
            DivertState.EXPIRED,
            DivertState.WITHDRAWN,
        )


class DivertStep(StrEnum):
    """What can happen to a divert."""

    PROPOSED = "proposed"
    REQUESTED = "requested"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    STARTED = "started"
    REVIEWED = "reviewed"
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    ENDED = "ended"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Divert:
    """One divert that has been agreed, as the engine needs to know it.

    site     ODS code of the site that is passed by; to, codes of those that agreed to receive
    ends_at  None for one that runs until somebody ends it
    share    of the covered patients, 0 < share <= 1; below 1 only for load levelling
    reviewed_at  when somebody last looked at it; None since the start
    """

    key: str
    kind: DivertKind
    site: str
    to: tuple[str, ...]
    covers: frozenset[Cover]
    starts_at: datetime
    ends_at: datetime | None
    share: float = 1.0
    reviewed_at: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        """Patients are turned away at this instant. The start counts, the end does not."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class DivertPolicy:
    """How long a divert may run, and how it is watched (policy `diverts`).

    most_minutes      of a first agreement, and of each extension
    hard_stop_minutes from the start, extensions included; nothing goes beyond it
    answer_minutes    a request that not everybody has agreed to by then expires
    review_minutes    between reviews while it runs
    second_person     whoever proposed a divert does not agree to it for the ambulance service
    covered_share     of those who come by ambulance, whom each cover takes in
    """

    most_minutes: float = 120
    hard_stop_minutes: float = 360
    answer_minutes: float = 45
    review_minutes: float = 30
    second_person: bool = False
    covered_share: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                "everybody": 1.0,
                "adult_majors": 0.55,
                "children": 0.08,
                "stroke": 0.04,
                "stemi": 0.01,
                "major_trauma": 0.02,
                "maternity": 0.02,
            }
        )
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for. `minutes` is how long; None for one that needs an explicit end."""

    kind: DivertKind
    site: str
    to: tuple[str, ...]
    covers: frozenset[Cover]
    minutes: float | None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Signature:
    """One party that has to agree; `site` for the sites among them."""

    party: Party
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """One step, when it was taken. `until` is the end that an extension asks for."""

    step: DivertStep
    at: datetime
    signature: Signature | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DivertStanding:
    """What the steps of a divert add up to.

    agreed         who has agreed to what is being asked now
    asked_until    the end that a pending extension asks for
    reviewed_at    the last review, or the start
    """

    state: DivertState = DivertState.DRAFT
    agreed: frozenset[Signature] = frozenset()
    requested_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    asked_until: datetime | None = None
    reviewed_at: datetime | None = None

    def is_missing(self, terms: Terms) -> tuple[Signature, ...]:
        """Who has yet to agree to what is being asked, in a fixed order; nobody when nothing is asked."""
        asks = self.state is DivertState.REQUESTED or self.asked_until is not None
        return tuple(each for each in must_agree(terms) if each not in self.agreed) if asks else ()


S, T = DivertState, DivertStep

ALLOWED: Mapping[DivertStep, frozenset[DivertState]] = MappingProxyType(
    {
        T.REQUESTED: frozenset({S.DRAFT}),
        T.AGREED: frozenset({S.REQUESTED, S.ACTIVE}),
        T.REFUSED: frozenset({S.REQUESTED, S.ACTIVE}),
        T.WITHDRAWN: frozenset({S.DRAFT, S.REQUESTED, S.AGREED}),
        T.STARTED: frozenset({S.AGREED}),
        T.REVIEWED: frozenset({S.ACTIVE}),
        T.EXTENSION_ASKED: frozenset({S.ACTIVE}),
        T.EXTENDED: frozenset({S.ACTIVE}),
        T.ENDED: frozenset({S.ACTIVE}),
        T.EXPIRED: frozenset({S.REQUESTED, S.DRAFT, S.AGREED}),
    }
)


def must_agree(terms: Terms) -> tuple[Signature, ...]:
    """Everybody who has to agree: both sides, the ambulance service, and the system's director on call.

    A closure turns patients away because the site cannot receive them: the receiving sites and the ambulance
    service agree where to, nobody agrees that it is closed.
    """
    receivers = tuple(Signature(Party.RECEIVING_SITE, code) for code in terms.to)
    ambulance = Signature(Party.AMBULANCE_SERVICE)
    if terms.kind is DivertKind.CLOSURE:
        return (*receivers, ambulance)
    return (Signature(Party.REQUESTING_SITE, terms.site), *receivers, ambulance, Signature(Party.SYSTEM))


def fold(steps: Iterable[Taken], terms: Terms) -> DivertStanding:
    """Where a divert stands after its steps, in the order in which they were taken. Never raises."""
    return reduce(lambda standing, taken: apply(standing, taken, terms), steps, DivertStanding())


def apply(before: DivertStanding, taken: Taken, terms: Terms) -> DivertStanding:
    """The standing after one more step."""
    return replace(before, **CHANGES[taken.step](before, taken, terms)) if taken.step in CHANGES else before


Change = Mapping[str, Any]


def _requested(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    return {"state": S.REQUESTED, "requested_at": taken.at, "agreed": frozenset()}


def _agreed(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    agreed = before.agreed | ({taken.signature} if taken.signature else set())
    everybody = set(must_agree(terms)) <= agreed
    return {
        "agreed": agreed,
        "state": S.AGREED if everybody and before.state is S.REQUESTED else before.state,
    }


def _refused(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    """A request that is refused is over; an extension that is refused leaves the divert as it was."""
    if before.state is S.ACTIVE:
        return {"asked_until": None, "agreed": frozenset()}
    return {"state": S.REFUSED}


def _started(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    ends_at = None if terms.minutes is None else taken.at + timedelta(minutes=terms.minutes)
    return {"state": S.ACTIVE, "starts_at": taken.at, "ends_at": ends_at, "reviewed_at": taken.at}


def _reviewed(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    return {"reviewed_at": taken.at}


def _extension_asked(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    return {"asked_until": taken.until, "agreed": frozenset()}


def _extended(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    return {"ends_at": before.asked_until, "asked_until": None, "agreed": frozenset()}


def _over(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    return {"state": S(taken.step.value), "asked_until": None}


def _ended(before: DivertStanding, taken: Taken, terms: Terms) -> Change:
    return {"state": S.ENDED, "ends_at": taken.at, "asked_until": None}


CHANGES: Mapping[DivertStep, Callable[[DivertStanding, Taken, Terms], Change]] = MappingProxyType(
    {
        T.REQUESTED: _requested,
        T.AGREED: _agreed,
        T.REFUSED: _refused,
        T.WITHDRAWN: _over,
        T.STARTED: _started,
        T.REVIEWED: _reviewed,
        T.EXTENSION_ASKED: _extension_asked,
        T.EXTENDED: _extended,
        T.ENDED: _ended,
        T.EXPIRED: _over,
    }
)


def check(standing: DivertStanding, taken: Taken, terms: Terms, policy: DivertPolicy) -> None:
    """Whether a person may take this step now. Raises NotAllowed with the reason."""
    allowed = ALLOWED.get(taken.step, frozenset())
    if standing.state not in allowed:
        why = f"A divert that is {standing.state.value} cannot be {taken.step.value.replace('_', ' ')}."
        raise NotAllowed(standing.state.value, taken.step.value.replace("_", " "), why)
    if taken.step in (T.AGREED, T.REFUSED):
        _check_signature(standing, taken, terms)
    if taken.step is T.EXTENSION_ASKED:
        _check_extension(standing, taken, policy)


def _check_signature(standing: DivertStanding, taken: Taken, terms: Terms) -> None:
    if not standing.is_missing(terms) and standing.asked_until is None and standing.state is S.ACTIVE:
        raise NotAllowed("active", "agreement", "Nothing is being asked. Ask for an extension first.")
    if taken.signature not in must_agree(terms):
        raise NotAllowed(standing.state.value, "agreement", "This divert does not need that agreement.")


def _check_extension(standing: DivertStanding, taken: Taken, policy: DivertPolicy) -> None:
    if standing.ends_at is None or standing.starts_at is None:
        raise NotAllowed("active", "extension", "It runs until somebody ends it.")
    if taken.until is None or taken.until <= standing.ends_at:
        raise NotAllowed("active", "extension", "The new end must be later than the present one.")
    if taken.until > standing.ends_at + timedelta(minutes=policy.most_minutes):
        why = f"At most {policy.most_minutes:g} minutes at a time."
        raise NotAllowed("active", "extension", why)
    if taken.until > standing.starts_at + timedelta(minutes=policy.hard_stop_minutes):
        why = f"No divert runs for more than {policy.hard_stop_minutes / 60:g} hours."
        raise NotAllowed("active", "extension", why)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the terms are checked against: the other diverts that are asked for or in force, and levels.

    levels  site code -> OPEL level 1 to 4, only where somebody said it and it is not too old
    sites   the codes that can receive
    """

    others: Sequence[Terms] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    sites: frozenset[str] = frozenset()


def check_terms(terms: Terms, around: Surroundings, policy: DivertPolicy) -> None:
    """Whether such a divert may be asked for at all. Raises NotAllowed with the reason."""
    for why in _objections(terms, around, policy):
        raise NotAllowed("draft", "divert", why)


def unknown_levels(terms: Terms, levels: Mapping[str, int]) -> tuple[str, ...]:
    """The sites of which nobody knows whether one is worse than the other, since no level was said lately.

    A person may answer for them with a reason. A closed site is compared with none: it receives nobody.
    """
    compared = terms.to if terms.kind is DivertKind.CLOSURE else (terms.site, *terms.to)
    return tuple(code for code in compared if code not in levels)


def _objections(terms: Terms, around: Surroundings, policy: DivertPolicy) -> Iterable[str]:
    if not terms.to:
        yield "Name at least one site that receives."
    if terms.site in terms.to:
        yield "A site cannot receive its own divert."
    if not terms.covers:
        yield "Say which patients it covers."
    if terms.kind.shifts_load and terms.covers - {Cover.ADULT_MAJORS, Cover.EVERYBODY}:
        yield (
            f"{terms.kind.words} covers adults for majors only; everybody else still goes to the site. "
            "Where a service is off, ask for a service divert."
        )
    if terms.kind is not DivertKind.CLOSURE and Cover.EVERYBODY in terms.covers:
        yield "Only a closed site turns everybody away. Choose the patients it covers."
    if not 0 < terms.share <= 1 or (terms.share < 1 and terms.kind is not DivertKind.LOAD_LEVEL):
        yield "Only load levelling takes a share, above 0 and at most all."
    if terms.minutes is None and not terms.kind.needs_an_explicit_end:
        yield "Say for how long."
    if terms.minutes is not None and terms.kind.needs_an_explicit_end:
        yield "A closed site is open again when somebody says so: leave the minutes empty."
    if terms.minutes is not None and not 0 < terms.minutes <= policy.most_minutes:
        yield f"At most {policy.most_minutes:g} minutes; it can be extended by a new agreement."
    yield from _objections_of_neighbours(terms, around)


def _objections_of_neighbours(terms: Terms, around: Surroundings) -> Iterable[str]:
    diverting = {other.site for other in around.others}
    receiving = {code for other in around.others for code in other.to}
    for code in terms.to:
        if around.sites and code not in around.sites:
            yield f"{code} is no site of this region that can receive."
        if code in diverting:
            yield f"{code} is on divert itself: it cannot receive (no chains, no rings)."
        if around.levels.get(code, 0) > around.levels.get(terms.site, 4):
            yield (
                f"{code} is at level {around.levels[code]}, under more pressure than {terms.site}: "
                "never to a worse site."
            )
    if terms.site in diverting:
        yield f"{terms.site} is on divert already. Extend or end that one."
    if terms.site in receiving:
        yield f"{terms.site} receives another divert: end that one first (no chains, no rings)."
