"""The form that opens a patient with a reason, as a desk's own page shows and sends it."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.urls import reverse

from clearway.domain.shared.errors import NotAllowed

from ..factors.strength import is_fresh
from ..factors.views import has_typed_proof, proves_again
from ..people import kept
from ..people.provider import sessions
from . import actions
from .actions import Door
from .forms import Asks, OpenForm
from .models import Proof

Request = Any
MINUTES = round(actions.LASTS.total_seconds() / 60)
PART = "#opening"  # of a page, under which what was written there is kept


def blank(request: Request, door: Door) -> OpenForm:
    """The form before anything is typed, or as it was sent before the person signed in again."""
    begun = kept.take(request, request.path + PART)
    return _form(request, door, None, request.get_full_path(), begun)


def closed(request: Request, door: Door, subject: str) -> OpenForm:
    """The same for who came to what is closed to them; that they came is on record."""
    actions.note_closed(subject, **_who(request))
    return blank(request, door)


def refused(request: Request, door: Door, subject: str, page: str) -> OpenForm | None:
    """Open it as the form that was sent asks, once the person has proved who they are; None when it is open.

    Else the form with what is wrong, and nothing is open. The view hides `proof` from error reports.
    page  the address that shows the form and, once it is open, the patient
    """
    form = _form(request, door, request.POST, page)
    if not form.is_valid():
        return form
    given = form.cleaned_data
    try:
        proved = _proof(request, form)
    except NotAllowed as refusal:
        form.add_error("proof" if form.asks.for_proof else None, refusal.why)
        kept.keep(request, urlsplit(page).path + PART)
        return form
    actions.open_(door, subject, given["reason"], given["words"], proved=proved, **_who(request))
    return None


def _form(
    request: Request, door: Door, data: Any, page: str, begun: dict[str, str] | None = None
) -> OpenForm:
    return OpenForm(data, at=request.at, reasons=door.reasons, asks=_asks(request, page), initial=begun)


def _asks(request: Request, page: str) -> Asks:
    """What is asked of this person. Whoever has nothing to type signs in again, in the same session."""
    if has_typed_proof(request.user):
        return Asks()
    if is_fresh(request.session, request.at):
        return Asks(for_proof=False)
    at_provider = sessions.KEY in request.session
    where = reverse("openid:begin" if at_provider else "factors:confirm")
    again = f"{where}?{urlencode({'anew': 'yes', 'next': page} if at_provider else {'next': page})}"
    went = sessions.tried_lately(request.session, request.at)
    return Asks(for_proof=False, again=again, may_go_without=went == sessions.NOTHING)


def _proof(request: Request, form: OpenForm) -> Proof:
    """How the person proved who they are. Raises NotAllowed.

    An emergency waits for no provider: while it does not answer us, or where the person was sent there and
    says that they could not sign in, it opens without a proof, on record and to the officer first.
    """
    try:
        return Proof(proves_again(request, form.cleaned_data.get("proof", "")))
    except NotAllowed:
        went = sessions.tried_lately(request.session, request.at)
        if not form.asks.for_proof and went == sessions.AWAY:
            return Proof.AWAY
        if form.cleaned_data.get("without"):
            return Proof.NONE
        raise


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
