"""Reading freed seats: who may be asked about one, who is to be rung, and how many were filled."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Sum
from django.db.models.functions import Extract, Least

from clearway.domain.outpatients.recycling import BANDS, LONDON, Band, Mode, RecyclingPolicy
from clearway.domain.shared.delivery import mobile
from clearway.engine.outpatients.offers import Record
from clearway.engine.outpatients.recycling import Candidate, Ranked, rank

from ..booking import queries as booking
from ..conversations import queries as conversations
from ..patients import queries as patients
from ..waiting import standing
from .models import FreedSlot, SlotOffer

CHUNK = 150  # entries that are read at once, in the order of the list
FEW = 40  # of those who may be asked
MOST_READ = 1500
MOST_CHOSEN = 24
LEARNED_FROM = timedelta(days=180)
OUT = SlotOffer.State.OUT


@dataclass(frozen=True, slots=True)
class Suited:
    """Who is asked about a freed seat, and the entries with their patients, of them and of the others."""

    ranked: Ranked
    entries: dict[int, Any]


NOBODY = Suited(Ranked((), ()), {})


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of the seats that were freed with so much notice.

    freed      with an hour of notice or more, and not withdrawn
    filled     of them; kept  of those, attended
    undecided  still open, or filled and not yet over
    """

    band: Band
    freed: int
    filled: int
    kept: int
    undecided: int


@dataclass(frozen=True, slots=True)
class Due:
    """What recycling waits for people to do. since  when the oldest of it began; by  when the first ends."""

    unasked: int = 0
    unasked_by: datetime | None = None
    calls: int = 0
    calls_by: datetime | None = None
    to_thank: int = 0


def _rows() -> Any:
    return FreedSlot.objects.select_related(
        "slot__session__service",
        "slot__session__clinician",
        "slot__session__room__site",
        "appointment",
        "filled_by",
    )


def one(key: int, organisation_id: int) -> FreedSlot:
    """One freed seat with its slot, clinic and offers. Raises FreedSlot.DoesNotExist. Two queries."""
    asked = Prefetch("offers", SlotOffer.objects.select_related("patient", "entry"))
    row: FreedSlot = _rows().prefetch_related(asked).get(pk=key, organisation_id=organisation_id)
    return row


def standing_open(organisation_id: int) -> list[FreedSlot]:
    """The seats that can be filled, soonest first, with their offers. Two queries."""
    rows = _rows().filter(organisation_id=organisation_id, state=FreedSlot.State.OPEN)
    return list(rows.prefetch_related("offers"))


def ended(organisation_id: int, since: datetime, most: int = 50) -> list[FreedSlot]:
    """Those that ended since, newest first. Two queries."""
    rows = _rows().filter(organisation_id=organisation_id, ended_at__gte=since)
    return list(rows.order_by("-ended_at", "-id").prefetch_related("offers")[:most])


def calls(organisation_id: int) -> list[SlotOffer]:
    """Who is to be rung about a freed seat, the first to end first. One query."""
    rows = SlotOffer.objects.filter(organisation_id=organisation_id, state=OUT, channel="phone")
    return list(
        rows.select_related(
            "patient",
            "entry",
            "freed__slot__session__service",
            "freed__slot__session__clinician",
            "freed__slot__session__room__site",
        ).order_by("expires_at", "place", "id")
    )


def to_thank_by_text(organisation_id: int) -> list[SlotOffer]:
    """Who was asked by text, was not first, and has not been told. One query."""
    rows = SlotOffer.objects.filter(
        organisation_id=organisation_id,
        state=SlotOffer.State.THANKED,
        channel="text",
        reached_at__isnull=False,
        told_at__isnull=True,
    )
    return list(rows.select_related("patient__merged_into").order_by("id"))


def to_thank(organisation_id: int) -> list[SlotOffer]:
    """Who was spoken with, was not first, and has not been told. One query."""
    rows = SlotOffer.objects.filter(
        organisation_id=organisation_id,
        state__in=[SlotOffer.State.THANKED, SlotOffer.State.WITHDRAWN],
        reached_at__isnull=False,
        told_at__isnull=True,
    )
    return list(rows.select_related("patient", "freed__slot").order_by("ended_at", "id"))


def suited(freed: FreedSlot, policy: RecyclingPolicy, at: datetime) -> Suited:
    """Who is asked about a freed seat, in order, and why the others of this list are not.

    The list is read as far as needed. Raises nothing; an empty list asks nobody. Seven queries for each
    150 entries that are read.
    """
    return _suited(freed, _list(freed), policy, at, CHUNK)


