"""Looks at identities in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..people.roles import name_of
from .models import OPENED, Action


@dataclass(frozen=True, slots=True)
class Look:
    """One look as the page shows it. `reason` is the code that was chosen, `said` the person's own words.

    is_opening  it was opened for a while although nothing was to be done; is_record  of an outpatient
    """

    key: int
    at: datetime
    who: str
    role: str
    whom: str
    subject: str
    reason: str
    said: str
    found: bool
    due: datetime
    is_late: bool
    proved: str
    is_opening: bool
    is_record: bool


# How somebody who opened a patient proved it once more (openings.models.Proof).
PROVED = {
    "password": "once more, by the password",
    "code": "once more, by the code of an app",
    "sign_in": "by signing in at most ten minutes before",
    "away": "not once more: the provider did not answer",
    "none": "not once more: they said that they could not sign in again",
}


def whom(look: Action) -> str:
    """Whose identity it was, without saying it: of an incident its key, of a record its own."""
    kind, _, key = look.subject.partition(":")
    named = {"patient": f"Record {key}", "quarantined": f"refused line {key}"}.get(kind, key)
    return f"{named}, opened" if look.verb == OPENED else named


def waiting(rows: Iterable[Action], within: timedelta, at: datetime) -> list[Look]:
    """Looks with the instant until which each is to be reviewed."""
    return [
        Look(
            key=row.pk,
            at=row.at,
            who=row.actor,
            role=name_of(row.role),
            whom=whom(row),
            subject=row.subject,
            reason=row.detail.get("reason", "").replace("_", " "),
            said=row.detail.get("text", ""),
            found=bool(row.detail.get("found")),
            due=row.at + within,
            is_late=at > row.at + within,
            proved=PROVED.get(row.detail.get("proved", ""), ""),
            is_opening=row.verb == OPENED,
            is_record=row.subject.startswith("patient:"),
        )
        for row in rows
    ]


def reviewed(rows: Iterable[Action]) -> list[tuple[datetime, str, str, str, str, str]]:
    """When it was reviewed, who looked, at whom, what was found, in which words, and by whom."""
    return [
        (
            row.review.at,
            row.actor,
            whom(row),
            row.review.get_finding_display(),
            row.review.words,
            row.review.by,
        )
        for row in rows
    ]
