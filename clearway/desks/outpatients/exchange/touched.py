"""What the work of the desk touches, by the names under which refused messages wait for it.

A message that is refused for something that the desk can change names what it watches: `PATIENTS` who is
registered and by what they are told apart, `CLINICS` the clinics and their times, or one person or slot.
Every action leaves its row in the audit, and the row names what it was done to: so nothing has to be told
apart.
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
ANOTHER = ("patients.register", "patients.merge", "patients.unmerge")  # make another person known
CHANGE = "patients.change"
TOLD_BY = frozenset({"family_name", "given_names", "born_on", "nhs_number"})  # what people are told apart by
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

    actions  with organisation_id, verb, subject and detail
    """
    names: dict[int, set[str]] = defaultdict(set)
    subjects: dict[tuple[int, str], set[int]] = defaultdict(set)
    for each in actions:
        part, _, what = each.verb.partition(".")
        if what in READS:
            continue
        if part == CLINICS:
            names[each.organisation_id].add(CLINICS)
        elif _tells_who_is_here(each):
            names[each.organisation_id].add(PATIENTS)
        if found := SUBJECT.match(each.subject):
            subjects[each.organisation_id, found[1]].add(int(found[2]))
    for (organisation_id, kind), keys in subjects.items():
        names[organisation_id] |= set(_named(organisation_id, kind, keys))
    return names


def _tells_who_is_here(action: Any) -> bool:
    """Whether somebody may be found after it who was not before. A new address or a text finds nobody."""
    if action.verb == CHANGE:
        return not TOLD_BY.isdisjoint(action.detail.get("fields", ()))
    return action.verb in ANOTHER


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
