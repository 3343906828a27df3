"""Reports in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from clearway.domain.shared.concerns import ConcernPolicy, State, Step

from ..layout.times import local
from ..people.roles import name_of
from .models import Concern, ConcernStep
from .queries import Reported

STATES = {
    State.REPORTED: "Reported",
    State.ACKNOWLEDGED: "Acknowledged",
    State.LOOKED_INTO: "Looked into",
    State.CLOSED: "Closed",
}
DONE = {
    Step.ACKNOWLEDGED: "Acknowledged",
    Step.LOOKED_INTO: "Looked into",
    Step.PASSED_ON: "Passed on",
    Step.CLOSED: "Closed",
}
COLUMNS = (
    *("number", "desk", "kind", "severity", "where", "what happened", "done at once", "reported"),
    *("state", "owner", "due", "closed", "what was learnt"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    key: int
    at: datetime
    kind: str
    severity: str
    place: str
    what: str
    state: str
    owner: str
    due: datetime | None
    is_overdue: bool


def rows(found: Iterable[Reported], policy: ConcernPolicy, at: datetime) -> list[Row]:
    """The lines of the list."""
    return [
        Row(
            key=each.row.pk,
            at=each.row.at,
            kind=policy.kind(each.row.kind).says,
            severity=policy.severity(each.stands.severity).says,
            place=each.row.place,
            what=each.row.what,
            state=STATES[each.stands.state],
            owner=name_of(each.stands.owner),
            due=each.stands.due,
            is_overdue=each.stands.is_overdue(at),
        )
        for each in found
    ]


def history(row: Concern, policy: ConcernPolicy) -> list[tuple[datetime, str, str, str]]:
    """When, what, who and in which words, oldest first."""
    told = [(row.at, "Reported", row.by.display_name, row.done and f"Done at once: {row.done}")]
    return [*told, *((each.at, _what(each, policy), each.by, each.words) for each in row.steps.all())]


def _what(each: ConcernStep, policy: ConcernPolicy) -> str:
    more = f" to the {name_of(each.to).lower()}" if each.to else ""
    severity = f", as {policy.severity(each.severity).says.lower()}" if each.severity else ""
    return f"{DONE[Step(each.step)]}{more}{severity}"


def exported(found: Iterable[Reported], policy: ConcernPolicy) -> list[tuple[str, ...]]:
    """Rows of COLUMNS: what the reports say of themselves, without anybody's name."""
    lines: list[tuple[str, ...]] = []
    for each in found:
        last = next((step for step in each.row.steps.all() if step.step == Step.CLOSED), None)
        lines.append(
            (
                *(str(each.row.pk), each.row.desk, policy.kind(each.row.kind).says),
                *(policy.severity(each.stands.severity).says, each.row.place, each.row.what, each.row.done),
                *(_time(each.row.at), STATES[each.stands.state], name_of(each.stands.owner)),
                *(_time(each.stands.due), _time(last.at if last else None), last.words if last else ""),
            )
        )
    return lines


def _time(at: datetime | None) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}" if at else ""
