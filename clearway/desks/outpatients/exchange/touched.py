"""What the work of the desk touches, by the names under which refused messages wait for it.

A message that is refused for something that the desk can change names what it watches: `PATIENTS` who is
registered and what is known of whom, `CLINICS` the clinics and their times, or one person or slot. Every
action leaves its row in the audit, and the row names what it was done to: so nothing has to be told apart.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ..booking import queries as booked
from ..patients import queries as patients
from ..referrals import queries as referrals
from ..waiting import queries as waiting

PATIENTS, CLINICS = "patients", "clinics"
READS = ("look", "open", "closed")  # verbs that change nothing
SUBJECT = re.compile(r"(patient|referral|entry|appointment|slot):(\d{1,18})(?::|$)")
EVERY: Mapping[str, Callable[[int], Any]] = MappingProxyType(
    {"referral": referrals.every, "entry": waiting.every, "appointment": booked.every}
)


def person(patient: Any) -> str:
    """The name of somebody, whichever of their records it is."""
    return f"person:{patient.person_id}"


def slot(key: int) -> str:
    """The name of a slot."""
    return f"slot:{key}"


def touched(actions: Iterable[Any]) -> dict[int, set[str]]:
    """Organisation -> what these actions touch there; a query for each kind of subject there, two for
    appointments.

    actions  with organisation_id, verb and subject
    """
    names: dict[int, set[str]] = defaultdict(set)
    subjects: dict[tuple[int, str], set[int]] = defaultdict(set)
    for each in actions:
        part, _, what = each.verb.partition(".")
        if what in READS:
            continue
        names[each.organisation_id] |= {part} & {PATIENTS, CLINICS}
        if found := SUBJECT.match(each.subject):
            subjects[each.organisation_id, found[1]].add(int(found[2]))
    for (organisation_id, kind), keys in subjects.items():
        names[organisation_id] |= set(_named(organisation_id, kind, keys))
    return names


def _named(organisation_id: int, kind: str, keys: Collection[int]) -> Iterator[str]:
    if kind == "slot":
        yield from map(slot, keys)
        return
    if kind == "patient":
        rows = patients.everybody(organisation_id).filter(pk__in=keys).values_list("pk", "merged_into_id")
    else:
        found = EVERY[kind](organisation_id).filter(pk__in=keys)
        rows = found.values_list("patient_id", "patient__merged_into_id")
        if kind == "appointment":
            yield from map(slot, found.values_list("slot_id", flat=True))
    for record, stands in rows:
        # Both: a line may have been refused before the two became one person.
        yield from (f"person:{key}" for key in (record, stands) if key is not None)
