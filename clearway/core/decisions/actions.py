"""Writing in the decision log. Nothing is edited or removed: a correction is a new entry that supersedes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry, record
from ..clashes import check_newest
from ..organisation.models import Site
from . import snapshots
from .export import FORMS, Asked, made, seal
from .models import Decision, DecisionExport, DecisionNote, Told

LATE = timedelta(minutes=5)  # written later than this after it was taken: says why
CLOCK_SKEW = timedelta(minutes=1)  # a browser's clock may be a little ahead
JOINT_MODEL = ("nothing", "risks_patients", "risks_staff", "risks_system", "policy", "advice")
# What a correction begins with.
COPIED = ("known", "options", "decision", "reason", "review_at", "decided_at", *JOINT_MODEL)
CORRECTING = "Correcting this entry"
SAME_AGAIN = timedelta(minutes=2)  # the same words sent twice so soon are one decision


@dataclass(frozen=True, slots=True)
class Written:
    """A decision as somebody writes it.

    known       what was known at the time, in the writer's words
    nothing … advice  what the joint decision model asks besides; each may stay empty
    told        who was told when it was written; who is told later is a further entry (see tell)
    screen      the page it was opened from
    supersedes  id of the entry that it corrects
    """

    known: str
    decision: str
    reason: str
    decided_at: datetime
    options: str = ""
    nothing: str = ""
    risks_patients: str = ""
    risks_staff: str = ""
    risks_system: str = ""
    policy: str = ""
    advice: str = ""
    told: str = ""
    review_at: datetime | None = None
    late_reason: str = ""
    site: Site | None = None
    screen: str = ""
    supersedes: int | None = None


def is_late(decided_at: datetime, at: datetime) -> bool:
    """Written so long after it was taken that the log asks why."""
    return at - decided_at > LATE


def write(written: Written, *, organisation_id: int, by: Actor, at: datetime) -> Decision:
    """Add an entry, with the picture as it was known when the decision was taken.

    The same words from the same person within two minutes are one entry. Raises NotAllowed.
    """
    if by.user_id is None:
        raise NotAllowed("taken by nobody", "Writing a decision", "Only a person decides.")
    if written.decided_at > at + CLOCK_SKEW:
        raise NotAllowed("in the future", "Writing a decision", "The time it was taken is still to come.")
    if is_late(written.decided_at, at) and not written.late_reason.strip():
        why = "It was taken more than 5 minutes ago: say in a few words why it is written now."
        raise NotAllowed("written late", "Writing a decision", why)
    if written.review_at is not None and written.review_at <= written.decided_at:
        raise NotAllowed("in the past", "Reviewing", "The review comes after the decision.")
    if same := _same_again(written, organisation_id, by, at):
        return same
    decided_at = min(written.decided_at, at)
    picture = snapshots.take(organisation_id, decided_at, at)
    try:
        with transaction.atomic():
            row = _insert(written, decided_at, picture, organisation_id, by, at)
            if written.told:
                Told.objects.create(decision=row, at=at, words=written.told, by=by.name)
            detail = {"decided_at": decided_at.isoformat(), "corrects": written.supersedes}
            entry = Entry("decisions.write", f"decision:{row.pk}", detail)
            record([entry], organisation_id=organisation_id, by=by, at=at)
    except IntegrityError:  # somebody else corrected it at the same moment: with both values in view
        _corrected(written, organisation_id)
        raise
    return row


def _insert(
    written: Written,
    decided_at: datetime,
    picture: dict[str, object],
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Decision:
    corrected = _corrected(written, organisation_id)
    return Decision.objects.create(
        organisation_id=organisation_id,
        site=written.site,
        decided_at=decided_at,
        written_at=at,
        late_reason=written.late_reason if is_late(decided_at, at) else "",
        by_id=by.user_id or 0,
        role=by.role,
        known=written.known,
        options=written.options,
        **{name: getattr(written, name) for name in JOINT_MODEL},
        decision=written.decision,
        reason=written.reason,
        review_at=written.review_at,
        screen=written.screen[:300],
        snapshot=picture,
        supersedes=corrected,
    )


def _corrected(written: Written, organisation_id: int) -> Decision | None:
    if written.supersedes is None:
        return None
    found = Decision.objects.filter(pk=written.supersedes, organisation_id=organisation_id).first()
    if found is None:
        raise NotAllowed("unknown", CORRECTING, "There is no such entry.")
    check_newest(found, says, _yours(written), CORRECTING)
    return found


def says(row: Decision) -> dict[str, object]:
    """What a correction of an entry begins with, by the names of the form."""
    told = "; ".join(each.words for each in row.told.all())[:300]
    site = row.site.code if row.site else ""
    return {**{name: getattr(row, name) for name in COPIED}, "told": told, "site": site}


def _yours(written: Written) -> dict[str, object]:
    site = written.site.code if written.site else ""
    return {**{name: getattr(written, name) for name in COPIED}, "told": written.told, "site": site}


def _same_again(written: Written, organisation_id: int, by: Actor, at: datetime) -> Decision | None:
    return Decision.objects.filter(
        organisation_id=organisation_id,
        by_id=by.user_id,
        written_at__gt=at - SAME_AGAIN,
        known=written.known,
        decision=written.decision,
        reason=written.reason,
        supersedes=written.supersedes,
    ).first()


def tell(decision: Decision, words: str, *, by: Actor, at: datetime) -> Told:
    """Add to an entry that somebody has it now: told, read back, or acknowledged. Inside a transaction."""
    row = Told.objects.create(decision=decision, at=at, words=words[:300], by=by.name)
    entry = Entry("decisions.tell", f"decision:{decision.pk}", {"words": row.words})
    record([entry], organisation_id=decision.organisation_id, by=by, at=at)
    return row


@transaction.atomic
def note(key: int, kind: str, words: str, *, organisation_id: int, by: Actor, at: datetime) -> DecisionNote:
    """Say what came of an entry, or that it was reviewed; the entry stays as it is. Raises NotAllowed."""
    event = "Adding to this entry"
    found = Decision.objects.filter(pk=key, organisation_id=organisation_id).first()
    if found is None or by.user_id is None:
        raise NotAllowed("unknown", event, "There is no such entry, or nobody who adds to it.")
    row = DecisionNote.objects.create(decision=found, kind=kind, at=at, by=by.name, words=words)
    entry = Entry("decisions.note", f"decision:{key}", {"kind": kind, "words": words})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return row


@transaction.atomic
def export(asked: Asked, rows: list[Decision], *, organisation_id: int, by: Actor, at: datetime) -> bytes:
    """Entries as a file; which, and what was left out and why, is kept with it. What leaves is what was
    shown: nothing that was written since. Raises NotAllowed."""
    event = "Taking entries out"
    if asked.form not in FORMS:
        raise NotAllowed("unknown", event, "Choose text, CSV or PDF.")
    if asked.cuts and not asked.reason:
        raise NotAllowed("unsaid", event, "Say why parts are left out.")
    if asked.shown != seal(rows):
        why = "Something was written since these entries were shown. Look at them again, then take them out."
        raise NotAllowed("overtaken", event, why)
    body = made(asked, rows, at)
    DecisionExport.objects.create(
        organisation_id=organisation_id,
        at=at,
        by=by.name,
        first=asked.first,
        last=asked.last,
        form=asked.form,
        entries=[row.pk for row in rows],
        cuts={str(key): sorted(parts) for key, parts in asked.cuts.items()},
        reason=asked.reason,
        digest=hashlib.sha256(body).hexdigest(),
    )
    detail = {"from": asked.first.isoformat(), "to": asked.last.isoformat(), "entries": len(rows)}
    entry = Entry("decisions.export", "decisions", {**detail, "cut": len(asked.cuts), "reason": asked.reason})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return body
