"""Who may be asked about a freed seat, read from the list in columns: one question for all there is to know.

The list is in the order of its index, so that its beginning is read and no more. Objects of the models would
take longer to make than the ranking takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self

import psycopg
from django.conf import settings
from django.db import connection

from clearway.domain.outpatients.recycling import LONDON, RecyclingPolicy
from clearway.domain.shared.delivery import mobile
from clearway.engine.outpatients.fit import URGENT_PRIORITIES, Slots
from clearway.engine.outpatients.recycling import Candidate, earliest

from ..booking import queries as booking
from ..conversations import queries as conversations
from ..patients import queries as patients
from .models import FreedSlot

IN_ORDER = "entry.priority DESC, entry.treat_by NULLS LAST, entry.waits_from NULLS LAST, entry.id"
OF_LIST = """
    entry.organisation_id = %(organisation)s AND entry.service_id = %(service)s AND entry.kind = %(kind)s
    AND entry.series = 1 AND record.died_on IS NULL AND person.died_on IS NULL
"""
# Those for whom the slot is plainly nothing; the rules of the engine say the same, and why.
NARROWED = """
    AND entry.medium = %(medium)s AND entry.minutes <= %(minutes)s
    AND entry.skills <@ %(skills)s::varchar[] AND (entry.due_on IS NULL OR entry.due_on <= %(due)s)
    AND (person.sites = '{}' OR person.sites @> ARRAY[%(site)s]::varchar[])
    AND (person.days = '{}' OR person.days @> ARRAY[%(weekday)s]::smallint[])
    AND (NOT %(urgent)s OR entry.priority = ANY(%(urgently)s))
    AND (person.notice_hours <= %(hours)s OR person.notice_hours IS NULL AND %(usual)s)
    AND entry.patient_id NOT IN (
        SELECT patient_id FROM outpatients_slot_offer
        WHERE organisation_id = %(organisation)s AND state = 'out')
"""
# "person" is the record that stands for whoever has this one; needs, appointments and offers are of every
# record: a second one is no way around the limits.
# Of those who are booked only they are read who stand before the last who was read of those who wait: nobody
# after that one can come first either, and thousands may be booked.
COLUMNS = """
WITH waiting AS (
    SELECT entry.id, entry.priority, entry.treat_by, entry.waits_from
    FROM outpatients_entry entry
    JOIN outpatients_patient record ON record.id = entry.patient_id
    JOIN outpatients_patient person ON person.id = coalesce(record.merged_into_id, record.id)
    WHERE entry.state = 'waiting' AND {which}
    ORDER BY {in_order} LIMIT %(count)s OFFSET %(waiting)s
), edge AS (
    SELECT * FROM waiting entry ORDER BY {in_order} LIMIT 1 OFFSET %(count)s - 1
), booked AS (
    SELECT entry.id, extract(epoch FROM had.starts_at)::bigint AS starts
    FROM outpatients_entry entry
    JOIN outpatients_appointment had ON had.entry_id = entry.id
        AND had.state = 'booked' AND had.starts_at >= %(later)s
    JOIN outpatients_patient record ON record.id = entry.patient_id
    JOIN outpatients_patient person ON person.id = coalesce(record.merged_into_id, record.id)
    WHERE entry.state = 'booked' AND {which} AND (
        entry.priority > coalesce((SELECT priority FROM edge), '')
        OR entry.priority = (SELECT priority FROM edge)
        AND (coalesce(entry.treat_by, 'infinity'), coalesce(entry.waits_from, 'infinity'), entry.id)
            < (SELECT coalesce(treat_by, 'infinity'), coalesce(waits_from, 'infinity'), id FROM edge))
    ORDER BY {in_order} LIMIT %(count)s OFFSET %(booked)s
), listed AS (
    SELECT id, false AS is_booked, NULL::bigint AS booked_for FROM waiting
    UNION ALL SELECT id, true, starts FROM booked
)
SELECT person.id, person.sites, person.days, person.notice_hours, person.phone, person.mobile,
       person.channel, person.may_text, record.opted_out OR person.opted_out,
       entry.id, entry.patient_id, listed.booked_for, entry.service_id, entry.kind, entry.minutes,
       entry.priority, entry.skills, entry.medium, entry.clinician_id, entry.treat_by, entry.due_on,
       entry.waits_from,
       ARRAY(SELECT ARRAY[need.kind, need.detail] FROM outpatients_need need
             WHERE need.ended_at IS NULL AND need.patient_id = ANY(ARRAY(
                 SELECT person.id
                 UNION ALL SELECT id FROM outpatients_patient WHERE merged_into_id = person.id))
             ORDER BY need.patient_id <> person.id, need.patient_id, need.kind, need.id),
       ARRAY(SELECT ARRAY[extract(epoch FROM other.starts_at)::bigint,
                          extract(epoch FROM other.ends_at)::bigint]
             FROM outpatients_appointment other
             WHERE other.person_id = person.id AND other.state IN ('held', 'booked', 'arrived')
               AND other.starts_at < %(ends)s AND other.ends_at > %(starts)s),
       before.offers, before.this, before.out
