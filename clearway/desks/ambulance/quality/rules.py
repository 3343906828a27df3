"""What the queue of findings asks for: one task for each site with something that nobody has taken up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate
from clearway.domain.ambulance.quality import RULES

from ..incidents import queries as incidents
from . import queue
from .queue import Untaken

BEFORE_DUE = timedelta(hours=2)  # high ones become a task so long before they are due
NAMED = 3  # critical ones in a cause; more are counted


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, at an instant: names by site code, and the cases of proposals without agreement."""

    at: datetime
    untaken: Sequence[Untaken]
    names: Mapping[str, str]
    to_settle: Sequence[int]


def untaken(waiting: Waiting, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """Critical ones at once, as their number must not be published; high ones as they become due."""
    for each in waiting.untaken:
        near = each.high_due is not None and waiting.at >= each.high_due - BEFORE_DUE
        if not each.named and not near:
            continue
        late = each.critical_due is not None and waiting.at > each.critical_due
        name = waiting.names.get(each.site, "No hospital")
        yield Wanted(
            subject=f"findings:{each.site}",
            priority=2 if late else 3,
            title=f"{name}: {_number(each)} nobody has taken",
            cause=_cause(each),
            role="patient_flow_coordinator",
            suggestion="Open Data quality: take them, ask the source, propose a value",
            site_code=each.site or None,
            members=_members(each, waiting.at + BEFORE_DUE),
        )


def _members(each: Untaken, until: datetime) -> frozenset[str]:
    """What this task stands for: one more brings it back where it was answered."""
    return _subjects([*each.critical, *(key for due, key in each.highs if due <= until)])


def _subjects(keys: Iterable[int]) -> frozenset[str]:
    return frozenset(f"finding:{key}" for key in keys)


def _number(each: Untaken) -> str:
    critical = f"{len(each.named)} critical" if each.named else ""
    high = f"{each.high} high" if each.high else ""
    many = len(each.named) + each.high
    return f"{' and '.join(filter(None, (critical, high)))} finding{'' if many == 1 else 's'}"


def _cause(each: Untaken) -> str:
    named = [
        f"{call_sign}: {RULES[code].sentence}" for code, call_sign in each.named[:NAMED] if code in RULES
    ]
    more = f"; and {len(each.named) - NAMED} more" if len(each.named) > NAMED else ""
    first = min(due for due in (each.critical_due, each.high_due) if due is not None)
    return "; ".join([*named, f"the first is due at {clock(first)}"]) + more


def settle(waiting: Waiting, _policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for the weekly list, however long it is."""
    if waiting.to_settle:
        many = len(waiting.to_settle)
        times = f"{many} time{'' if many == 1 else 's'}"
        yield Wanted(
            subject="findings:validation",
            priority=3,
            title=f"{times} to settle with hospitals",
            cause="The hospital rejected what was proposed, or did not answer in time.",
            role="service_delivery_officer",
            suggestion="Open the validation list of Data quality, and settle them with the hospitals",
            members=_subjects(waiting.to_settle),
        )


FINDINGS_WAIT: Rule[Waiting] = Rule(
    code="findings_wait",
    sentence="Findings of data quality that nobody has taken up are somebody's task, one for each site.",
    source="Policy quality_queue; the coordinator seeks out data quality errors and puts them right",
    check=untaken,
)
VALIDATION_WAITS: Rule[Waiting] = Rule(
    code="validation_waits",
    sentence="What a hospital rejected or did not answer goes on the joint list of the week.",
    source="Policy quality_queue, answer_hours",
    check=settle,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What these rules want now. Four queries."""
    waiting = Waiting(
        at,
        queue.untaken(organisation_id),
        incidents.site_names(organisation_id),
        queue.overdue(organisation_id, at),
    )
    return evaluate([FINDINGS_WAIT, VALIDATION_WAITS], waiting, policies, modes)
