"""Contacts in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.domain.ambulance.contacts import ContactPolicy, Means, With

from .models import Contact

MEANS: Mapping[str, str] = {
    Means.RADIO: "Radio",
    Means.TELEPHONE: "Telephone",
    Means.IN_PERSON: "In person",
    Means.MESSAGE: "Message",
}
KINDS: Mapping[str, str] = {
    With.CREW: "Crews",
    With.HOSPITAL: "Hospitals",
    With.HALO: "HALOs",
    With.MANAGER: "Managers",
    With.OTHER: "Other services",
}


def clashes(found: Iterable[Clash], policy: ContactPolicy) -> list[tuple[str, str, str]]:
    """What two people wrote otherwise of one contact."""
    codes = {"reason": policy.reasons, "result": policy.results}

    def says(field: str, value: Any) -> str:
        if field == "means":
            return MEANS.get(value) or said(value)
        return next((each.says for each in codes.get(field, ()) if each.code == value), said(value))

    return both_in_words(found, {"whom": "With whom", "means": "By", "words": "More"}, says)


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `corrected_by` is the number of the contact that replaces it."""

    key: int
    at: datetime
    kind: str
    whom: str
    name: str
    means: str
    reason: str
    result: str
    words: str
    incident: str
    task: int | None
    by: str
    corrected_by: int | None


def row(each: Contact, policy: ContactPolicy) -> Row:
    """One line."""
    successor = getattr(each, "superseded_by", None)
    return Row(
        key=each.pk,
        at=each.at,
        kind=each.kind,
        whom=each.key,
        name=each.name,
        means=MEANS.get(each.means, each.means),
        reason=policy.says(each.reason),
        result=policy.says(each.result),
        words=each.words,
        incident=each.incident,
        task=each.task,
        by=each.by,
        corrected_by=successor.pk if successor else None,
    )


def rows(found: Iterable[Contact], policy: ContactPolicy) -> list[Row]:
    """The lines of a list."""
    return [row(each, policy) for each in found]


def table(
    numbers: Mapping[tuple[str, str], int], policy: ContactPolicy
) -> tuple[list[str], list[tuple[str, list[int], int]]]:
    """How many of each reason by result: the results; for each reason its numbers and its sum, most first."""
    results = [each.code for each in policy.results]
    results += sorted({result for _, result in numbers} - set(results))
    results = [each for each in results if any(result == each for _, result in numbers)]
    lines = []
    for reason in {reason for reason, _ in numbers}:
        of = [numbers.get((reason, result), 0) for result in results]
        lines.append((policy.says(reason), of, sum(of)))
    return [policy.says(each) for each in results], sorted(lines, key=lambda each: (-each[2], each[0]))
