"""Diverts in words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from clearway.core.layout.times import clock
from clearway.core.people.roles import name_of
from clearway.domain.ambulance.diverts import (
    Cover,
    DivertKind,
    DivertState,
    DivertStep,
    Party,
    Signature,
    Terms,
    must_agree,
)
from clearway.domain.ambulance.diverts import Divert as InForce
from clearway.domain.ambulance.situation import Situation

from . import queries
from .models import Divert, Step

Names = Mapping[str, str]

KINDS: Mapping[DivertKind, str] = {
    DivertKind.CAPACITY: "Capacity: adults for majors",
    DivertKind.SERVICE: "A service has failed (for instance scanner, cath lab, maternity)",
    DivertKind.CLOSURE: "The site is closed (fire, power, major incident)",
    DivertKind.INTERNAL: "Between two sites of one trust",
    DivertKind.BORDER: "Mutual aid across the border",
    DivertKind.LOAD_LEVEL: "Load levelling: a share, for a time",
}
COVERS: Mapping[Cover, str] = {
    Cover.ADULT_MAJORS: "adults for majors",
    Cover.CHILDREN: "children",
    Cover.STROKE: "stroke",
    Cover.STEMI: "heart attack for angioplasty (STEMI)",
    Cover.MAJOR_TRAUMA: "major trauma",
    Cover.MATERNITY: "maternity",
    Cover.EVERYBODY: "everybody (a closed site only)",
}
STEPS: Mapping[DivertStep, str] = {
    DivertStep.PROPOSED: "Proposed",
    DivertStep.REQUESTED: "Agreement asked for",
    DivertStep.AGREED: "Agreed",
    DivertStep.REFUSED: "Refused",
    DivertStep.WITHDRAWN: "Withdrawn",
    DivertStep.STARTED: "Started",
    DivertStep.REVIEWED: "Reviewed",
    DivertStep.EXTENSION_ASKED: "Extension asked for",
    DivertStep.EXTENDED: "Extended",
    DivertStep.ENDED: "Ended",
    DivertStep.EXPIRED: "Expired without agreement",
}
STATES: Mapping[DivertState, str] = {
    DivertState.DRAFT: "Proposed, nobody asked yet",
    DivertState.REQUESTED: "Waits for agreement",
    DivertState.AGREED: "Agreed, not started",
    DivertState.ACTIVE: "In force",
    DivertState.ENDED: "Ended",
    DivertState.REFUSED: "Refused",
    DivertState.EXPIRED: "Expired without agreement",
    DivertState.WITHDRAWN: "Withdrawn",
}
# Said on every divert: whom it does not turn away, whatever it covers.
NEVER = (
    "Where a site is only too busy, these still go there: category 1, NEWS2 7 or more, and patients under "
    "continuing care or booked there. A service that is off, or a closed site, turns them away too when it "
    "covers them. Cardiac arrest, unsafe airway, sepsis and bleeding from the gut go to the nearest "
    "department, unless that is closed to them."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One divert in a list."""

    key: int
    title: str
    state: str
    kind: str
    covers: str
    proposed_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    missing: tuple[str, ...]
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One step in words."""

    at: datetime
    what: str
    who: str
    note: str


def title(row: Divert, names: Names) -> str:
    to = ", ".join(names.get(code, code) for code in row.to)
    return f"{names.get(row.site, row.site)} to {to}"


def covers(row: Divert) -> str:
    return _covered(row.covers, row.share)


def _covered(chosen: Collection[str], share: float) -> str:
    said = ", ".join(words for cover, words in COVERS.items() if cover in chosen)
    return said if share == 1 else f"{share:.0%} of {said}"


def turned_away(situation: Situation) -> dict[str, str]:
    """Site code -> what its divert in force does, in words: "Divert until 09:38: adults for majors"."""
    now = datetime.fromtimestamp(situation.at, UTC)
    return {
        each.site: f"Divert {_end(each)}: {_covered(each.covers, each.share)}"
        for each in situation.diverts
        if each.is_in_force(now)
    }


def _end(divert: InForce) -> str:
    return f"until {clock(divert.ends_at)}" if divert.ends_at else "until ended"


def notice(row: Divert, names: Names) -> str:
    """What the frame of every page says while it is in force."""
    return f"Divert: {title(row, names)}, {covers(row)}"


def signer(signature: Signature, names: Names) -> str:
    """Who has to agree, in words."""
    site = names.get(signature.site or "", signature.site or "")
    return {
        Party.REQUESTING_SITE: f"{site}: director on call, for the site that asks",
        Party.RECEIVING_SITE: f"{site}: director on call, for the site that receives",
        Party.AMBULANCE_SERVICE: "Ambulance service: tactical commander",
        Party.SYSTEM: "Integrated care board: director on call",
    }[signature.party]


def line(row: Divert, steps: Sequence[Step], names: Names) -> Line:
    terms = queries.terms(row)
    return Line(
        key=row.pk,
        title=title(row, names),
        state=STATES[DivertState(row.state)],
        kind=KINDS[terms.kind],
        covers=covers(row),
        proposed_at=row.proposed_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        missing=tuple(signer(each, names) for each in missing(steps, terms)),
        is_in_force=row.state == DivertState.ACTIVE,
    )


def missing(steps: Sequence[Step], terms: Terms) -> tuple[Signature, ...]:
    """Who has yet to agree to what is being asked."""
    return queries.standing(steps, terms).is_missing(terms)


def agreements(steps: Sequence[Step], terms: Terms, names: Names) -> list[tuple[str, str, str]]:
    """Everybody who has to agree: address of the form, who that is, and how it stands."""
    standing = queries.standing(steps, terms)
    waits = set(standing.is_missing(terms))
    said = {queries.taken(step).signature: step for step in steps if step.step == DivertStep.AGREED}
    rows = []
    for each in must_agree(terms):
        step = said.get(each)
        stands = "asked, no answer yet" if each in waits else "not asked yet"
        if step is not None and each not in waits:
            stands = f"agreed by {step.signatory}"
        rows.append((f"{each.party.value}:{each.site or ''}", signer(each, names), stands))
    return rows


def history(steps: Sequence[Step], names: Names) -> list[Event]:
    return [_event(step, names) for step in steps]


def _event(step: Step, names: Names) -> Event:
    what = STEPS[DivertStep(step.step)]
    if step.party:
        what = f"{what}: {signer(Signature(Party(step.party), step.site or None), names)}"
    who = f"{step.by.display_name}, {name_of(step.role).lower()}" if step.by else "By time"
    if step.signatory:
        who = f"{step.signatory} (written down by {who})"
    return Event(step.at, what, who, _note(step, names))


def _note(step: Step, names: Names) -> str:
    if not step.unknown_levels:
        return step.note
    sites = ", ".join(names.get(code, code) for code in step.unknown_levels)
    return f"{step.note} Pressure level of {sites} not known: {step.level_reason}".strip()
