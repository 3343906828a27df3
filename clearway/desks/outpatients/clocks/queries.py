"""Reading pathways and what their clocks say."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from clearway.core.audit.models import Action
from clearway.core.layout.times import local
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.clock_rules import TABLE
from clearway.domain.outpatients.clock_words import Prompt
from clearway.domain.outpatients.clocks import Pathway as Explained
from clearway.domain.outpatients.clocks import Prompted, explain, refuses
from clearway.domain.outpatients.corrections import settled
from clearway.domain.outpatients.words import ClockState
from clearway.engine.outpatients.bulk_clocks import Clocks, EventColumns, bulk_clocks

from ..patients import queries as patients
from ..policy import clock_policy, clock_switches
from . import models

BATCH = 1000  # pathways compared at a time
KEPT = ("state", "status", "started_on", "queue_from", "treat_by", "ended_on", "wrong_on")  # a fold fills


def one(organisation_id: int, pathway_id: int) -> models.Pathway:
    """One pathway with its patient. Raises Pathway.DoesNotExist. One query."""
    return models.Pathway.objects.select_related("patient", "parent").get(
        organisation_id=organisation_id, pk=pathway_id
    )


def of_patient(organisation_id: int, patient_id: int) -> list[models.Pathway]:
    """Every pathway of a patient, newest first. One query."""
    rows = models.Pathway.objects.filter(organisation_id=organisation_id, patient_id=patient_id)
    return list(rows.order_by("-id"))


def open_consultant_led(organisation_id: int, patient_id: int) -> list[models.Pathway]:
    """The pathways on which a consultant's clock runs for a patient, whichever record of theirs they were
    made under, oldest first. Two queries."""
    rows = models.Pathway.objects.filter(
        organisation_id=organisation_id,
        patient_id__in=patients.records_of(patient_id),
        measurement="01",
        state__in=("ticking", "unknown_start"),
    )
    return list(rows.order_by("started_on", "id"))


def events_of(pathway_ids: Collection[int]) -> QuerySet[models.ClockEvent]:
    """The events of these pathways in their fixed order."""
    return models.ClockEvent.objects.filter(pathway_id__in=pathway_ids).order_by(
        "pathway_id", "on", "sequence", "key"
    )


def that_stand(pathway_ids: Collection[int]) -> list[models.ClockEvent]:
    """The events of these pathways that no other replaces and that withdraw nothing. One query."""
    rows = list(events_of(pathway_ids))
    replaced = {(row.pathway_id, row.replaces) for row in rows if row.replaces}
    return [
        row for row in rows if (row.pathway_id, row.key) not in replaced and row.kind != EventKind.WITHDRAWN
    ]


def value_of(row: Any) -> ClockEvent:
    """The event that a row keeps, as the rules take it."""
    said = row.said
    return ClockEvent(
        key=row.key,
        kind=EventKind(row.kind),
        on=row.on,
        sequence=row.sequence,
        start_on=_day(said.get("start_on")),
        until=_day(said.get("until")),
        evidence=frozenset(Evidence(each) for each in said.get("evidence", ())),
        function=said.get("function"),
        outside_contact=bool(said.get("outside_contact")),
        replaces=row.replaces or None,
        recorded_on=local(row.recorded_at).date(),
    )


def said_by(event: ClockEvent) -> dict[str, Any]:
    """What a row keeps of an event besides its kind and day; empty parts are left out."""
    said = {
        "start_on": event.start_on and event.start_on.isoformat(),
        "until": event.until and event.until.isoformat(),
        "evidence": sorted(event.evidence),
        "function": event.function,
        "outside_contact": event.outside_contact,
    }
    return {name: value for name, value in said.items() if value}


def explained(
    pathway_id: int, as_of: date, known_by: date | None = None, *, adding: Iterable[ClockEvent] = ()
) -> Explained:
    """What the clock of a pathway says at the end of a day, with a sentence for every step. Three queries.

    known_by  as it would have been answered on that day: later records are left out
    adding    events as if they had been recorded, to see what they would do
    Raises Pathway.DoesNotExist.
    """
    row = models.Pathway.objects.only("id", "measurement", "organisation_id").get(pk=pathway_id)
    events = [value_of(each) for each in events_of([pathway_id])]
    chosen = clock_switches(row.organisation_id, as_of)
    return explain([*events, *adding], as_of, clock_policy(row.measurement, chosen), known_by=known_by)


def kept_of(folded: Explained) -> dict[str, Any]:
    """The columns in which the newest answer of a clock is kept."""
    last = folded.periods[-1] if folded.periods else None
    return {
        "state": folded.state.value,
        "status": (folded.status or "") and str(folded.status),
        "started_on": last and last.start,
        "queue_from": last and last.queue_from,
        "treat_by": last and last.treat_by,
        "ended_on": last and last.ended_on,
        "wrong_on": min((each.on for each in folded.findings if refuses(each)), default=None),
    }


def folded(rows: Iterable[models.Pathway], at: datetime) -> Mapping[int, Explained]:
    """What the clocks of these pathways say now, by id. Two queries, however many there are."""
    known = {row.pk: row for row in rows}
    if not known:
        return {}
    today = local(at).date()
    chosen = clock_switches(next(iter(known.values())).organisation_id, today)
    events: dict[int, list[ClockEvent]] = {key: [] for key in known}
    for each in events_of(known):
        events[each.pathway_id].append(value_of(each))
    return {
        key: explain(events[key], today, clock_policy(row.measurement, chosen)) for key, row in known.items()
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """A column of a pathway that is not what its events add up to."""

    pathway_id: int
    column: str
    kept: str
    rebuilt: str

    def __str__(self) -> str:
        return f"pathway {self.pathway_id} {self.column}: kept {self.kept}, rebuilt {self.rebuilt}"


def differences(rows: Iterable[models.Pathway], at: datetime) -> list[Difference]:
    """Where what is kept of pathways differs from their events. Two queries."""
    known = list(rows)
    found = folded(known, at)
    return [
        Difference(row.pk, column, str(getattr(row, column)), str(value))
        for row in known
        for column, value in kept_of(found[row.pk]).items()
        if getattr(row, column) != value
    ]


@dataclass(frozen=True, slots=True)
class Compared:
    """How many pathways were worked out anew, and where what is kept of them differed."""

    pathways: int
    differences: tuple[Difference, ...]


def compare(organisation_id: int, at: datetime) -> Compared:
    """Work out every clock of an organisation anew and compare. Three queries for a thousand pathways."""
    found: list[Difference] = []
    count, last = 0, 0
    while rows := list(
        models.Pathway.objects.filter(organisation_id=organisation_id, pk__gt=last).order_by("id")[:BATCH]
    ):
        count, last = count + len(rows), rows[-1].pk
        found += differences(rows, at)
    return Compared(count, tuple(found))


# As they stood


@dataclass(frozen=True, slots=True)
class Since:
    """Clocks of many pathways. keys  ids of the pathways, in the order in which the clocks number them."""

    keys: tuple[int, ...]
    clocks: Clocks


def since(organisation_id: int, measurement: str, first: date, last: date) -> Since:
    """Every clock of a measurement that ran on some day from `first` on, as of `last`. Two queries."""
    rows = models.Pathway.objects.filter(organisation_id=organisation_id, measurement=measurement)
    rows = rows.filter(Q(started_on__isnull=False) | Q(state=ClockState.UNKNOWN_START))
    rows = rows.filter(Q(ended_on=None) | Q(ended_on__gte=first)).order_by()
    found = models.ClockEvent.objects.filter(pathway__in=rows).order_by("pathway_id", "on", "sequence", "key")
    histories: dict[int, list[ClockEvent]] = {}
    for each in found.values_list(*READ, named=True):
        histories.setdefault(each.pathway_id, []).append(value_of(each))
    settled_ = (settled(events)[0] for events in histories.values())
    policy = clock_policy(measurement, clock_switches(organisation_id, last))
    return Since(tuple(histories), bulk_clocks(EventColumns.of(settled_), last, policy))


READ = ("pathway_id", "key", "kind", "on", "sequence", "said", "replaces", "recorded_at")

# What a clock asks for

DONE = "clocks.done"
# The others have rules of their own: misses, what a referral lacks, and the checks of the list.
TASKED = frozenset(
    {
        Prompt.CLINICAL_REVIEW,
        Prompt.AGREE_NEXT_STEP,
        Prompt.REVIEW_MONITORING,
        Prompt.SET_LATEST_DATE,
        Prompt.SEND_TRANSFER_DATA,
        Prompt.OPEN_SEPARATE_PATHWAY,
        Prompt.CANCEL_EVERYTHING,
        Prompt.TELL_CONSULTANT,
    }
)
MET_BY_A_PLACE = frozenset({Prompt.AGREE_NEXT_STEP, Prompt.REVIEW_MONITORING})
PROMPTING = tuple(sorted({rule.kind.value for rule in TABLE if rule.prompt in TASKED}))
PROMPTED_FOR = timedelta(days=366)  # what is older was seen to, or is found by the checks of the list


@dataclass(frozen=True, slots=True)
class PromptDue:
    """What the newest event of a pathway asks of a person, due and not said to be done."""

    pathway_id: int
    prompted: Prompted


def prompts_due(organisation_id: int, at: datetime) -> list[PromptDue]:
    """What clocks ask for now, the oldest first. Six queries, however many pathways there are.

    It is met by a later event, by a place on a list where a next step is asked for, or by who says so.
    """
    today = local(at).date()
    later = models.ClockEvent.objects.filter(pathway=OuterRef("pathway")).filter(
        Q(on__gt=OuterRef("on")) | Q(on=OuterRef("on"), sequence__gt=OuterRef("sequence"))
    )
    newest = models.ClockEvent.objects.filter(
        ~Exists(later),
        organisation_id=organisation_id,
        kind__in=PROMPTING,
        on__gte=today - PROMPTED_FOR,
    )
    keys = dict(newest.values_list("pathway_id", "key"))
    rows = models.Pathway.objects.filter(pk__in=keys)
    placed = set(
        rows.filter(entries__state__in=("waiting", "booked")).values_list("pk", flat=True).order_by()
    )
    said = {(each.subject, each.detail.get("key")) for each in done(keys)}
    found = [
        PromptDue(key, each)
        for key, explained_ in folded(rows, at).items()
        for each in explained_.prompts
        if each.prompt in TASKED
        and each.key == keys[key]
        and each.due <= today
        and not (each.prompt in MET_BY_A_PLACE and key in placed)
        and (f"pathway:{key}", each.key) not in said
    ]
    return sorted(found, key=lambda each: (each.prompted.due, each.pathway_id))


def done(pathway_ids: Collection[int]) -> list[Action]:
    """Who said of these pathways that what a clock asked for is done. One query."""
    subjects = [f"pathway:{key}" for key in pathway_ids]
    return list(Action.objects.filter(verb=DONE, subject__in=subjects).order_by("id"))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
