"""Reading what reconciling compares: appointments here, and what another system told or took last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.db.models import DateTimeField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from clearway.core.feeds.models import Quarantined, Source
from clearway.core.layout.times import LONDON, local
from clearway.domain.outpatients.reconciling import Ours, Theirs
from clearway.domain.outpatients.telling import Said
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.domain.shared.outgoing import LEFT
from clearway.interchange.hl7 import reading

from ..booking import queries as booked
from . import queries
from .models import Counterpart, Telling

LARGEST = 2**63
MOST_DAYS = 92  # compared at once: a quarter
MOST_WAITING = 1000  # messages that are looked through for the appointment they are about
Kind = Counterpart.Kind


def days_of(theirs: Iterable[Theirs], *asked: date) -> tuple[date, date] | None:
    """The first and the last civil day of theirs and of those that are asked for; None where there are none.

    Raises NotAllowed for more days than are compared at once, and names the row that lies farthest away.
    """
    rows = [(local(each.starts_at).date(), each) for each in theirs if each.starts_at is not None]
    rows.sort(key=lambda row: row[0])
    days = [*(day for day, _ in rows), *asked]
    if not days:
        return None
    first, last = min(days), max(days)
    many = (last - first).days + 1
    if rows and many > MOST_DAYS:
        middle = asked[0] if asked else rows[len(rows) // 2][0]
        day, row = max(rows, key=lambda row: abs(row[0] - middle))
        state = f"the row of appointment {row.filler or row.placer} starts on {day}"
        why = f"With it {many} days are compared, {first} to {last}, and {MOST_DAYS} are the most at once."
        raise NotAllowed(state, "Comparing", f"{why} Mend or leave out that row, or give the file in parts.")
    return first, last


def check_span(since: date, until: date) -> None:
    """Raises NotAllowed for more days than are compared at once, and for days in the wrong order."""
    event, days = "Comparing", (until - since).days + 1
    if days < 1:
        raise NotAllowed("the last day is before the first", event, "Give the first day before the last.")
    if days > MOST_DAYS:
        why = f"At most {MOST_DAYS} days are compared at once: give it in parts, or mend the wrong date."
        raise NotAllowed(f"it covers {days} days, {since} to {until}", event, why)


def span(since: date, until: date) -> tuple[datetime, datetime]:
    """The instants at which days begin and end."""
    first, end = (datetime.combine(each, time(), LONDON) for each in (since, until + timedelta(days=1)))
    return first, end


def here(source: Source, theirs: Sequence[Theirs], since: date, until: date) -> list[Ours]:
    """Appointments of these days, and those that a row of theirs is about, on whatever day they are.

    Seven queries, however many there are.
    """
    names = _appointments(source).filter(ours__isnull=False)
    named: set[Any] = set(
        names.filter(theirs__in=[each.filler for each in theirs]).values_list("ours", flat=True)
    )
    named |= {int(each.placer) for each in theirs if each.placer.isascii() and each.placer.isdigit()}
    found = booked.to_compare(
        source.organisation_id, span(since, until), [key for key in named if key < LARGEST]
    )
    told = _Told.of(source, found)
    return [told.ours(row, ids) for row, ids in found]


def _appointments(source: Source) -> Any:
    return Counterpart.objects.filter(source=source, kind=Kind.APPOINTMENT)


@dataclass(frozen=True, slots=True)
class _Told:
    """What was told of appointments by each side, read at once.

    theirs   appointment here -> their newest telling of it; said: its first id -> when our newest happened
    numbers  patient here -> what they call them
    """

    theirs: Mapping[int, Counterpart]
    said: Mapping[str, datetime]
    numbers: Mapping[int, frozenset[str]]

    @classmethod
    def of(cls, source: Source, found: Sequence[tuple[Any, tuple[int, ...]]]) -> Self:
        keys = [key for _, ids in found for key in ids]
        tellings = _appointments(source).filter(ours__in=keys).order_by("told_at")
        theirs = {row.ours: row for row in tellings}
        subjects = [_subject(ids) for _, ids in found]
        newest = Telling.objects.filter(source=source, subject__in=subjects)
        newest = newest.order_by("subject", "-number").distinct("subject")
        said = {each.subject: Said.again(each.said).happened_at for each in newest}
        people = {key for row, _ in found for key in (row.patient_id, row.patient.person_id)}
        rows = Counterpart.objects.filter(source=source, kind=Kind.PATIENT, ours__in=people)
        numbers: dict[int, frozenset[str]] = {}
        for row in rows:
            if row.ours is not None:
                numbers[row.ours] = numbers.get(row.ours, frozenset()) | {row.theirs}
        return cls(theirs, said, numbers)

    def ours(self, row: Any, ids: tuple[int, ...]) -> Ours:
        known = [self.theirs[key] for key in ids if key in self.theirs]
        newest = max(known, key=lambda each: each.told_at, default=None)
        patient, template = row.patient.stands, row.slot.session.template
        told = (self.numbers.get(key, frozenset()) for key in (patient.pk, row.patient_id))
        return Ours(
            ids,
            newest.theirs if newest else "",
            frozenset({patient.number, row.patient.number}).union(*told),
            template.code if template is not None else "",
            row.starts_at,
            row.state,
            said_at=self.said.get(_subject(ids)),
            told_at=newest.told_at if newest else None,
        )


def _subject(ids: Sequence[int]) -> str:
    return f"appointment:{ids[0]}"


def told_last(source: Source, since: date, until: date) -> list[Theirs]:
    """What another system holds, as far as it has told or acknowledged it: without an extract of its own.

    What was told to them is theirs until they tell something newer of it, for whatever day.
    Raises NotAllowed for too many days. Four queries.
    """
    check_span(since, until)
    first, end = span(since, until)
    found = [
        Theirs(row.theirs, str(row.ours or ""), "", "", row.starts_at, row.state)
        for row in _appointments(source).filter(starts_at__gte=first, starts_at__lt=end)
    ]
    known = {each.placer for each in found}
    inside = _taken(source, first, end)
    ids = booked.chains([int(said.placer) for said in inside], source.organisation_id)
    keys = {key for chain in ids.values() for key in chain}
    told = _appointments(source).filter(ours__in=keys).order_by("told_at").values_list("ours", "told_at")
    newest = dict(told)
    for said in inside:
        chain = ids.get(int(said.placer), ())
        is_over = any(newest[key] > said.happened_at for key in chain if key in newest)
        if known.isdisjoint(map(str, chain)) and not is_over:
            found.append(Theirs("", said.placer, "", said.clinic, said.starts_at, said.state))
    return found


def _taken(source: Source, first: datetime, end: datetime) -> list[Said]:
    """The newest that they took of each appointment, of those that it places in a span. One query."""
    rows = Telling.objects.filter(source=source, outgoing__state__in=LEFT, subject__startswith="appointment:")
    starts_at = Cast(KeyTextTransform("starts_at", "said"), DateTimeField())
    inside = rows.alias(starts_at=starts_at).filter(starts_at__gte=first, starts_at__lt=end)
    newest = rows.filter(subject__in=inside.values("subject")).order_by("subject", "-number")
    said = [Said.again(each.said) for each in newest.distinct("subject")]
    return [each for each in said if each.starts_at is not None and first <= each.starts_at < end]


def waiting(source: Source) -> Mapping[str, int]:
    """Their id of an appointment -> the newest message about it that waits here for a person.

    One that is older than what was told of the appointment since changes nothing, and is none.
    """
    mapping = queries.mapping_of(source)
    found: dict[str, tuple[int, datetime | None]] = {}
    rows = Quarantined.objects.filter(source=source, state=Quarantined.State.WAITING).order_by("-id")
    for key, body in rows.values_list("pk", "body")[:MOST_WAITING].iterator(chunk_size=50):
        try:
            message = reading.parse(bytes(body), encoding=mapping.encoding, zone=mapping.zone)
            names = filter(None, (message.text(place) for place in mapping.where("filler")))
            found.setdefault(next(names, ""), (key, message.header.sent_at))
        except CannotParse:
            continue
    found.pop("", None)
    told = dict(_appointments(source).filter(theirs__in=found).values_list("theirs", "told_at"))
    return {
        name: key
        for name, (key, sent_at) in found.items()
        if sent_at is None or name not in told or sent_at >= told[name]
    }
