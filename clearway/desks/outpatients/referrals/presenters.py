"""Referrals in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.domain.outpatients.completeness import BY_NAME, Fixer, ReviewReason, Route, TriageOutcome
from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.waiting import Removal
from clearway.domain.outpatients.words import Priority, ReferralSource

from .models import Referral
from .queries import Ledger, Missing, ToTriage

UNREAD = "Not read: with the urgent"


def priority(code: str) -> str:
    """ "Urgent"; says so where the sender's word meant nothing here."""
    return Priority(code).meaning.capitalize() if code else UNREAD


def clashes(found: Iterable[Clash], parents: Mapping[int, str]) -> list[tuple[str, str, str]]:
    """What two people supplied otherwise for one referral. parents  the consultant's pathways in words"""

    def says(field: str, value: Any) -> str:
        if field == "source" and value:
            return ReferralSource(value).meaning.capitalize()
        if field == "parent" and value:
            return parents.get(value, f"Pathway {value}")
        if field == "start_on" and value:
            return in_words(date.fromisoformat(value))
        return priority(value) if field == "priority" else said(value)

    names = {
        "sender": "Referrer",
        "sender_organisation": "Organisation of the referrer",
        "source": "From",
        "question": "Clinical question",
        "parent": "The consultant's pathway here",
        "start_on": "The consultant's clock started on",
    }
    return both_in_words(found, names, says)


def removed(why: str) -> str:
    """Why a referral ended, in words."""
    for words in (Removal, TriageOutcome):
        if why in list(words):
            return words(why).meaning
    return why.replace("_", " ")


def source(row: Referral) -> str:
    """Who referred; their organisation is shown as the directory has it."""
    said = ReferralSource(row.source).meaning if row.source else "source not known"
    return ", ".join(part for part in (row.sender, said) if part)


def route(row: Referral) -> str:
    return Route(row.route).meaning


@dataclass(frozen=True, slots=True)
class TriageRow:
    """One referral to triage."""

    key: int
    number: str
    patient: str
    service: str
    priority: str
    shape: str
    css: str
    received: str
    due: str
    is_overdue: bool
    condition: str


def triage_rows(found: Iterable[ToTriage]) -> list[TriageRow]:
    """In the order given."""
    return [_triage_row(each) for each in found]


def _triage_row(each: ToTriage) -> TriageRow:
    row = each.referral
    shape, css = ("triangle", "mark-p2") if each.is_urgent else ("square", "mark-quiet")
    return TriageRow(
        key=row.pk,
        number=row.number,
        patient=str(row.patient),
        service=str(row.service),
        priority=priority(row.priority),
        shape=shape,
        css=css,
        received=in_words(row.received_on),
        due=in_words(each.due),
        is_overdue=each.is_overdue,
        condition=row.condition or "Not said",
    )


@dataclass(frozen=True, slots=True)
class GapRow:
    """One thing that is missing."""

    key: int
    referral: int
    number: str
    patient: str
    service: str
    what: str
    says: str
    of_whom: str
    asked: str
    chase: str
    is_due: bool
    holds: bool


def gap_rows(found: Iterable[Missing]) -> list[GapRow]:
    """In the order given."""
    return [
        GapRow(
            key=each.gap.pk,
            referral=each.gap.referral_id,
            number=each.gap.referral.number,
            patient=str(each.gap.referral.patient),
            service=str(each.gap.referral.service),
            what=each.gap.what,
            says=each.item.says,
            of_whom=Fixer(each.gap.fixer).meaning,
            asked="once" if each.gap.asked == 1 else f"{each.gap.asked} times",
            chase=in_words(each.chase_on) if each.chase_on else "No more; decide with the team leader",
            is_due=each.is_due,
            holds=each.item.holds,
        )
        for each in found
    ]


def says(what: str) -> str:
    """What a gap asks for."""
    return BY_NAME[what].says


def ledger_rows(found: Ledger) -> list[tuple[str, int]]:
    """Where the referrals of a period stand."""
    rows = [
        ("To be triaged", found.triage),
        ("Held: the clinical question is missing", found.held),
        ("On the waiting list", found.waiting),
        ("Seen", found.seen),
    ]
    return [*rows, *((f"Removed: {removed(why)}", count) for why, count in found.removed.items())]


def pathway_option(row: object) -> str:
    """A consultant's pathway in a list to choose from."""
    started: date | None = getattr(row, "started_on", None)
    since = in_words(started) if started else "a day nobody knows"
    return f"{getattr(row, 'ppid', '')}, clock since {since}"


def listed(review_reason: str) -> str:
    """Why a referral stands on a worklist of e-RS, in words; "" for none."""
    if not review_reason:
        return ""
    reason = ReviewReason(review_reason)
    return f"The patient could not book: {reason.meaning}" if reason.is_slot_issue else "For review"
