"""Reading what reconciling compares: appointments here, and what another system told or took last."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from clearway.core.feeds.models import Quarantined, Source
from clearway.core.layout.times import LONDON, local
from clearway.domain.outpatients.reconciling import Ours, Theirs
from clearway.domain.outpatients.telling import Said
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.outgoing import LEFT
from clearway.interchange.hl7 import reading

from ..booking import queries as booked
from . import queries
from .models import Counterpart, Telling

MOST_WAITING = 1000  # messages that are looked through for the appointment they are about
Kind = Counterpart.Kind


def days_of(theirs: Iterable[Theirs]) -> tuple[date, date] | None:
    """The civil days of the first and the last; None where there are none."""
    days = [local(each.starts_at).date() for each in theirs if each.starts_at is not None]
    return (min(days), max(days)) if days else None


def span(since: date, until: date) -> tuple[datetime, datetime]:
    """The instants at which days begin and end."""
    first, end = (datetime.combine(each, time(), LONDON) for each in (since, until + timedelta(days=1)))
    return first, end


def here(source: Source, theirs: Sequence[Theirs], since: date, until: date) -> list[Ours]:
    """Appointments of these days, and those that a row of theirs is about, on whatever day they are."""
    names = Counterpart.objects.filter(source=source, kind=Kind.APPOINTMENT, ours__isnull=False)
    named: set[Any] = set(
        names.filter(theirs__in=[each.filler for each in theirs]).values_list("ours", flat=True)
    )
    named |= {int(each.placer) for each in theirs if each.placer.isascii() and each.placer.isdigit()}
    rows = booked.to_compare(
        source.organisation_id, span(since, until), [key for key in named if key < 2**63]
    )
    return [_ours(source, row) for row in rows]


def _ours(source: Source, row: Any) -> Ours:
    ids = booked.whole_chain(row)
    known = Counterpart.objects.filter(source=source, kind=Kind.APPOINTMENT, ours__in=ids).order_by(
        "-told_at"
    )
    newest = known.first()
    last = Telling.objects.filter(source=source, subject=f"appointment:{ids[0]}").order_by("-number").first()
    patient = row.patient.stands
    numbers = Counterpart.objects.filter(
        source=source, kind=Kind.PATIENT, ours__in={patient.pk, row.patient_id}
    )
    template = row.slot.session.template
    return Ours(
        tuple(ids),
        newest.theirs if newest else "",
        frozenset({patient.number, row.patient.number, *numbers.values_list("theirs", flat=True)}),
        template.code if template is not None else "",
        row.starts_at,
        row.state,
        said_at=Said.again(last.said).happened_at if last else None,
        told_at=newest.told_at if newest else None,
    )


def told_last(source: Source, since: date, until: date) -> list[Theirs]:
    """What another system holds, as far as it has told or acknowledged it: without an extract of its own."""
    first, end = span(since, until)
    rows = Counterpart.objects.filter(source=source, kind=Kind.APPOINTMENT)
    found = [
        Theirs(row.theirs, str(row.ours or ""), "", "", row.starts_at, row.state)
        for row in rows.filter(starts_at__gte=first, starts_at__lt=end)
    ]
    known = {each.placer for each in found}
    taken = Telling.objects.filter(
        source=source, outgoing__state__in=LEFT, subject__startswith="appointment:"
    )
    for each in taken.order_by("subject", "-number").distinct("subject"):
        said = Said.again(each.said)
        ids = booked.chain(int(said.placer), source.organisation_id)
        is_in = said.starts_at is not None and first <= said.starts_at < end
        if is_in and known.isdisjoint(map(str, ids)):
            found.append(Theirs("", said.placer, "", said.clinic, said.starts_at, said.state))
    return found


def waiting(source: Source) -> Mapping[str, int]:
    """Their id of an appointment -> the newest message about it that waits here for a person."""
    mapping = queries.mapping_of(source)
    found: dict[str, int] = {}
    rows = Quarantined.objects.filter(source=source, state=Quarantined.State.WAITING).order_by("-id")
    for key, body in rows.values_list("pk", "body")[:MOST_WAITING]:
        try:
            message = reading.parse(bytes(body), encoding=mapping.encoding, zone=mapping.zone)
            names = filter(None, (message.text(place) for place in mapping.where("filler")))
            found.setdefault(next(names, ""), key)
        except CannotParse:
            continue
    found.pop("", None)
    return found
