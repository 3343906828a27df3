"""Reading who is to be asked whether the place is still needed, who answered, and who waits for long."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max

from clearway.core.layout.times import local
from clearway.domain.outpatients.asking import AskDue, Asked, AskStep, mark_of, next_ask
from clearway.domain.outpatients.booking import DIED
from clearway.domain.outpatients.counting import BandLabels, band_of
from clearway.domain.outpatients.waiting import Answer

from .. import policy
from ..patients import queries as patients
from . import queries
from .models import Contact, Entry, ValidationPack

PURPOSE = "validation"
WRITTEN = ("letter", "text", "email")
TO_PERSON = {Answer.NO_LONGER_NEEDED.meaning: "says that it is no longer needed: a person takes them off"} | {
    Answer.CONTACT_ME.meaning: "asked to be rung",
}
BANDS = BandLabels()


@dataclass(frozen=True, slots=True)
class ToAsk:
    """One entry whose patient is to be asked. channel  in writing; "" where only ringing is left."""

    entry: Entry
    mark: date
    due: AskDue
    channel: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer after which a person has to do something. says  what."""

    entry: Entry
    contact: Contact
    says: str


def to_ask(organisation_id: int, at: datetime) -> list[ToAsk]:
    """Everybody who has a time to be asked behind them and has not answered since, by day. Five queries."""
    limits, today = policy.check_limits(organisation_id, at), local(at).date()
    first = today - timedelta(days=min(limits.asked_after))
    rows = list(
        Entry.objects.filter(organisation_id=organisation_id, state="waiting", waits_from__lte=first)
        .filter(patient__died_on__isnull=True, patient__merged_into__died_on__isnull=True)
        .select_related("patient__merged_into", "service")
    )
    marked = [
        (row, mark)
        for row in rows
        if row.waits_from and (mark := mark_of(row.waits_from, row.validated_on, today, limits))
    ]
    tried = _attempts([row.pk for row, _ in marked])
    flags = patients.flags_of([row.patient_id for row, _ in marked])
    found = []
    for row, mark in marked:
        channel = written_channel(row.patient, flags.get(row.patient_id, ()))
        due = next_ask(mark, tried[row.pk], limits, can_write=bool(channel))
        found.append(ToAsk(row, mark, due, channel if due.step.is_written else ""))
    return sorted(found, key=lambda each: (each.due.on, each.entry.pk))


def written_channel(patient: Any, flags: Sequence[Any]) -> str:
    """How a patient may be asked in writing; "" where a person has to ring."""
    preferred = [patient.stands.channel, *WRITTEN]
    ways = [way for way in dict.fromkeys(preferred) if way in WRITTEN]
    return next((way for way in ways if patients.may_contact(patient, way, by_machine=True, flags=flags)), "")


def _attempts(entry_ids: Collection[int]) -> dict[int, list[Asked]]:
    found: dict[int, list[Asked]] = defaultdict(list)
    rows = Contact.objects.filter(entry_id__in=entry_ids, purpose=PURPOSE)
    for row in rows.only("entry_id", "at", "channel", "outcome"):
        if row.entry_id is not None:
            found[row.entry_id].append(Asked(local(row.at).date(), row.channel, row.outcome == "answered"))
    return found


def answered(organisation_id: int) -> list[Answered]:
    """Who waits still and whose last answer asks a person to do something, oldest first. One query."""
    rows = Contact.objects.filter(
        organisation_id=organisation_id, purpose=PURPOSE, outcome="answered", entry__state="waiting"
    ).select_related("entry__patient", "entry__service")
    newest = {row.entry_id: row for row in rows.order_by("at", "id")}
    found = [
        Answered(row.entry, row, TO_PERSON[row.said])
        for row in newest.values()
        if row.said in TO_PERSON and row.entry is not None
    ]
    return sorted(found, key=lambda each: (each.contact.at, each.contact.pk))


def prepared(organisation_id: int, day: date) -> list[Contact]:
    """The questions in writing that were prepared on a day, letters first. One query."""
    start = queries.midnight(day)
    rows = Contact.objects.filter(
        organisation_id=organisation_id,
        purpose=PURPOSE,
        channel__in=WRITTEN,
        at__gte=start,
        at__lt=queries.midnight(day + timedelta(days=1)),
    )
    return list(rows.select_related("patient", "entry__service").order_by("channel", "id"))


@dataclass(frozen=True, slots=True)
class Asking:
    """How much is due, for a task. pack_of  the month whose pack nobody has looked through; None for none."""

    write: int = 0
    ring: int = 0
    look: int = 0
    oldest: date | None = None
    pack_of: date | None = None


