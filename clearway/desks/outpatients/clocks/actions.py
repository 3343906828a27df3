"""Writing what happens to waiting time clocks: events are only added; what lists show follows from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Protocol

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.locks import whole
from clearway.core.organisation.models import Organisation
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.clock_policy import Switch
from clearway.domain.outpatients.clocks import Pathway as Explained
from clearway.domain.outpatients.clocks import check, explain
from clearway.domain.outpatients.identity import PathwayIdentifier, pathway_identifier
from clearway.domain.outpatients.measurement import Measure
from clearway.domain.shared.errors import NotAllowed

from ..exchange import wanted as exchange
from ..numbers import Numbers, next_number
from ..patients import queries as patients
from ..policy import clock_policy, clock_switches
from . import queries
from .models import ClockEvent as Row
from .models import Pathway

BATCH = 1000  # pathways rebuilt at a time
IN_USE = "A pathway with this identifier is open already. Link the referral to that one."


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event to record. source  what it came from: "referral:12", "appointment:7" or "desk"."""

    pathway_id: int
    event: ClockEvent
    source: str


class Treats(Protocol):
    """Whatever knows the treatment function of a service."""

    function: str


@transaction.atomic
def open_pathway(
    patient_id: int,
    *,
    service: Treats,
    measure: Measure,
    organisation_id: int,
    by: Actor,
    at: datetime,
    identifier: PathwayIdentifier | None = None,
    parent: int | None = None,
) -> Pathway:
    """A new pathway, on which nothing has happened yet.

    identifier  as another provider gave it, or of a booking reference; a local one is made where left out
    parent      the pathway that this one came from
    Raises NotAllowed where no clock is to run, the identifier is in use, or the patient has died.
    """
    state, event = "not yet open", "Opening a pathway"
    if measure.measurement is None:
        raise NotAllowed(state, event, measure.says)
    patient = patients.one(organisation_id, patient_id)
    if patient.stands.died_on is not None:
        raise NotAllowed("recorded as died", event, "The patient has died.")
    number = next_number(Pathway._meta.db_table)
    chosen = identifier or pathway_identifier(Organisation.objects.get(pk=organisation_id).code, number)
    if Pathway.objects.filter(ppid=chosen.ppid, issuer=chosen.issuer).exists():
        raise NotAllowed("known already", event, IN_USE)
    row = Pathway.objects.create(
        id=number,
        organisation_id=organisation_id,
        patient_id=patient_id,
        ppid=chosen.ppid,
        issuer=chosen.issuer,
        measurement=measure.measurement,
        function=service.function,
        parent_id=parent,
    )
    audit([_opened(row)], organisation_id=organisation_id, by=by, at=at)
    return row


@dataclass(frozen=True, slots=True)
class Ground:
    """What pathways of one trust begin on, read once: who issues their identifiers, and the rules chosen."""

    organisation_id: int
    issuer: str
    switches: frozenset[Switch]
    numbers: Numbers
    at: datetime


def ground(organisation_id: int, at: datetime, numbers: Numbers) -> Ground:
    """What pathways begin on now. Two queries."""
    code = Organisation.objects.values_list("code", flat=True).get(pk=organisation_id)
    return Ground(organisation_id, code, clock_switches(organisation_id, local(at).date()), numbers, at)


@dataclass(frozen=True, slots=True)
class Begun:
    """A pathway that is in the table as its first event left it; the event is to be recorded."""

    pathway: Pathway
    event: Row


def begin(
    patient_id: int,
    first: ClockEvent,
    *,
    service: Treats,
    measure: Measure,
    on: Ground,
    identifier: PathwayIdentifier | None = None,
    parent: int | None = None,
) -> Begun:
    """A new pathway as its first event leaves it, for a patient who lives. In the caller's transaction, which
    records the event (`record_begun`). first  of today or before; its key is its source too

    Raises NotAllowed where no clock is to run and where the identifier is in use.
    """
    state, event = "not yet open", "Opening a pathway"
    if measure.measurement is None:
        raise NotAllowed(state, event, measure.says)
    number = on.numbers.next(Pathway._meta.db_table)
    chosen = identifier or pathway_identifier(on.issuer, number)
    if identifier and Pathway.objects.filter(ppid=chosen.ppid, issuer=chosen.issuer).exists():
        raise NotAllowed("known already", event, IN_USE)
    said = explain([first], local(on.at).date(), clock_policy(measure.measurement, on.switches))
    row = Pathway.objects.create(
        id=number,
        organisation_id=on.organisation_id,
        patient_id=patient_id,
        ppid=chosen.ppid,
        issuer=chosen.issuer,
        measurement=measure.measurement,
        function=service.function,
        parent_id=parent,
        **queries.kept_of(said),
    )
    return Begun(row, _row(Recorded(row.pk, first, first.key), 1, on.organisation_id))


