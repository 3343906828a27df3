"""Opening a record with a reason."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from clearway.core.factors.views import proves_again
from clearway.core.people.permissions import needs
from clearway.core.people.signing_in import next_page
from clearway.domain.shared.errors import NotAllowed

from . import actions, queries
from .forms import OpenForm
from .guard import ask

Request = Any


@needs("patients.read")
@require_POST
@sensitive_post_parameters("proof")
def open_record(request: Request, patient: int) -> HttpResponse:
    """Open it to this person for 30 minutes, and go on to the page that was wanted."""
    if not queries.people(request.organisation.pk, patient):
        raise Http404
    form = OpenForm(request.POST, at=request.at)
    if not form.is_valid():
        return ask(request, patient, form)
    try:
        proves_again(request, form.cleaned_data["proof"])
    except NotAllowed as refusal:
        form.add_error("proof", refusal.why)
        return ask(request, patient, form)
    given = form.cleaned_data
    who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    actions.open_record(patient, given["reason"], given["words"], **who)
    wanted = next_page(request)
    return HttpResponseRedirect(wanted if wanted != "/" else reverse("op-patients:patient", args=[patient]))