def asked_first(freed: FreedSlot, policy: RecyclingPolicy, at: datetime) -> Suited:
    """Whom `suited` asks, without a word on most of the others: the database leaves out those for whom the
    slot is plainly nothing, so that a long list is not read to find few. Seven queries for 40 others.
    """
    return _suited(freed, _list(freed).filter(_may_be_asked(freed, policy, at)), policy, at, FEW)


def _suited(freed: FreedSlot, listed: Any, policy: RecyclingPolicy, at: datetime, chunk: int) -> Suited:
    slot = booking.one_row(freed.slot)
    read = _booked_later(freed, listed, policy, chunk)
    found = Ranked((), ())
    for start in range(0, MOST_READ, chunk):
        waiting = list(listed.filter(state="waiting")[start : start + chunk])
        read |= {row.pk: (row, None) for row in waiting}
        found = rank(slot, _candidates(freed, read, policy, at), policy, at, MOST_CHOSEN)
        if len(waiting) < chunk or len(found.chosen) >= MOST_CHOSEN:
            break
    return Suited(found, {key: row for key, (row, _) in read.items()})


def _may_be_asked(freed: FreedSlot, policy: RecyclingPolicy, at: datetime) -> Q:
    """Those whom no rule leaves out that the database can tell; of merged records the engine tells."""
    slot, weekday = booking.one_row(freed.slot), freed.starts_at.astimezone(LONDON).isoweekday()
    seconds = (freed.starts_at - at).total_seconds()
    in_time = Q(patient__notice_hours__lte=int(seconds // 3600))
    if seconds >= 3600 * policy.notice_hours:
        in_time |= Q(patient__notice_hours__isnull=True)
    own = (
        in_time
        & (Q(patient__sites=[]) | Q(patient__sites__contains=[slot.site[0]]))
        & (Q(patient__days=[]) | Q(patient__days__contains=[weekday]))
    )
    return (Q(patient__merged_into__isnull=False) | own) & Q(
        medium=slot.medium[0],
        minutes__lte=int(slot.minutes[0]),
        skills__contained_by=sorted(slot.skills[0]),
    )


def _booked_later(
    freed: FreedSlot, listed: Any, policy: RecyclingPolicy, chunk: int
) -> dict[int, tuple[Any, int | None]]:
    """Entries that are booked for long after the freed seat, with the start of what they have."""
    later = freed.starts_at + timedelta(days=policy.gain_days)
    rows = listed.filter(state="booked", appointments__state="booked", appointments__starts_at__gt=later)
    rows = rows.annotate(has=Extract("appointments__starts_at", "epoch"))
    return {row.pk: (row, int(row.has)) for row in rows[:chunk]}


def _list(freed: FreedSlot) -> Any:
    return standing.of_list(freed.organisation_id, freed.slot.session.service_id, freed.slot.kind)


def _candidates(
    freed: FreedSlot, read: dict[int, tuple[Any, int | None]], policy: RecyclingPolicy, at: datetime
) -> list[Candidate]:
    """The entries as the engine asks for them. Four queries, six where people are asked by text."""
    channels = _channels([row.patient for row, _ in read.values()], freed.organisation_id, policy)
    people = {row.patient.person_id for row, _ in read.values()}
    needs = patients.needs_of(people)
    elsewhere = booking.busy(people, freed.slot.starts_at, freed.slot.ends_at)
    asked = _asked(freed, read, policy, at)
    found = []
    for key, (row, has) in read.items():
        before = asked.get(row.patient_id, _NEVER)
        found.append(
            Candidate(
                entry=key,
                wanted=booking.asked(
                    row, needs.get(row.patient.person_id, ()), elsewhere.get(row.patient.person_id, ())
                ),
                waits_from=row.waits_from,
                booked_for=has,
                offers=before.offers,
                was_asked=bool(before.this) or key == freed.appointment.entry_id,
                is_asked=bool(before.out),
                channel=channels[row.patient_id],
            )
        )
    return found


def _channels(people: list[Any], organisation_id: int, policy: RecyclingPolicy) -> dict[int, str]:
    """Patient -> how they are asked: by text who wants texts and can have them, else by telephone; "" where
    neither can be."""
    texted: set[int] = set()
    if policy.by_text and "text" in settings.NOTIFY_TEMPLATES:
        wanting = [row for row in people if row.stands.channel == "text" and mobile(row.stands.mobile)]
        flags = patients.flags_of({row.person_id for row in wanting})
        gone = conversations.bounced({mobile(row.stands.mobile) or "" for row in wanting}, organisation_id)
        texted = {
            row.pk
            for row in wanting
            if mobile(row.stands.mobile) not in gone
            and patients.may_contact(row, "text", by_machine=True, flags=flags.get(row.person_id, []))
        }
    return {
        row.pk: "text" if row.pk in texted else "phone" if patients.may_contact(row, "phone") else ""
        for row in people
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """How often a patient was reached with offers lately, asked about this seat, and is asked now."""

    offers: int = 0
    this: int = 0
    out: int = 0


_NEVER = _Asked()


def _asked(
    freed: FreedSlot, read: Collection[int], policy: RecyclingPolicy, at: datetime
) -> dict[int, _Asked]:
    """Patient -> what they were asked before. One query."""
    rows = (
        SlotOffer.objects.filter(organisation_id=freed.organisation_id, patient__entries__in=list(read))
        .filter(Q(made_at__gt=at - timedelta(days=policy.offer_days)) | Q(freed=freed) | Q(state=OUT))
        .values("patient_id")
        .annotate(
            offers=Count("pk", distinct=True, filter=Q(reached_at__isnull=False) & ~Q(state=OUT)),
            this=Count("pk", distinct=True, filter=Q(freed=freed)),
            out=Count("pk", distinct=True, filter=Q(state=OUT)),
        )
    )
    return {row["patient_id"]: _Asked(row["offers"], row["this"], row["out"]) for row in rows}


def records(organisation_id: int, at: datetime) -> dict[str, Record]:
    """What came of the offers of the last half year, by channel. One query."""
    rows = (
        SlotOffer.objects.filter(organisation_id=organisation_id, made_at__gt=at - LEARNED_FROM)
        .exclude(state__in=[OUT, SlotOffer.State.WITHDRAWN])
        .values("channel")
        .annotate(
            asked=Count("pk"),
            accepted=Count("pk", filter=Q(state=SlotOffer.State.ACCEPTED)),
            answered=Count("pk", filter=Q(state__in=[SlotOffer.State.ACCEPTED, SlotOffer.State.DECLINED])),
            stood=Sum(Least(F("ended_at"), F("expires_at")) - F("made_at")),
        )
    )
    return {
        row["channel"]: Record(
            row["asked"], row["accepted"], row["answered"], row["stood"].total_seconds() / 60
        )
        for row in rows
    }


def fill(organisation_id: int, since: datetime, until: datetime) -> list[Filled]:
    """What became of the seats freed between two instants, by notice. One query a band."""
    rows = FreedSlot.objects.filter(
        organisation_id=organisation_id, freed_at__gte=since, freed_at__lt=until, notice__gte=1
    ).exclude(state=FreedSlot.State.WITHDRAWN)
    return [_of_band(band, rows) for band in BANDS]


def _of_band(band: Band, rows: Any) -> Filled:
    kept = Q(filled_by__state="attended")
    to_come = Q(filled_by__state__in=("held", "booked", "arrived"))
    within = rows.filter(notice__gte=band.over)
    if band.under is not None:
        within = within.filter(notice__lt=band.under)
    found = within.aggregate(
        freed=Count("pk"),
        filled=Count("pk", filter=Q(state=FreedSlot.State.FILLED)),
        kept=Count("pk", filter=kept),
        undecided=Count("pk", filter=Q(state=FreedSlot.State.OPEN) | to_come),
    )
    return Filled(band, **found)


def due(organisation_id: int, mode: Mode) -> Due:
    """What waits for people; what nobody is asked about, only where asking is suggested. Three queries."""
    open_ = FreedSlot.objects.filter(organisation_id=organisation_id, state=FreedSlot.State.OPEN)
    asked = SlotOffer.objects.filter(freed=OuterRef("pk"), state=OUT)
    rows = open_.filter(~Exists(asked)).order_by("starts_at").values_list("starts_at", flat=True)
    unasked = list(rows) if mode is Mode.SUGGEST else []
    offers = calls(organisation_id)
    return Due(
        unasked=len(unasked),
        unasked_by=unasked[0] if unasked else None,
        calls=len(offers),
        calls_by=offers[0].expires_at if offers else None,
        to_thank=len(to_thank(organisation_id)),
    )
