"""What was entered by hand, and the forms, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock
from clearway.domain.ambulance import transitions
from clearway.domain.ambulance.downtime import Decided, Form, Line
from clearway.domain.ambulance.events import AvailabilityEvent, Event, JobEvent
from clearway.domain.ambulance.words import Availability, FormKind, JobStatus
from clearway.domain.shared.facts import Fact

from .. import words
from ..facts.queries import of_kind
from .actions import Understood, event_of
from .models import HandEntry, PaperForm
from .queries import Compared

KINDS: Mapping[FormKind, str] = {
    FormKind.INCIDENT: "Incident",
    FormKind.STATUS: "Resource status",
    FormKind.HOSPITAL_QUEUE: "Hospital queue",
    FormKind.DECISION: "Decision",
}
LINES = 28  # of a status form on A4
STATES: Mapping[str, str] = {
    PaperForm.State.BLANK: "Blank, in the folder",
    PaperForm.State.UNACCOUNTED: "Unaccounted for",
    PaperForm.State.ENTERED: "Entered",
    PaperForm.State.VOID: "Void",
}


def status(value: str) -> str:
    """A status of either axis in the desk's words."""
    if value in set(JobStatus):
        return words.JOB_STATUS[JobStatus(value)]
    return words.AVAILABILITY[Availability(value)]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in words."""

    key: int
    call_sign: str
    status: str
    what: str
    occurred_at: datetime
    entered_at: datetime
    entered_by: str
    is_late: bool
    form: str


def row(entry: HandEntry, places: Mapping[str, str]) -> Row:
    """One entry. `what` is its place, its reason, or the paper incident it opened."""
    paper = entry.incident if entry.incident.startswith("paper") else ""
    what = [places.get(entry.place, entry.place), entry.reason, paper]
    return Row(
        key=entry.pk,
        call_sign=entry.call_sign,
        status=status(entry.status),
        what=", ".join(each for each in what if each),
        occurred_at=entry.occurred_at,
        entered_at=entry.entered_at,
        entered_by=entry.entered_by,
        is_late=entry.is_late,
        form=form_name(entry.form) if entry.form else "",
    )


def form_name(form: PaperForm) -> str:
    """ "S0012"; "DRILL S0012" of a drill's."""
    name = str(Form(FormKind(form.kind), form.number))
    return f"DRILL {name}" if form.is_drill else name


def sheets(
    forms: Iterable[PaperForm], call_signs: Sequence[str]
) -> list[tuple[str, str, str, Sequence[str]]]:
    """Number, kind and name of each form, and the call signs on it: each status form has the next of them."""
    found, begun = [], 0
    for form in forms:
        kind = FormKind(form.kind)
        listed: Sequence[str] = ()
        if kind is FormKind.STATUS:
            listed, begun = call_signs[begun : begun + LINES], begun + LINES
        found.append((form_name(form), form.kind, KINDS[kind], listed))
    return found


def read_back(meant: Understood | Decided) -> str:
    """What is read back to the crew before it counts."""
    if isinstance(meant, Decided):
        return f"Decision of {meant.wall[0]:02d}:{meant.wall[1]:02d}: {meant.words}"
    line: Line = meant.line
    said = f"{line.call_sign}: {status(line.status.value).lower()}"
    said += f", {meant.place_name}" if meant.place_name else ""
    said += f", {line.rest}" if line.rest else ""
    said += f", at {clock(meant.occurred_at)}"
    job = f" Job {meant.incident}." if meant.incident else ""
    return f"{said}.{job}{f' {meant.warning}.' if meant.warning else ''}"


def said_of(entry: HandEntry, places: Mapping[str, str]) -> str:
    """What was entered, to be read back."""
    shown = row(entry, places)
    what = f", {shown.what}" if shown.what else ""
    return f"Read back: {shown.call_sign}, {shown.status.lower()}{what}, at {clock(shown.occurred_at)}."


def beside(found: Iterable[Compared]) -> list[tuple[Compared, str, str]]:
    """What differs from another source's word, with the status and theirs, where it is another, in words."""
    return [
        (each, status(each.entry.status), status(each.their_status) if each.their_status else "")
        for each in found
        if each.differs
    ]


@dataclass(frozen=True, slots=True)
class Copied:
    """How one resource stands in the copy of the picture that a drill goes on."""

    call_sign: str
    state: str
    since: datetime | None


def copied(entries: Iterable[HandEntry], told: Mapping[str, list[Fact[Event]]]) -> list[Copied]:
    """The drill's own picture: what was known when it began, and what was entered since, folded as ever."""
    streams: dict[str, list[Fact[Event]]] = {}
    for entry in entries:
        event = event_of(entry)
        streams.setdefault(event.stream, list(told.get(event.stream, ()))).append(
            Fact(event, "drill", entry.entered_at)
        )
    found = []
    for facts in streams.values():
        if jobs := of_kind(JobEvent, facts):
            folded, _ = transitions.fold(jobs)
            found.append(Copied(folded.call_sign, words.JOB_STATE[folded.state], folded.since))
        else:
            newest = max(of_kind(AvailabilityEvent, facts), key=lambda fact: fact.placed_at)
            state = words.AVAILABILITY[newest.event.status]
            found.append(Copied(newest.event.call_sign, state, newest.placed_at))
    return sorted(found, key=lambda each: (each.call_sign, each.state))
