"""Reading a trust's bookings as the columns that the engine judges. Three queries; no identity."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from clearway.core.layout.times import local
from clearway.domain.outpatients.attendance import LATE_HOURS
from clearway.engine.outpatients.attendance import NEVER, Bookings, Whole

from ..equality import queries as equality
from ..patients.presenters import SEX
from .models import Need, Patient

AGES = ((18, "Under 18"), (40, "18 to 39"), (65, "40 to 64"), (80, "65 to 79"))
OLDEST = "80 and over"
DISTANT = ("02", "03")  # by telephone or video (Medium)

BOOKED = """
SELECT array_agg(a.id), array_agg(a.person_id), array_agg(session.service_id),
       array_agg(coalesce(a.entry_id, -1)),
       array_agg(extract(epoch FROM a.made_at)::bigint), array_agg(extract(epoch FROM a.starts_at)::bigint),
       array_agg(coalesce(extract(epoch FROM CASE
           WHEN a.state = 'cancelled' THEN a.cancelled_at
           WHEN a.state IN ('attended', 'missed') THEN a.outcomed_at END)::bigint, %(never)s)),
       array_agg(CASE
           WHEN a.state = 'attended' THEN 0 WHEN a.state = 'missed' THEN 1
           WHEN a.state = 'cancelled' AND a.cancelled_by = 'patient'
               AND a.starts_at - a.cancelled_at < make_interval(hours => %(late)s) THEN 2
           WHEN a.state = 'cancelled' THEN 3 ELSE -1 END),
       array_agg(slot.kind = 'new'), array_agg(slot.medium = ANY(%(distant)s)),
       array_agg(coalesce(extract(epoch FROM a.confirmed_at)::bigint, %(never)s))
FROM outpatients_appointment a
JOIN outpatients_slot slot ON slot.id = a.slot_id
JOIN outpatients_session session ON session.id = slot.session_id
WHERE a.organisation_id = %(organisation)s AND a.starts_at > %(since)s AND a.state NOT IN ('held', 'lapsed')
"""
REMINDED = """
SELECT array_agg(t.appointment_id), array_agg(t.at) FROM (
    SELECT appointment_id, extract(epoch FROM min(outcome_at))::bigint AS at FROM outpatients_contact
    WHERE organisation_id = %(organisation)s AND at > %(since)s AND purpose = 'reminder'
      AND outcome IN ('delivered', 'answered') AND outcome_at IS NOT NULL AND appointment_id IS NOT NULL
    GROUP BY appointment_id
) t
"""
IN_CONTACT = """
SELECT array_agg(coalesce(patient.merged_into_id, patient.id)), array_agg(extract(epoch FROM c.at)::bigint)
FROM outpatients_contact c JOIN outpatients_patient patient ON patient.id = c.patient_id
WHERE c.organisation_id = %(organisation)s AND c.at > %(since)s
"""


@dataclass(frozen=True, slots=True)
class Read:
    """Bookings with the appointment behind each row."""

    keys: Whole
    bookings: Bookings

    def rows_of(self, keys: Any) -> Whole:
        """The rows of these appointments that were read, in the order of the rows."""
        return np.flatnonzero(np.isin(self.keys, np.asarray(list(keys), np.int64)))


def read(organisation_id: int, at: datetime, weeks_back: int) -> Read:
    """Every booking that began within so many weeks, or is to come."""
    since = at - timedelta(weeks=weeks_back)
    given = {
        "organisation": organisation_id,
        "since": since,
        "never": NEVER,
        "late": LATE_HOURS,
        "distant": list(DISTANT),
    }
    with connection.cursor() as cursor:
        key, person, service, line, made, starts, known, result, first, remote, confirmed = _row(
            cursor, BOOKED, given
        )
        reminded_key, reminded_at = (np.array(each, np.int64) for each in _row(cursor, REMINDED, given))
        who, when = (np.array(each, np.int64) for each in _row(cursor, IN_CONTACT, given))
    keys = np.array(key, np.int64)
    bookings = Bookings(
        person=np.array(person, np.int64),
        service=np.array(service, np.int64),
        line=np.array(line, np.int64),
        booked=np.array(made, np.int64),
        starts=np.array(starts, np.int64),
        known=np.array(known, np.int64),
        result=np.array(result, np.int64),
        first=np.array(first, np.bool_),
        remote=np.array(remote, np.bool_),
        confirmed=np.array(confirmed, np.int64),
        reminded=_joined(keys, reminded_key, reminded_at),
        contact_person=who,
        contact_at=when,
    )
    return Read(keys, bookings)


def _row(cursor: Any, query: str, given: dict[str, Any]) -> list[list[Any]]:
    cursor.execute(query, given)
    return [each or [] for each in cursor.fetchone()]


def _joined(keys: Whole, of: Whole, values: Whole) -> Whole:
    found = np.full(len(keys), NEVER, np.int64)
    order = np.argsort(of)
    if len(of):
        place = np.minimum(np.searchsorted(of[order], keys), len(of) - 1)
        is_there = of[order][place] == keys
        found[is_there] = values[order][place[is_there]]
    return found


def groups(read: Read, organisation_id: int, at: datetime) -> dict[str, list[str]]:
    """Name of a cut -> the group of each booking, for the audit of a model alone. Four queries."""
    people = read.bookings.person.tolist()
    today = local(at).date()
    ages, sexes = {}, {}
    rows = Patient.objects.filter(organisation_id=organisation_id)
    for key, born_on, sex in rows.values_list("pk", "born_on", "sex"):
        ages[key], sexes[key] = _age(today.year - born_on.year), SEX.get(sex, "")
    kinds: dict[int, set[str]] = defaultdict(set)
    held = Need.objects.filter(patient__organisation_id=organisation_id, ended_at__isnull=True)
    for patient, into, kind in held.values_list("patient_id", "patient__merged_into_id", "kind"):
        kinds[into or patient].add(kind)
    ethnic, deprived = equality.groups_of(organisation_id)
    return {
        "Ethnic category": [ethnic.get(person, "Not known") for person in people],
        "Deprivation": [deprived.get(person, "Not known") for person in people],
        "Age": [ages.get(person, "") for person in people],
        "Sex": [sexes.get(person, "") for person in people],
        "Needs": ["Some" if kinds.get(person) else "None" for person in people],
        "Interpreter": [
            "Needed" if "interpreter" in kinds.get(person, ()) else "Not needed" for person in people
        ],
    }


def _age(years: int) -> str:
    return next((name for limit, name in AGES if years < limit), OLDEST)
