"""Requests for records: the day by which each is answered, and what must be done before anything is sent.

UK GDPR, article 12(3): what a person asks of their own data is answered without undue delay, in a month of
receipt; for complex or many requests two further months, if the person is told why within the first.
Article 12(6): where there is reasonable doubt who asks, proof of identity may be asked for first; the month
runs from the day it comes. A month ends on the same day of the next month, or on its last day where there is
none; on a day that is not worked, on the next that is (the Information Commissioner's guidance, recalled).
"""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from clearway.domain.shared.errors import NotAllowed

from .completeness import working_days_after
from .words import Code


class Kind(Code):
    """Who asks for records."""

    SUBJECT = "subject", "the patient, or who may act for them (subject access)"
    LEGAL = "legal", "the legal department"
    INSURER = "insurer", "an insurer or solicitor"


MOST_REVIEW = 731  # days until a legal hold is looked at again: two years, assumed


def check_review(on: date, today: date, event: str) -> None:
    """Raises NotAllowed for a day on which nobody can look at a hold again, or which is too far."""
    if on <= today:
        raise NotAllowed("as it stands", event, "Choose a day to come on which to look at it again.")
    if (on - today).days > MOST_REVIEW:
        why = "Choose a day within two years: a hold that nobody looks at is forgotten."
        raise NotAllowed("as it stands", event, why)


@dataclass(frozen=True, slots=True)
class RecordsPolicy:
    """Days of requests that no law dates (policy `records_requests`).

    notes_days  working days for notes where whoever asks named no day
    warn_days   a task is raised so many days before a request is due
    hold_review_days  a legal hold is looked at again after so many days, where no day is named
    """

    notes_days: int = 10
    warn_days: int = 7
    hold_review_days: int = 180

    def __post_init__(self) -> None:
        if min(self.notes_days, self.warn_days) < 1:
            raise ValueError("Both are a day or more.")
        if not 1 <= self.hold_review_days <= MOST_REVIEW:
            raise ValueError(f"A legal hold is looked at again within {MOST_REVIEW} days.")


def months_after(day: date, count: int) -> date:
    """The same day so many months later; the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def due_on(
    kind: Kind,
    received_on: date,
    policy: RecordsPolicy,
    *,
    identified_on: date | None = None,
    wanted_on: date | None = None,
    is_extended: bool = False,
    holidays: Collection[date] = (),
) -> date:
    """The day by which a request is answered.

    identified_on  day on which the identity was proved, where proof had been asked for
    wanted_on      day that whoever asks for notes named; a subject access has its own by law
    """
    if kind is not Kind.SUBJECT:
        return wanted_on or working_days_after(received_on, policy.notes_days, holidays)
    starts = identified_on or received_on
    return working_days_after(months_after(starts, 3 if is_extended else 1), 0, holidays)


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a request stands. has_pack: one that was gathered; is_reviewed: that very pack was reviewed."""

    kind: Kind
    is_identified: bool
    has_pack: bool
    is_reviewed: bool
    is_closed: bool
    is_extended: bool
    due_on: date


def check_extend(stands: Stands, today: date) -> None:
    """Raises NotAllowed where the law gives no more time."""
    event = "Extending it"
    if stands.is_closed:
        raise NotAllowed("closed", event, "It was answered already.")
    if stands.kind is not Kind.SUBJECT:
        raise NotAllowed("open", event, "Agree another day with whoever asks for the notes.")
    if stands.is_extended:
        raise NotAllowed("extended", event, "The law gives two further months once.")
    if today > stands.due_on:
        raise NotAllowed("overdue", event, "The person has to be told within the first month.")


def check_send(stands: Stands) -> None:
    """Raises NotAllowed, with what to do first, where nothing may be sent yet."""
    event = "Sending it"
    if stands.is_closed:
        raise NotAllowed("closed", event, "It was answered already.")
    if not stands.is_identified:
        raise NotAllowed("open", event, "Check first who asks, and write down how.")
    if not stands.has_pack:
        raise NotAllowed("open", event, "Gather the records first.")
    if not stands.is_reviewed:
        raise NotAllowed("gathered", event, "Somebody else reviews the pack first.")
