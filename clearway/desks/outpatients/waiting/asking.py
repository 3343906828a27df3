"""Reading who is to be asked whether the place is still needed, and who answered."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from clearway.core.layout.times import local
from clearway.domain.outpatients.asking import AskDue, Asked, AskStep, mark_of, next_ask
from clearway.domain.outpatients.booking import DIED
from clearway.domain.outpatients.waiting import Answer

from .. import policy
from ..patients import queries as patients
from . import queries
from .models import Contact, Entry

PURPOSE = "validation"
WRITTEN = ("letter", "text", "email")
REACHED_BY = (
    "channel",
    "opted_out",
    "may_text",
    "died_on",
    "merged_into",
    "address",
    "phone",
    "mobile",
    "email",
)
TO_PERSON = {Answer.NO_LONGER_NEEDED.meaning: "says that it is no longer needed: a person takes them off"} | {
    Answer.CONTACT_ME.meaning: "asked to be rung",
}


@dataclass(frozen=True, slots=True)
class ToAsk:
    """Whose patient is to be asked. entry  an id; channel  in writing, "" where only ringing is left."""

    entry: int
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
    """Everybody who has a time to be asked behind them and has not answered since, by day. Six queries.

    Read by columns: of a long list most are asked.
    """
    limits, today = policy.check_limits(organisation_id, at), local(at).date()
    first = today - timedelta(days=min(limits.asked_after))
    rows = Entry.objects.filter(organisation_id=organisation_id, state="waiting", waits_from__lte=first)
    rows = rows.filter(Q(patient__died_on=None) | Q(patient__merged_into__isnull=False))
    names = [f"patient__{name}" for name in Reached.__slots__]
    merged = who_lives((), organisation_id)
    tried, flags = _attempts(organisation_id), patients.every_flag(organisation_id)
    ways: dict[tuple[Any, ...], str] = {}
    found = []
    for key, patient, into, waits_from, asked_on, *how in rows.values_list(
        "pk", "patient_id", "patient__merged_into_id", "waits_from", "validated_on", *names
    ):
        mark = mark_of(waits_from, asked_on, today, limits)
        if mark is None or (into is not None and patient not in merged):
            continue
        if into is not None or patient in flags:
            record = merged[patient] if into is not None else Reached(*how)
            channel = written_channel(record, flags.get(patient, ()))
        else:  # of the others there are few kinds, however many they are
            kind = (how[0], how[1], how[2], *map(bool, how[3:]))
            if kind not in ways:
                ways[kind] = written_channel(Reached(*how), ())
            channel = ways[kind]
        due = next_ask(mark, tried.get(key, ()), limits, can_write=bool(channel))
        found.append(ToAsk(key, mark, due, channel if due.step.is_written else ""))
    return sorted(found, key=lambda each: (each.due.on, each.entry))


@dataclass(frozen=True, slots=True)
class Reached:
    """How a patient who lives is reached, by the columns of a record that was not merged."""

    channel: str
    opted_out: bool
    may_text: bool
    address: str
    phone: str
    mobile: str
    email: str

    @property
    def died_on(self) -> None:
        return None

    @property
    def stands(self) -> "Reached":
        return self


def who_lives(patient_ids: Collection[int], organisation_id: int) -> dict[int, Any]:
    """Those of these patients who live, and the few merged ones, with how they are reached. Two queries."""
    model: Any = Entry._meta.get_field("patient").related_model
    rows = model.objects.filter(organisation_id=organisation_id, died_on__isnull=True)
    stands = rows.filter(pk__in=patient_ids, merged_into__isnull=True).only(*REACHED_BY)
    merged = rows.filter(merged_into__isnull=False, merged_into__died_on__isnull=True)
    return {row.pk: row for row in (*stands, *merged.select_related("merged_into"))}


def written_channel(patient: Any, flags: Sequence[Any]) -> str:
    """How a patient may be asked in writing; "" where a person has to ring."""
    preferred = [patient.stands.channel, *WRITTEN]
    ways = [way for way in dict.fromkeys(preferred) if way in WRITTEN]
    return next((way for way in ways if patients.may_contact(patient, way, by_machine=True, flags=flags)), "")


def _attempts(organisation_id: int) -> dict[int, list[Asked]]:
    """Entry that waits -> every attempt to ask its patient."""
    rows = Contact.objects.filter(
        entry__organisation_id=organisation_id, entry__state="waiting", purpose=PURPOSE
    )
    found: dict[int, list[Asked]] = defaultdict(list)
    for entry, at, channel, outcome in rows.values_list("entry_id", "at", "channel", "outcome"):
        found[entry].append(Asked(local(at).date(), channel, outcome == "answered"))
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
    """How much is due, for a task."""

    write: int = 0
    ring: int = 0
    look: int = 0
    oldest: date | None = None


def due(organisation_id: int, at: datetime) -> Asking:
    """What is due now. Six queries."""
    today = local(at).date()
    found = [each for each in to_ask(organisation_id, at) if each.due.on <= today]
    steps = Counter(each.due.step for each in found)
    return Asking(
        write=steps[AskStep.ASK] + steps[AskStep.AGAIN],
        ring=steps[AskStep.RING],
        look=steps[AskStep.LOOK] + len(answered(organisation_id)),
        oldest=min((each.due.on for each in found), default=None),
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
