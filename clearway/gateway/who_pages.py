"""The page on which a person says whether somebody of another system is a patient here."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.feeds import actions as feeds
from clearway.core.feeds.models import Quarantined
from clearway.core.people.permissions import needs
from clearway.desks.outpatients.exchange.likeness import Question, TakenBack
from clearway.desks.outpatients.exchange.people import columns
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.patients import presenters
from clearway.domain.outpatients.identity import spaced
from clearway.domain.shared.errors import NotAllowed

from . import who_is_it
from .forms import TakeBackForm, WhoForm

NONE = 0  # of the choices: none of them
LINES = (
    ("family_name", "Family name"),
    ("given_names", "Given names"),
    ("born_on", "Born"),
    ("nhs_number", "NHS number"),
    ("number", "Number"),
    ("sex", "Sex"),
    ("address", "Address"),
    ("postcode", "Postcode"),
    ("mobile", "Mobile"),
    ("phone", "Telephone"),
    ("practice", "Practice"),
)


@needs("patients.write")
def who(request: Any, row_id: int) -> HttpResponse:
    """Both side by side, and the answer: they are that patient, or two people. Every look is recorded."""
    row, asked = _asked(request, row_id)
    form = WhoForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        said = form.cleaned_data
        try:
            count = who_is_it.answer(
                asked, said["patient"] or None, said["why"], by=request.actor, at=request.at
            )
            taken = f"{count} message{' was' if count == 1 else 's were'} taken."
            messages.success(request, f"It is said who this is, and what waited was read again: {taken}")
            return HttpResponseRedirect(reverse("gateway:who", args=[row.pk]))
        except NotAllowed as refused:
            form.add_error("patient", refused.why)
    return _page(request, row, asked, form, TakeBackForm(at=request.at))


@needs("patients.write")
@require_POST
def back(request: Any, row_id: int) -> HttpResponse:
    """Take the answer back, with the reason."""
    row, asked = _asked(request, row_id)
    form = TakeBackForm(request.POST, at=request.at)
    if form.is_valid():
        try:
            done = who_is_it.take_back(asked, form.cleaned_data["why"], by=request.actor, at=request.at)
            messages.success(request, _said_back(done))
            return HttpResponseRedirect(reverse("gateway:who", args=[row.pk]))
        except NotAllowed as refused:
            form.add_error("why", refused.why)
    return _page(request, row, asked, WhoForm(at=request.at), form)


def _said_back(done: TakenBack) -> str:
    words = f"Taken back. {len(done.restored)} details of the patient are as they were before."
    if not done.left:
        return words
    left = ", ".join(name.replace("_", " ") for name in done.left)
    return f"{words} Changed here since, and left so: {left}. Look at each."


def _asked(request: Any, row_id: int) -> tuple[Quarantined, Question]:
    rows = Quarantined.objects.select_related("source", "batch")
    row = get_object_or_404(rows, pk=row_id, source__organisation=request.organisation)
    asked = who_is_it.question(row, at=request.at)
    if asked is None:
        raise Http404("This line asks for nobody.")
    return row, asked


def _page(
    request: Any, row: Quarantined, asked: Question, form: WhoForm, undoing: TakeBackForm
) -> HttpResponse:
    scope = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    alike, known = asked.alike(), asked.known()
    feeds.look(row, by=request.actor, at=request.at)
    patients.look([each.pk for each in alike], "who is it", **scope)
    wrong = form.problems | undoing.problems
    context = {
        "row": row,
        "asked": asked,
        "known": known,
        "alike": alike,
        "lines": _lines(asked, alike),
        "form": form,
        "undoing": undoing,
        "none": NONE,
        "may_feeds": request.reach.allows("feeds.replay"),
    }
    response = render(request, "gateway/who.html", context, status=422 if wrong else 200)
    response["Cache-Control"] = "no-store"
    return response


def _lines(asked: Question, alike: Sequence[Any]) -> list[tuple[str, str, list[tuple[str, bool]]]]:
    """Each detail: what it is, what is told, and what each record says with whether it differs."""
    told = columns(asked.told) | {"number": asked.who.number}
    lines = []
    for name, label in LINES:
        theirs = _words(name, told.get(name))
        ours = [_words(name, getattr(each, name)) for each in alike]
        if theirs or any(ours):
            differs = [(words, _differs(name, theirs, words)) for words in ours]
            lines.append((label, theirs, differs))
    return lines


def _differs(name: str, one: str, other: str) -> bool:
    return name != "number" and bool(one and other) and one.casefold() != other.casefold()


def _words(name: str, value: Any) -> str:
    if not value or (name == "sex" and value == "9"):  # not stated
        return ""
    if name == "born_on":
        return f"{value:%-d %b %Y}"
    if name == "sex":
        return presenters.SEX.get(value, str(value))
    return spaced(value) if name == "nhs_number" else str(value)