def record_begun(begun: Sequence[Begun], *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record the first events of pathways that were begun, in the same transaction. Two queries."""
    for each in begun:
        each.event.recorded_at, each.event.recorded_by = at, by.name[:150]
    Row.objects.bulk_create(each.event for each in begun)
    exchange.clocks(((each.pathway, each.event) for each in begun), organisation_id, by=by, at=at)
    entries = [
        entry
        for each in begun
        for entry in (
            _opened(each.pathway),
            Entry("clocks.record", f"pathway:{each.pathway.pk}", {"events": [_noted(each.event)]}),
        )
    ]
    audit(entries, organisation_id=organisation_id, by=by, at=at)


def _opened(row: Pathway) -> Entry:
    detail = {"patient": row.patient_id, "measurement": row.measurement, "function": row.function}
    return Entry("clocks.open", f"pathway:{row.pk}", detail)


@transaction.atomic
def treats(
    pathway_id: int, service: Treats, event: ClockEvent, *, organisation_id: int, by: Actor, at: datetime
) -> None:
    """Another service has the pathway now. event  says so to a clock that runs, under its function."""
    row = Pathway.objects.select_for_update().get(pk=pathway_id, organisation_id=organisation_id)
    detail = {"function": service.function, "before": row.function}
    row.function = service.function
    row.save(update_fields=["function"])
    if row.state in ("ticking", "unknown_start"):
        recorded = Recorded(pathway_id, replace(event, function=service.function), event.key)
        record([recorded], organisation_id=organisation_id, by=by, at=at)
    audit(
        [Entry("clocks.treats", f"pathway:{pathway_id}", detail)],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )


@transaction.atomic
def take_over_identifier(before: int, after: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """The clock of one pathway goes on on another, and with it the identifier by which others know it.

    The one that it left gets an identifier of its own number: no two have the same at any time.
    """
    rows = {row.pk: row for row in _locked(organisation_id, [before, after])}
    left, taken = rows[before], rows[after]
    known = PathwayIdentifier(left.ppid, left.issuer)
    code = Organisation.objects.values_list("code", flat=True).get(pk=organisation_id)
    own = pathway_identifier(code, left.pk)
    for row, chosen in ((left, own), (taken, known)):
        row.ppid, row.issuer = chosen.ppid, chosen.issuer
        row.save(update_fields=["ppid", "issuer"])
    entries = [
        Entry("clocks.identifier", f"pathway:{row.pk}", {"ppid": row.ppid, "issuer": row.issuer})
        for row in (left, taken)
    ]
    audit(entries, organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def moved(
    before: int, after: int, first: ClockEvent, *, source: str, organisation_id: int, by: Actor, at: datetime
) -> None:
    """What was recorded on one pathway belongs on another, which is measured otherwise: withdrawn on the one,
    said on the other.

    first   the event that starts the clock of the other; it takes the place of the one with its key
    source  what it came from, "referral:12": nothing else of a clock that is shared is moved
    """
    shared = Pathway.objects.filter(
        pk=before, organisation_id=organisation_id, sent_on__isnull=False
    ).exists()
    stands = [each for each in queries.that_stand([before]) if not shared or each.source == source]
    withdrawn = [
        Recorded(
            before, ClockEvent(f"{each.key}:moved", EventKind.WITHDRAWN, each.on, replaces=each.key), source
        )
        for each in stands
    ]
    said = [
        Recorded(after, replace(queries.value_of(each), sequence=0, replaces=None), each.source)
        for each in stands
        if each.key != first.key and not shared
    ]
    said = [Recorded(after, first, source), *said]
    record([*withdrawn, *said], organisation_id=organisation_id, by=by, at=at)


@whole
def record(events: Sequence[Recorded], *, organisation_id: int, by: Actor, at: datetime) -> list[Explained]:
    """Record events of any number of pathways; what their clocks say then, in the order of first mention.

    An event that the rules cannot follow is recorded all the same and becomes a finding: see `say` for what a
    person asks. The same event under the same key again changes nothing.
    Raises NotAllowed for a day that is still to come, and for a key that names another event already.
    """
    today = local(at).date()
    if late := next((each for each in events if each.event.on > today), None):
        why = f"{late.event.on:%d/%m/%Y} is still to come. A clock knows only what has happened."
        raise NotAllowed("still to come", "Recording this event", why)
    keys = list(dict.fromkeys(each.pathway_id for each in events))
    rows = {row.pk: row for row in _locked(organisation_id, keys)}
    if missing := [key for key in keys if key not in rows]:
        raise Pathway.DoesNotExist(f"There is no pathway {missing[0]}.")
    added = list(_new_rows(events, rows, organisation_id, by, at))
    Row.objects.bulk_create(added)
    found = queries.folded(rows.values(), at)
    _keep(rows, found)
    entries = [
        Entry("clocks.record", f"pathway:{pathway_id}", {"events": [_noted(each) for each in of_one]})
        for pathway_id, of_one in groupby(added, key=lambda each: each.pathway_id)
    ]
    audit(entries, organisation_id=organisation_id, by=by, at=at)
    exchange.clocks(((rows[each.pathway_id], each) for each in added), organisation_id, by=by, at=at)
    return [found[key] for key in keys]


@whole
def say(pathway_id: int, event: ClockEvent, *, organisation_id: int, by: Actor, at: datetime) -> Explained:
    """Record one event that a person enters by hand.

    Raises NotAllowed when the rules do not allow it from where the pathway stands, or its day is to come.
    """
    rows = _locked(organisation_id, [pathway_id])
    if not rows:
        raise Pathway.DoesNotExist
    today = local(at).date()
    known = [queries.value_of(each) for each in queries.events_of([pathway_id])]
    chosen = clock_switches(organisation_id, today)
    check(known, event, clock_policy(rows[0].measurement, chosen))
    recorded = Recorded(pathway_id, event, "desk")
    return record([recorded], organisation_id=organisation_id, by=by, at=at)[0]


@whole
def done(pathway_id: int, key: str, words: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """What an event of a clock asks a person to do has been done. words  what was done, in a sentence.

    Raises NotAllowed where that event asks for nothing, and where it was said already.
    """
    event = "Saying that this is done"
    if not _locked(organisation_id, [pathway_id]):
        raise Pathway.DoesNotExist
    explained = queries.explained(pathway_id, local(at).date())
    prompt = next((each.prompt for each in explained.prompts if each.key == key), None)
    if prompt is None:
        raise NotAllowed("as it stands", event, "This clock asks for nothing of the kind any more.")
    if any(each.detail.get("key") == key for each in queries.done([pathway_id])):
        raise NotAllowed("done", event, "It was said already. See who did it, on this page.")
    detail = {"key": key, "prompt": prompt.value, "words": words[:300]}
    entry = Entry(queries.DONE, f"pathway:{pathway_id}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def rebuild(*, organisation_id: int, by: Actor, at: datetime) -> list[queries.Difference]:
    """Work out every clock anew from its events and mend what is kept of it; what differed."""
    found: list[queries.Difference] = []
    keys = list(Pathway.objects.filter(organisation_id=organisation_id).values_list("id", flat=True))
    for start in range(0, len(keys), BATCH):
        rows = {row.pk: row for row in _locked(organisation_id, keys[start : start + BATCH])}
        wrong = queries.differences(rows.values(), at)
        changed = {each.pathway_id: rows[each.pathway_id] for each in wrong}
        _keep(changed, queries.folded(changed.values(), at))
        found += wrong
    detail = {"pathways": len(keys), "differences": len(found)}
    audit([Entry("clocks.rebuild", "clocks", detail)], organisation_id=organisation_id, by=by, at=at)
    return found


@transaction.atomic
def exported(pathways: int, events: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that the events of every pathway were written to a file."""
    detail = {"pathways": pathways, "events": events}
    audit([Entry("clocks.export", "clocks", detail)], organisation_id=organisation_id, by=by, at=at)


def _locked(organisation_id: int, keys: Iterable[int]) -> list[Pathway]:
    rows = Pathway.objects.select_for_update().filter(organisation_id=organisation_id, pk__in=list(keys))
    return list(rows.order_by("id"))


def _new_rows(
    events: Sequence[Recorded],
    rows: Mapping[int, Pathway],
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Iterable[Row]:
    """The rows of events that were not recorded before, pathway by pathway, each after what came before."""
    known: dict[int, dict[str, Row]] = {key: {} for key in rows}
    for row in queries.events_of(rows):
        known[row.pathway_id][row.key] = row
    for each in sorted(events, key=lambda each: each.pathway_id):
        of_one = known[each.pathway_id]
        sequence = max((other.sequence for other in of_one.values()), default=0) + 1
        row = _row(each, sequence, organisation_id)
        row.recorded_at, row.recorded_by = at, by.name[:150]
        first = of_one.setdefault(row.key, row)
        if _content(first) != _content(row):
            why = f"“{row.key}” names another event of this pathway. Record this one as its correction."
            raise NotAllowed("recorded already", "Recording this event", why)
        if first is row:
            yield row


def _row(each: Recorded, sequence: int, organisation_id: int) -> Row:
    return Row(
        organisation_id=organisation_id,
        pathway_id=each.pathway_id,
        key=each.event.key,
        kind=each.event.kind,
        on=each.event.on,
        sequence=sequence,
        said=queries.said_by(each.event),
        replaces=each.event.replaces or "",
        source=each.source,
    )


def _content(row: Row) -> tuple[object, ...]:
    return row.kind, row.on, row.said, row.replaces


def _keep(rows: Mapping[int, Pathway], found: Mapping[int, Explained]) -> None:
    for key, row in rows.items():
        for column, value in queries.kept_of(found[key]).items():
            setattr(row, column, value)
    Pathway.objects.bulk_update(rows.values(), queries.KEPT)


def _noted(row: Row) -> dict[str, str]:
    noted = {"key": row.key, "kind": row.kind, "on": row.on.isoformat(), "source": row.source}
    return {**noted, "replaces": row.replaces} if row.replaces else noted
