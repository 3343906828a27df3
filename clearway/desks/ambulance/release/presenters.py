"""Releases in words: rows of the board, the history of a patient, the figures of a period."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.core.layout.times import clock
from clearway.domain.ambulance.release import Figures, Kind, Record, ReleasePolicy
from clearway.domain.ambulance.situation import JOB_STATES, Situation
from clearway.domain.ambulance.words import JobState
from clearway.engine.ambulance.handovers import HandoverPolicy, HospitalPicture, Stage, Vehicle

from ..handovers.presenters import STAGE, level_of
from ..handovers.queries import Board
from .models import Release
from .queries import Standing
from .wording import in_words

KINDS: Mapping[Kind, str] = {Kind.RELEASE: "Release", Kind.EXCEPTION: "Exception", Kind.RELIEF: "Relief crew"}
TITLES: Mapping[Kind, str] = {
    Kind.RELEASE: "Release of {}",
    Kind.EXCEPTION: "Why {} stays",
    Kind.RELIEF: "Relief of {}",
}


FIELDS = {
    "kind": "What was recorded",
    "stable_by": "Found stable by",
    "news2": "NEWS2",
    "news2_at": "NEWS2 taken",
    "nurse": "Nurse in charge",
    "place": "Left where",
    "verbal": "Handed over verbally",
    "epcr": "Handed over by record",
    "accepted": "Accepted by the hospital",
    "equipment": "Equipment left",
    "commander": "Commander told",
    "words": "In words",
    "look_at": "Look again",
    "relief": "Crew that takes over",
}


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """What two people recorded otherwise of one patient."""
    return both_in_words(found, FIELDS, _said)


def _said(field: str, value: Any) -> str:
    if field == "kind":
        return KINDS[Kind(value)]
    return clock(datetime.fromisoformat(value)) if field.endswith("_at") and value else said(value)


@dataclass(frozen=True, slots=True)
class Row:
    """One patient who waits.

    said    the newest record in words; is_due  its other look is due
    doubt   why the crew that is said to be with the patient cannot be (HQ18: who is with whom), or ""
    """

    key: str
    call_sign: str
    site: str
    hospital: str
    state: str
    since: datetime
    level: str
    said: str
    said_at: datetime | None
    look_at: datetime | None
    is_due: bool
    crew_is_there: bool
    say: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a history."""

    key: int
    when: datetime
    by: str
    what: str
    is_superseded: bool


def rows(
    pictures: Iterable[HospitalPicture],
    kept: Mapping[str, Standing],
    handover: HandoverPolicy,
    policy: ReleasePolicy,
    at: datetime,
) -> list[Row]:
    """Every patient who waits, the longest first; who came to an unknown place is not among them."""
    found = [
        _row(picture, vehicle, kept.get(vehicle.key), handover, policy, at)
        for picture in pictures
        if picture.code
        for vehicle in picture.vehicles
        if vehicle.stage.is_waiting and vehicle.arrived_at and vehicle.wait_minutes is not None
    ]
    return sorted(found, key=lambda row: (row.since, row.call_sign))


def _row(
    picture: HospitalPicture,
    vehicle: Vehicle,
    kept: Standing | None,
    handover: HandoverPolicy,
    policy: ReleasePolicy,
    at: datetime,
) -> Row:
    assert vehicle.arrived_at is not None
    look_at = kept.record.look_at if kept else None
    said = in_words(kept.record, policy) if kept else ""
    stage = STAGE[vehicle.stage]
    if vehicle.stage is Stage.LEFT_WAITING and kept is not None and kept.record.relief:
        stage = f"Waiting with {kept.record.relief}"
    return Row(
        key=vehicle.key,
        call_sign=vehicle.call_sign,
        site=picture.code or "",
        hospital=picture.name or "",
        state=stage,
        since=vehicle.arrived_at,
        level=level_of(vehicle.wait_minutes, handover),
        said=said,
        said_at=kept.at if kept else None,
        look_at=look_at,
        is_due=look_at is not None and look_at <= at,
        crew_is_there=vehicle.stage is not Stage.LEFT_WAITING,
        say=f"{vehicle.call_sign} at {picture.name}: {said or stage}",
    )


def history(found: Sequence[tuple[Release, Record]], policy: ReleasePolicy) -> list[Line]:
    """Everything recorded of a patient, newest first."""
    superseded = {row.supersedes_id for row, _ in found}
    return [
        Line(row.pk, row.at, row.by, in_words(record, policy), row.pk in superseded) for row, record in found
    ]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One hospital in the figures. reasons  exceptions by reason, most first, in words"""

    hospital: str
    each: Figures
    reasons: str


def figure_rows(
    found: Mapping[str, Figures], names: Mapping[str, str], policy: ReleasePolicy
) -> list[FigureRow]:
    """The hospitals, most minutes past the release limit first."""
    ordered = sorted(found.items(), key=lambda each: (-each[1].minutes_beyond, names.get(each[0], each[0])))
    return [FigureRow(names.get(code, code), each, _reasons(each, policy)) for code, each in ordered]


def _reasons(each: Figures, policy: ReleasePolicy) -> str:
    counted = sorted(each.reasons.items(), key=lambda row: (-row[1], row[0]))
    says = {reason.code: reason.says for reason in policy.reasons}
    return ", ".join(f"{says.get(code, code)} {count}" for code, count in counted)


def possible(row_is_there: bool, role: str) -> list[Kind]:
    """What a person may record: a hospital names no relief, and who has left needs no exception."""
    kinds = [Kind.RELEASE, Kind.EXCEPTION, Kind.RELIEF] if row_is_there else [Kind.RELEASE, Kind.RELIEF]
    return [kind for kind in kinds if not (kind is Kind.RELIEF and role == "hospital_user")]


def rows_of(read: Board, at: datetime) -> list[Row]:
    """Every patient who waits, as a reading of the handover board has them."""
    found = rows(read.pictures, read.releases, read.policy.handover, read.policy.release, at)
    return [
        replace(row, doubt=_doubt(read.situation, row, kept.record.relief))
        if (kept := read.releases.get(row.key)) and kept.record.relief
        else row
        for row in found
    ]


def _doubt(situation: Situation, row: Row, relief: str) -> str:
    """Why the board cannot have the relief crew at this hospital, or ""."""
    table, codes = situation.assignments, situation.sites.code
    for place, call_sign in enumerate(table.call_sign):
        state = JOB_STATES[table.state[place]]
        if call_sign != relief or state.is_over:
            continue
        there = table.site[place] >= 0 and codes[table.site[place]] == row.site
        if not (there and (state.is_at_hospital_with_patient or state is JobState.WRAP_UP)):
            where = state.value.replace("_", " ")
            return f"{relief} is said to be with the patient of {row.call_sign}; the board has it {where}"
    return ""