def due(organisation_id: int, at: datetime) -> Asking:
    """What is due now. Seven queries."""
    today = local(at).date()
    found = [each for each in to_ask(organisation_id, at) if each.due.on <= today]
    steps = Counter(each.due.step for each in found)
    unseen = ValidationPack.objects.filter(organisation_id=organisation_id, seen_at__isnull=True)
    return Asking(
        write=steps[AskStep.ASK] + steps[AskStep.AGAIN],
        ring=steps[AskStep.RING],
        look=steps[AskStep.LOOK] + len(answered(organisation_id)),
        oldest=min((each.due.on for each in found), default=None),
        pack_of=unseen.order_by("month").values_list("month", flat=True).first(),
    )


# Cancelled again


@dataclass(frozen=True, slots=True)
class CancelledAgain:
    """An entry that waits and whose last appointments the patient cancelled, one after the other."""

    entry: int
    times: int
    last_at: datetime


def cancelled_again(organisation_id: int, at: datetime) -> list[CancelledAgain]:
    """Who cancelled as often as the policy says and has not been spoken with since. Three queries."""
    least = policy.check_limits(organisation_id, at).cancellations
    model: Any = Contact._meta.get_field("appointment").related_model
    rows = model.objects.filter(
        organisation_id=organisation_id,
        entry__state__in=("waiting", "booked"),
        state__in=("cancelled", "attended", "missed"),
    )
    rows = rows.exclude(cancel_reason=DIED).order_by("entry_id", "starts_at", "id")
    runs: dict[int, CancelledAgain] = {}
    for key, state, by_whom, cancelled_at in rows.values_list(
        "entry_id", "state", "cancelled_by", "cancelled_at"
    ):
        before = runs.pop(key, None)
        if state == "cancelled" and by_whom == "patient":
            runs[key] = CancelledAgain(key, before.times + 1 if before else 1, cancelled_at)
    often = {key: run for key, run in runs.items() if run.times >= least}
    spoken = Contact.objects.filter(entry_id__in=often, outcome="answered")
    heard = dict(spoken.values_list("entry_id").annotate(Max("at")))
    return [run for key, run in often.items() if key not in heard or heard[key] <= run.last_at]


# The monthly pack


def long_waits(organisation_id: int, at: datetime, over: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Figures and rows of a pack: exactly whom the list shows with `over` at this instant. Fixed queries."""
    asked = queries.Filters(over=over)
    rows = queries.with_people(queries.chosen(asked, organisation_id, at).order_by("waits_from", "id"))
    today = local(at).date()
    known = [_pack_row(row, today) for row in rows]
    figures = {
        "waiting": queries.chosen(queries.Filters(), organisation_id, at).count(),
        "long": len(known),
        "breached": sum(each["is_breached"] for each in known),
        "never_asked": sum(each["asked_on"] is None for each in known),
        "by_service": _counted(each["service"] for each in known),
        "by_band": _counted(each["band"] for each in known),
    }
    return figures, known


def _pack_row(row: Entry, today: date) -> dict[str, Any]:
    assert row.waits_from is not None
    days = (today - row.waits_from).days
    return {
        "entry": row.pk,
        "service": row.service.name,
        "kind": row.kind,
        "priority": row.priority,
        "since": row.waits_from.isoformat(),
        "days": days,
        "band": BANDS.of(band_of(days)),
        "treat_by": row.treat_by and row.treat_by.isoformat(),
        "is_breached": row.treat_by is not None and row.treat_by < today,
        "asked_on": row.validated_on and row.validated_on.isoformat(),
    }


def _counted(words: Any) -> list[list[Any]]:
    """[word, how many], most first."""
    return [
        [word, count] for word, count in sorted(Counter(words).items(), key=lambda each: (-each[1], each[0]))
    ]


def packs(organisation_id: int) -> list[ValidationPack]:
    """Every pack without its rows, newest first. One query."""
    return list(
        ValidationPack.objects.filter(organisation_id=organisation_id).defer("rows").order_by("-month")
    )


def pack(organisation_id: int, key: int) -> ValidationPack:
    """One pack. Raises ValidationPack.DoesNotExist. One query."""
    return ValidationPack.objects.get(organisation_id=organisation_id, pk=key)


def names(rows: Sequence[Mapping[str, Any]], organisation_id: int) -> dict[int, Entry]:
    """Entry id -> the entry with its patient, for the rows of a pack. One query."""
    keys = [row["entry"] for row in rows]
    found = Entry.objects.filter(organisation_id=organisation_id, pk__in=keys).select_related("patient")
    return {row.pk: row for row in found}
