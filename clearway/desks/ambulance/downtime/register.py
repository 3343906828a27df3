"""The register of paper forms: drawing numbers, using them, and accounting for every one."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.domain.ambulance.downtime import Form
from clearway.domain.ambulance.words import FormKind
from clearway.domain.shared.errors import NotAllowed

from ..facts.actions import lock
from . import queries
from .models import CadFailure, PaperForm

State = PaperForm.State
MOST = 100  # forms of one kind in one printing


@transaction.atomic
def draw(
    wanted: Mapping[FormKind, int],
    *,
    is_drill: bool,
    of_pack: bool = False,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> list[PaperForm]:
    """Draw the next numbers of each kind, for forms that are printed now. Raises NotAllowed."""
    what = "Printing forms"
    if any(not 0 <= number <= MOST for number in wanted.values()) or not any(wanted.values()):
        raise NotAllowed("out of reach", what, f"Ask for 1 to {MOST} forms of a kind.")
    lock(organisation_id)
    newest = dict(
        queries.forms(organisation_id, drill=is_drill)
        .order_by()
        .values("kind")
        .annotate(newest=Max("number"))
        .values_list("kind", "newest")
    )
    rows = PaperForm.objects.bulk_create(
        PaperForm(
            organisation_id=organisation_id,
            is_drill=is_drill,
            of_pack=of_pack,
            kind=kind.value,
            number=newest.get(kind.value, 0) + place,
            printed_at=at,
            printed_by=by.name,
        )
        for kind, number in wanted.items()
        for place in range(1, number + 1)
    )
    detail = {kind.value: number for kind, number in wanted.items()} | {"drill": is_drill}
    audit(
        [Entry("downtime.print_forms", "paper_forms", detail)], organisation_id=organisation_id, by=by, at=at
    )
    return rows


def use(form: Form, failure: CadFailure | None, organisation_id: int, by: Actor, at: datetime) -> PaperForm:
    """Mark a form as entered; every lower number of its kind that lay blank is unaccounted for now.

    Inside a transaction that holds the lock. Raises NotAllowed.
    """
    what = f"Entering form {form}"
    if failure is None:
        raise NotAllowed("no failure", what, "Forms belong to a declared failure. Declare it first.")
    kind = queries.forms(organisation_id, drill=failure.is_drill).filter(kind=form.kind.value)
    row = kind.filter(number=form.number).first()
    if row is None:
        highest = kind.aggregate(Max("number"))["number__max"]
        why = (
            f"The highest that was printed is {highest:04d}." if highest else "None of its kind was printed."
        )
        raise NotAllowed("unknown", what, f"No form has this number. {why}")
    if row.state == State.VOID:
        raise NotAllowed("void", what, f"It is void: {row.why}.")
    if row.failure_id not in (None, failure.pk):
        raise NotAllowed("used", what, "It was used in an earlier failure.")
    _issue(failure, form.kind, form.number, organisation_id, of_pack=row.of_pack)
    if row.state != State.ENTERED:
        row.state, row.failure, row.settled_at, row.settled_by = State.ENTERED, failure, at, by.name
        row.save(update_fields=["state", "failure", "settled_at", "settled_by"])
    return row


def entered(form: Form, failure: CadFailure, organisation_id: int) -> PaperForm | None:
    """A form that was entered in this failure. Inside a transaction that holds the lock. One query."""
    rows = queries.forms(organisation_id, drill=failure.is_drill)
    return rows.filter(kind=form.kind.value, number=form.number, failure=failure, state=State.ENTERED).first()


def unaccount(row: PaperForm) -> None:
    """Nobody knows any more what stands on this form. Inside a transaction that holds the lock."""
    row.state, row.settled_at, row.settled_by = State.UNACCOUNTED, None, ""
    row.save(update_fields=["state", "settled_at", "settled_by"])


def _issue(
    failure: CadFailure, kind: FormKind, number: int, organisation_id: int, *, of_pack: bool = False
) -> int:
    """Every blank form up to a number was used in this failure. Returns how many that are.

    Those of the packs and those of the folder are two heaps: using one says nothing of the other.
    """
    return (
        queries.forms(organisation_id, drill=failure.is_drill)
        .filter(kind=kind.value, number__lte=number, state=State.BLANK, of_pack=of_pack)
        .update(state=State.UNACCOUNTED, failure=failure)
    )


@transaction.atomic
def used_up_to(form: Form, failure: CadFailure, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Say that every form up to this number was used. Returns how many are unaccounted for by that.

    Raises NotAllowed: no form has this number.
    """
    lock(organisation_id)
    rows = queries.forms(organisation_id, drill=failure.is_drill).filter(kind=form.kind.value)
    if not rows.filter(number=form.number).exists():
        raise NotAllowed("unknown", f"Using forms up to {form}", "No form has this number.")
    issued = _issue(failure, form.kind, form.number, organisation_id)
    entry = Entry("downtime.used_up_to", "paper_forms", {"form": str(form), "more": issued})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return issued


def more_by(form: Form, failure: CadFailure, organisation_id: int) -> int:
    """How many lower forms would be unaccounted for if this one were used. Two queries."""
    rows = queries.forms(organisation_id, drill=failure.is_drill).filter(kind=form.kind.value)
    row = rows.filter(number=form.number).first()
    if row is None:
        return 0
    return rows.filter(number__lt=form.number, state=State.BLANK, of_pack=row.of_pack).count()


@transaction.atomic
def lay_back(form: Form, failure: CadFailure, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Say that the forms from this number on which are unaccounted for lie blank in the folder after all.

    Returns how many. Raises NotAllowed: there are none.
    """
    what = f"Laying back forms from {form} on"
    lock(organisation_id)
    rows = queries.unaccounted(organisation_id, failure).filter(kind=form.kind.value)
    laid = rows.filter(number__gte=form.number).update(state=State.BLANK, failure=None)
    if not laid:
        raise NotAllowed("none", what, "No form of its kind from this number on is unaccounted for.")
    entry = Entry("downtime.lay_back", "paper_forms", {"form": str(form), "forms": laid})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return laid


@transaction.atomic
def make_void(
    form: Form, why: str, failure: CadFailure, *, organisation_id: int, by: Actor, at: datetime
) -> PaperForm:
    """Say that a form holds nothing to be entered, and why. Raises NotAllowed."""
    what = f"Making form {form} void"
    lock(organisation_id)
    row = (
        queries.forms(organisation_id, drill=failure.is_drill)
        .filter(kind=form.kind.value, number=form.number)
        .first()
    )
    if row is None or row.failure_id not in (None, failure.pk):
        raise NotAllowed("unknown", what, "No form of this failure has this number.")
    if row.state == State.ENTERED:
        raise NotAllowed("entered", what, "Something was entered from it.")
    row.state, row.why, row.failure = State.VOID, why, failure
    row.settled_at, row.settled_by = at, by.name
    row.save(update_fields=["state", "why", "failure", "settled_at", "settled_by"])
    entry = Entry("downtime.void", "paper_forms", {"form": str(form), "why": why})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row
