"""Organisations of the directory in words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from clearway.domain.outpatients.practices import Listed, Standing

from . import queries
from .models import ListedOrganisation
from .queries import Resolved

CODE = re.compile(r"^[A-Za-z0-9_-]+$")
DAY = "{0:%-d %b %Y}".format
FIELD_WORDS = {
    "name": "Name",
    "role": "Role",
    "parent": "Commissioner or trust above it",
    "address": "Address",
    "postcode": "Postcode",
    "status": "Status",
    "opened_on": "Opened",
    "closed_on": "Closed",
}
FIX = {
    Standing.SEVERAL: "Choose the successor that has our patients, or ask the patient.",
    Standing.CLOSED: "Ask the patient for their practice and change the record.",
    Standing.UNKNOWN: "Check the code with the patient or the letter and change the record, "
    "or load a newer file of the directory.",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A practice as a page shows it.

    words  the name that counts now; "" without a directory, where the code alone is shown
    code   as it is to be used now; told  as it was given, with what became of it; "" where it is the same
    wrong  what somebody has to see to; "" where nothing is
    """

    words: str
    code: str
    told: str = ""
    wrong: str = ""
    place: str = ""

    @property
    def slug(self) -> str:
        """Under which its page stands; "" for what was typed and cannot be a code."""
        return self.code if CODE.match(self.code) else ""


def named(organisation_id: int, code: str, on: date) -> Named | None:
    """A code that stands in a record, as it is shown; None where there is no code."""
    code = code.strip()
    if not code:
        return None
    found = queries.resolved(organisation_id, code, on)
    return Named("", code) if found is None else of(found)


def of(found: Resolved) -> Named:
    """A resolved code as it is shown."""
    told, current = found.told, found.current
    if current is not None:
        told_as = "" if told is current or told is None else _was(told)
        return Named(current.name, current.code, told_as, place=_place(current))
    wrong = found.found.standing.meaning.capitalize()
    return Named(told.name if told else "", found.code, _was(told) if told else "", wrong)


def _was(told: Listed) -> str:
    closed = f", closed {DAY(told.closed_on)}" if told.closed_on else ""
    return f"{told.name} ({told.code}{closed})"


def _place(row: Listed) -> str:
    return ", ".join(part for part in (row.address, row.postcode) if part)


@dataclass(frozen=True, slots=True)
class Step:
    """One version of an organisation. says: what was different from the one before."""

    version: int
    said: str
    on: object
    file: str


def steps(versions: Iterable[ListedOrganisation]) -> list[Step]:
    """Every version, newest first, with what changed."""
    rows = list(versions)
    found = []
    for place, row in enumerate(rows):
        before = queries.as_text(rows[place + 1]) if place + 1 < len(rows) else None
        now = queries.as_text(row)
        said = "; ".join(
            f"{FIELD_WORDS[name]}: {before[name] or 'nothing'} became {now[name] or 'nothing'}"
            for name in now
            if before is not None and before[name] != now[name]
        )
        found.append(Step(row.version, said or "First loaded", row.load.loaded_at, row.load.name))
    return found
