"""What downtime asks for: packs that are missing, a failure that is not reconciled, a drill that is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from clearway.core.layout.times import day, moment
from clearway.core.organisation.queries import first_loaded
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate

from . import queries
from .models import CadFailure, PackFolder
from .policy import NAME, made

POLICY = NAME
ROLE = "patient_flow_coordinator"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules look at.

    folders   folder that the settings name -> its row, None before the first pack
    open      the failures that are not reconciled
    lost      since when something that was entered while the feed was lost waits for a word on it
    drilled   when the last drill ended, or when the trust was set up
    """

    at: datetime
    folders: Mapping[str, PackFolder | None]
    open: Sequence[CadFailure]
    lost: datetime | None
    drilled: datetime | None


def packs(found: Standing, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each folder that has had no pack for too long."""
    policy = made(policies.get(POLICY, {}))
    for folder, row in found.folders.items():
        written, problem = (row.written_at, row.problem) if row else (None, "")
        if written is not None and found.at - written < timedelta(minutes=policy.task_minutes):
            continue
        last = f"The last is of {moment(written, found.at)}" if written else "There has never been one"
        yield Wanted(
            subject=f"pack:{folder}"[:150],
            priority=2,
            title=f"No downtime pack in {folder}",
            cause=f"{last}. {problem}".strip(),
            role=ROLE,
            suggestion="Have the folder mended; until then print the boards every hour",
            since=written and written + timedelta(minutes=policy.task_minutes),
        )


def duties(found: Standing, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each failure that is not reconciled in time, one for what was entered while the feed was
    only lost and differs, and one when a drill is due."""
    policy = made(policies.get(POLICY, {}))
    for failure in found.open:
        if failure.ended_at is None:
            continue
        until = failure.ended_at + timedelta(hours=policy.reconcile_hours)
        if found.at >= until:
            yield Wanted(
                subject=f"reconcile:{failure.pk}",
                priority=3,
                title="A CAD failure is not reconciled",
                cause=f"It ended {moment(failure.ended_at, found.at)}; paper may not be entered",
                role=ROLE,
                suggestion="Open By hand, Back-entry: enter what stands on paper, account for every form",
                since=until,
            )
    if found.lost is not None:
        until = found.lost + timedelta(hours=policy.reconcile_hours)
        if found.at >= until:
            yield Wanted(
                subject="reconcile:lost",
                priority=3,
                title="Entries by hand and the CAD differ",
                cause=f"Entered while the feed was lost, from {moment(found.lost, found.at)}; not settled",
                role=ROLE,
                suggestion="Open By hand, Back-entry: say whose time is right",
                since=until,
            )
    if found.drilled is not None:
        due = found.drilled + timedelta(days=policy.drill_days)
        if found.at >= due:
            yield Wanted(
                subject="drill",
                priority=3,
                title="A drill of a CAD failure is due",
                cause=f"The last was {day(found.drilled)} or there was none since the trust was set up",
                role=ROLE,
                suggestion="Agree a quiet hour with the delivery officer; By hand, Drills",
                since=due,
            )


DOWNTIME_PACK: Rule[Standing] = Rule(
    code="downtime_pack",
    sentence="A folder that has had no downtime pack for a quarter of an hour is somebody's to mend.",
    source="Policy downtime; a control room must not be blind in an outage",
    check=packs,
)
DOWNTIME_DUE: Rule[Standing] = Rule(
    code="downtime_due",
    sentence="A failure is reconciled within a day, and a drill is held twice a year.",
    source="Policy downtime",
    check=duties,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What these rules want now. Ten queries at most."""
    rows = {row.folder: row for row in queries.pack_folders(organisation_id)}
    lost = queries.compared_while_lost(organisation_id, at)
    last = queries.failures(organisation_id, drill=True).exclude(ended_at=None).first()
    found = Standing(
        at=at,
        folders={folder: rows.get(folder) for folder in settings.DOWNTIME_FOLDERS},
        open=queries.unreconciled(organisation_id),
        lost=min((each.entry.entered_at for each in lost if each.is_open), default=None),
        drilled=last.ended_at if last else first_loaded(organisation_id),
    )
    rules: Sequence[Rule[Standing]] = (DOWNTIME_PACK, DOWNTIME_DUE)
    return evaluate(rules, found, policies, modes)
