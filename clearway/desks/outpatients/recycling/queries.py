"""Reading freed seats: who may be asked about one, who is to be rung, and how many were filled."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q

from clearway.domain.outpatients.recycling import BANDS, LONDON, Band, Mode, RecyclingPolicy
from clearway.engine.outpatients.fit import Slots
from clearway.engine.outpatients.offers import Record
from clearway.engine.outpatients.recycling import (
    Candidate,
    NotOffered,
    Ranked,
    fitting,
    is_settled,
    with_words,
)

from ..booking import queries as booking
from ..waiting import standing
from .candidates import Lists, candidates
from .models import FreedSlot, SlotOffer

CHUNK = 150  # entries that are read at once, in the order of the list
FEW = 32  # of those who may be asked
MOST_READ = 1500
MOST_CHOSEN = 24
LEARNED_FROM = timedelta(days=180)
OUT = SlotOffer.State.OUT
LIVES = Q(patient__died_on__isnull=True, patient__merged_into__died_on__isnull=True)
CLOSED = ~Q(slot__blocked="") | ~Q(slot__session__state="open")


@dataclass(frozen=True, slots=True)
class First:
    """Whom to ask about a freed seat, first to last, and why others who were read are not.

    slot  the columns of the seat; patients  entry -> its patient, of all who were read
    """

    slot: Slots
    chosen: tuple[Candidate, ...]
    left_out: tuple[NotOffered, ...]
    patients: dict[int, int]


@dataclass(frozen=True, slots=True)
class Suited:
    """Who is asked about a freed seat, and the entries with their patients, of them and of the others."""

    ranked: Ranked
    entries: dict[int, Any]


# Minutes in which patients are asked, from a first day to a local time: those of whole days, and those gone
# of this one. Over the hour at which clocks change it is off by that hour.
GONE = """({local}::date - DATE '2000-01-01') * %(span)s
    + least(greatest(extract(epoch FROM {local}::time) / 60 - %(from)s, 0), %(span)s)"""
RECORDS = f"""
SELECT channel, count(*), count(*) FILTER (WHERE state = 'accepted'),
       count(*) FILTER (WHERE state IN ('accepted', 'declined')),
       sum({GONE.format(local="there.ended")} - ({GONE.format(local="there.made")}))::float
FROM outpatients_slot_offer
CROSS JOIN LATERAL (
    SELECT made_at AT TIME ZONE 'Europe/London' AS made,
           least(ended_at, expires_at) AT TIME ZONE 'Europe/London' AS ended
) there
WHERE organisation_id = %(organisation)s AND made_at > %(since)s AND ended_at < %(until)s
  AND state NOT IN ('out', 'withdrawn')
GROUP BY channel
"""
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
        LIVES,
        organisation_id=organisation_id,
        state__in=[SlotOffer.State.THANKED, SlotOffer.State.WITHDRAWN],
        reached_at__isnull=False,
        told_at__isnull=True,
    )
    return list(rows.select_related("patient", "freed__slot").order_by("ended_at", "id"))


def suited(freed: FreedSlot, policy: RecyclingPolicy, at: datetime) -> Suited:
    """Who is asked about a freed seat, in order, and why the others of this list are not, with their entries.

    The list is read as far as needed. Raises nothing; an empty list asks nobody. One query for each 150
    entries of those who wait, and one for the entries.
    """
    found = _first(Lists(freed, policy, at, is_narrowed=False, count=CHUNK))
    entries = standing.of_list(freed.organisation_id, freed.slot.session.service_id, freed.slot.kind)
    ranked = Ranked(with_words(found.slot, found.chosen, at), found.left_out)
    return Suited(ranked, entries.in_bulk(list(found.patients)))


def asked_first(freed: FreedSlot, policy: RecyclingPolicy, at: datetime) -> First:
    """Whom `suited` asks, without a word on most of the others: the database leaves out those for whom the
    slot is plainly nothing, so that a long list is not read to find few. One query for each 32 of those left.
    """
    return _first(Lists(freed, policy, at, is_narrowed=True, count=FEW))


def _first(lists: Lists) -> First:
    freed, policy, at = lists.freed, lists.policy, lists.at
    slot = booking.one_row(freed.slot)
    patients: dict[int, int] = {}
    read: list[Candidate] = []
    while True:
        rows, lists, last = lists.read(slot)
        patients |= {row.pk: row.patient_id for row in rows}
        read += candidates(rows, freed, policy)
        chosen, left_out = fitting(slot, read, policy, at, MOST_CHOSEN)
        ends = [who for who in read if who.entry in last]
        if len(read) >= MOST_READ or is_settled(chosen, ends, MOST_CHOSEN):
            return First(slot, tuple(chosen), left_out, patients)


def is_closed(row: FreedSlot) -> bool:
    """Whether nobody can be booked into it now; it may be opened again."""
    return bool(row.slot.blocked) or row.slot.session.state != "open"


def given_up_while_closed(organisation_id: int, at: datetime) -> list[Any]:
    """The last appointments of seats that were given up while nobody could be booked there, and that are
    open again and nobody's. One query."""
    same = {"slot": OuterRef("slot"), "seat": OuterRef("seat")}
    since = booking.of_seats().filter(**same, pk__gt=OuterRef("pk")).exclude(state="lapsed")
    standing_open = FreedSlot.objects.filter(**same, state=FreedSlot.State.OPEN)
    rows = booking.of_seats().filter(
        ~Exists(since),
        ~Exists(standing_open),
        organisation_id=organisation_id,
        starts_at__gt=at,
        state="cancelled",
        freed__isnull=True,
        slot__blocked="",
        slot__session__state="open",
    )
    return list(rows.select_related("slot__session"))


def no_sooner() -> Q:
    """Offers to who has an appointment since that is no later: it would be no earlier date."""
    had = booking.of_seats().filter(
        entry=OuterRef("entry"), state="booked", starts_at__lte=OuterRef("freed__starts_at")
    )
    return Q(Exists(had))


def records(organisation_id: int, policy: RecyclingPolicy, at: datetime) -> dict[str, Record]:
    """What came of the offers of half a year, until the day began, by channel.

    One query a day in each process: what was over before the day began changes no more.
    """
    midnight = datetime.combine(at.astimezone(LONDON), time(), LONDON)
    return dict(_records(organisation_id, policy.from_hour, policy.to_hour, midnight))


@lru_cache(maxsize=64)
def _records(organisation_id: int, from_hour: int, to_hour: int, until: datetime) -> dict[str, Record]:
    given: dict[str, Any] = {
        "organisation": organisation_id,
        "since": until - LEARNED_FROM,
        "until": until,
        "from": 60 * from_hour,
        "span": 60 * (to_hour - from_hour),
    }
    with connection.cursor() as cursor:
        cursor.execute(RECORDS, given)
        return {channel: Record(*seen) for channel, *seen in cursor.fetchall()}


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
    rows = (
        open_.exclude(CLOSED).filter(~Exists(asked)).order_by("starts_at").values_list("starts_at", flat=True)
    )
    unasked = list(rows) if mode is Mode.SUGGEST else []
    offers = calls(organisation_id)
    return Due(
        unasked=len(unasked),
        unasked_by=unasked[0] if unasked else None,
        calls=len(offers),
        calls_by=offers[0].expires_at if offers else None,
        to_thank=len(to_thank(organisation_id)),
    )