FROM listed
JOIN outpatients_entry entry ON entry.id = listed.id
JOIN outpatients_patient record ON record.id = entry.patient_id
JOIN outpatients_patient person ON person.id = coalesce(record.merged_into_id, record.id)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (
               WHERE reached_at IS NOT NULL AND state <> 'out' AND made_at > %(since)s) AS offers,
           coalesce(bool_or(freed_id = %(freed)s), false) AS this,
           coalesce(bool_or(state = 'out'), false) AS out
    FROM outpatients_slot_offer WHERE patient_id = ANY(ARRAY(
        SELECT person.id UNION ALL SELECT id FROM outpatients_patient WHERE merged_into_id = person.id))
) before
ORDER BY listed.is_booked, {in_order}
"""
OF_PERSON = 9  # the first of the columns, as Person has them; the others are as Row has them
EVERYBODY = COLUMNS.format(which=OF_LIST, in_order=IN_ORDER)
FEWER = COLUMNS.format(which=OF_LIST + NARROWED, in_order=IN_ORDER)


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as the record says that stands for them, with what booking and telling ask."""

    person_id: int
    sites: list[str]
    days: list[int]
    notice_hours: int | None
    phone: str
    mobile: str
    channel: str
    may_text: bool
    opted_out: bool
    died_on: None = None

    @property
    def stands(self) -> Self:
        return self


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the list, as booking asks of it, with what else the rules of offers ask.

    booked_for  the start of the appointment they have, in seconds
    """

    patient: Person
    pk: int
    patient_id: int
    booked_for: int | None
    service_id: int
    kind: str
    minutes: int
    priority: str
    skills: list[str]
    medium: str
    clinician_id: int | None
    treat_by: date | None
    due_on: date | None
    waits_from: date | None
    needs: list[list[str]]
    elsewhere: list[list[int]]
    offers: int
    was_asked: bool
    is_asked: bool


@dataclass(frozen=True, slots=True)
class Lists:
    """The two lists of a freed seat, those who wait and those who would come earlier, read from the top.

    count  rows that one reading takes of each
    """

    freed: FreedSlot
    policy: RecyclingPolicy
    at: datetime
    is_narrowed: bool
    count: int
    waiting: int = 0
    booked: int = 0

    def read(self, slot: Slots) -> tuple[list[Row], "Lists", set[int]]:
        """The next rows of both lists, the lists after them, and the last entry of each that goes on.

        One query.
        """
        found = self._planned_once(slot) if self.is_narrowed else self._asked(slot)
        rows = [Row(Person(*each[:OF_PERSON]), *each[OF_PERSON:]) for each in found]
        waiting = [row for row in rows if row.booked_for is None]
        booked = rows[len(waiting) :]
        after = replace(self, waiting=self.waiting + len(waiting), booked=self.booked + len(booked))
        return rows, after, {each[-1].pk for each in (waiting, booked) if len(each) == self.count}

    def _asked(self, slot: Slots) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(EVERYBODY, self._values(slot))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _planned_once(self, slot: Slots) -> list[tuple[Any, ...]]:
        """The same of few, by a plan that the server keeps for this connection.

        Planning takes longer than running it, and Django has every statement planned anew. The plan reads the
        beginning of an index whatever is asked for, so that it is good for every slot, which the server's own
        reckoning does not see: for this one statement it is told.
        """
        connection.ensure_connection()
        raw: Any = connection.connection
        if raw.prepare_threshold is None:
            raw.prepare_threshold = 0  # of cursors of the driver alone: Django's own prepare nothing
        with raw.pipeline(), psycopg.Cursor(raw) as setting, psycopg.Cursor(raw) as cursor:
            setting.execute("SET plan_cache_mode = force_generic_plan", prepare=False)
            cursor.execute(FEWER, self._values(slot), prepare=True)
            setting.execute("RESET plan_cache_mode", prepare=False)
            return cursor.fetchall()

    def _values(self, slot: Slots) -> dict[str, Any]:
        freed, policy, at = self.freed, self.policy, self.at
        on, seconds = freed.starts_at.astimezone(LONDON).date(), (freed.starts_at - at).total_seconds()
        return {
            "organisation": freed.organisation_id,
            "service": freed.slot.session.service_id,
            "kind": freed.slot.kind,
            "freed": freed.pk,
            "starts": freed.slot.starts_at,
            "ends": freed.slot.ends_at,
            "later": freed.starts_at + timedelta(days=policy.gain_days),
            "since": at - timedelta(days=policy.offer_days),
            "medium": slot.medium[0],
            "minutes": int(slot.minutes[0]),
            "skills": sorted(slot.skills[0]),
            "site": slot.site[0],
            "weekday": on.isoweekday(),
            "due": on + (on - earliest(on, policy)),
            "hours": int(seconds // 3600),
            "urgent": policy.is_for_urgent(freed.slot.kind, seconds),
            "urgently": list(URGENT_PRIORITIES),
            "usual": seconds >= 3600 * policy.notice_hours,
            "count": self.count,
            "waiting": self.waiting,
            "booked": self.booked,
        }


class Need(NamedTuple):
    """What the hard rules ask of a need of the patient."""

    kind: str
    detail: str


def candidates(rows: Sequence[Row], freed: FreedSlot, policy: RecyclingPolicy) -> list[Candidate]:
    """Rows as the engine asks of them. No query; three where people are asked by text."""
    texted = _texted(rows, freed.organisation_id, policy)
    return [_candidate(row, freed, row.pk in texted) for row in rows]


def _candidate(row: Row, freed: FreedSlot, is_texted: bool) -> Candidate:
    needs = [Need(*each) for each in row.needs]
    rung = "phone" if patients.may_contact(row.patient, "phone") else ""
    return Candidate(
        entry=row.pk,
        wanted=booking.asked(row, needs, ((starts, ends) for starts, ends in row.elsewhere)),
        treat_by=row.treat_by,
        waits_from=row.waits_from,
        due_on=row.due_on,
        booked_for=row.booked_for,
        offers=row.offers,
        was_asked=row.was_asked or row.pk == freed.appointment.entry_id,
        is_asked=row.is_asked,
        channel="text" if is_texted else rung,
    )


def _texted(rows: Sequence[Row], organisation_id: int, policy: RecyclingPolicy) -> set[int]:
    """The entries of those who want texts and can have them."""
    if not (policy.by_text and "text" in settings.NOTIFY_TEMPLATES):
        return set()
    numbers = {row.pk: mobile(row.patient.mobile) or "" for row in rows if row.patient.channel == "text"}
    wanting = [row for row in rows if numbers.get(row.pk)]
    flags = patients.flags_of({row.patient.person_id for row in wanting})
    gone = conversations.bounced(set(numbers.values()), organisation_id)
    return {
        row.pk
        for row in wanting
        if numbers[row.pk] not in gone
        and patients.may_contact(
            row.patient, "text", by_machine=True, flags=flags.get(row.patient.person_id, [])
        )
    }
