"""The form that opens a patient with a reason, as a desk's own page shows and sends it."""

from typing import Any

from clearway.domain.shared.errors import NotAllowed

from ..factors.views import proves_again
from . import actions
from .actions import Door
from .forms import OpenForm

Request = Any
MINUTES = round(actions.LASTS.total_seconds() / 60)


def blank(request: Request, door: Door) -> OpenForm:
    """The form before anything is typed."""
    return OpenForm(at=request.at, reasons=door.reasons)


def closed(request: Request, door: Door, subject: str) -> OpenForm:
    """The same for who came to what is closed to them; that they came is on record."""
    actions.note_closed(subject, **_who(request))
    return blank(request, door)


def refused(request: Request, door: Door, subject: str) -> OpenForm | None:
    """Open it as the form that was sent asks, once the person has proved who they are; None when it is open.

    Else the form with what is wrong, and nothing is open. The view hides `proof` from error reports.
    """
    form = OpenForm(request.POST, at=request.at, reasons=door.reasons)
    if not form.is_valid():
        return form
    try:
        proves_again(request, form.cleaned_data["proof"])
    except NotAllowed as refusal:
        form.add_error("proof", refusal.why)
        return form
    actions.open_(door, subject, form.cleaned_data["reason"], form.cleaned_data["words"], **_who(request))
    return None


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
