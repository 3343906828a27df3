"""Pages of letters: the outbox, one letter, and the day's printing and posting."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import State

from .. import policy
from . import actions, forms, presenters, queries
from .making import again, printed
from .models import Letter, LetterBatch

BACK = timedelta(days=7)  # how far the outbox looks back at what has left
Request = Any


@needs("letters.read")
def outbox(request: Request) -> HttpResponse:
    """What waits to leave, what is held and why, and what has left: with the age of the oldest."""
    trust = request.organisation.pk
    held_for = request.GET.get("held", "")
    held = queries.in_state(trust, State.HELD, reason=held_for if held_for in presenters.REASONS else "")
    waiting = queries.in_state(trust, State.QUEUED, State.READY, State.SENDING)
    gone = queries.gone(trust, request.at - BACK)
    ended = queries.ended(trust, request.at - BACK)
    _looked(request, [*held, *waiting, *gone, *ended], "outbox")
    context = {
        "standing": queries.standing(trust),
        "reasons": presenters.reasons(queries.reasons(trust)),
        "held_for": held_for,
        "tables": [
            ("Held", "held", presenters.rows(held)),
            ("To leave", "waiting", presenters.rows(waiting)),
            ("Left in the last seven days", "gone", presenters.rows(gone)),
            ("Not sent after all, in the last seven days", "ended", presenters.rows(ended)),
        ],
        "most": queries.MOST,
    }
    return render(request, "letters/outbox.html", context)


@needs("letters.read", change="letters.send")
def letter(request: Request, key: int) -> HttpResponse:
    """One letter: its copy, what happened to it, and what can be done with it."""
    row = _letter(request, key)
    wrong: DeskForm | None = None
    if request.method == "POST":
        step = request.POST.get("step", "")
        if step not in STEPS:
            raise Http404("No such step.")
        make, act, said = STEPS[step]
        wrong = make(request.POST, at=request.at)
        if wrong.is_valid():
            try:
                act(key, wrong.cleaned_data, _who(request))
            except NotAllowed as refusal:
                wrong.add_error(None, refusal.why)
            else:
                messages.success(request, said)
                return HttpResponseRedirect(reverse("op-letters:letter", args=[key]))
        row = _letter(request, key)
    _looked(request, [row], "letter")
    copy = bytes(row.pdf or b"")
    context = {
        "letter": row,
        "row": presenters.row(row),
        "history": presenters.history(row, request.at),
        "page": again(row),
        "attached": row.attached.order_by("place", "code"),
        "matches": bool(copy) and hashlib.sha256(copy).hexdigest() == row.outgoing.digest,
        "formats": [(each.value, each.meaning) for each in actions.PRINTED_FORMATS],
        "reason": presenters.REASONS.get(row.outgoing.reason, ""),
        "wrong": wrong,
        "step": request.POST.get("step", ""),
        "may_send": request.reach.allows("letters.send"),
        "text_name": presenters.text_name(row.text) if row.text else "",
        "needs_format": row.outgoing.reason == "format",
    }
    return render(request, "letters/letter.html", context, status=422 if wrong else 200)


Act = Callable[[int, dict[str, Any], dict[str, Any]], object]
STEPS: dict[str, tuple[type[DeskForm], Act, str]] = {
    "rung": (
        forms.RungForm,
        lambda key, said, who: actions.rung(key, said["outcome"], said["said"], **who),
        "The call is recorded.",
    ),
    "anyway": (
        forms.AnywayForm,
        lambda key, said, who: actions.send_anyway(key, said["reason"], format=said["format"], **who),
        "The letter is being made, with your reason.",
    ),
    "otherwise": (
        forms.ReasonForm,
        lambda key, said, who: actions.sent_otherwise(key, said["reason"], **who),
        "Marked as sent.",
    ),
    "address": (
        forms.AddressForm,
        lambda key, said, who: actions.set_address(key, said["name"], said["address"], **who),
        "The address is kept: every letter to them goes there.",
    ),
    "again": (
        forms.NothingForm,
        lambda key, said, who: actions.try_again(key, **who),
        "The letter is being made anew.",
    ),
    "withdraw": (
        forms.ReasonForm,
        lambda key, said, who: actions.withdraw(key, said["reason"], **who),
        "The letter is not sent.",
    ),
    "returned": (
        forms.ReasonForm,
        lambda key, said, who: actions.came_back(key, said["reason"], **who),
        "Recorded: it came back. Ask the patient for the right address.",
    ),
}


@needs("letters.read")
def letter_pdf(request: Request, key: int) -> HttpResponse:
    """The copy that is kept, byte for byte."""
    row = _letter(request, key)
    if row.pdf is None:
        raise Http404("This letter has no copy.")
    _looked(request, [row], "letter-pdf")
    return _pdf(bytes(row.pdf), f"letter-{key}.pdf")


@needs("letters.read", change="letters.send")
def to_print(request: Request) -> HttpResponse:
    """What is to be printed today, and the batches that were."""
    if request.method == "POST":
        made = actions.make_batch(**_who(request))
        if made is None:
            messages.error(request, "Nothing is to be printed now.")
            return HttpResponseRedirect(reverse("op-letters:print"))
        return HttpResponseRedirect(reverse("op-letters:batch", args=[made.pk]))
    letters = queries.to_print(request.organisation.pk)
    _looked(request, letters, "print")
    context = {
        "rows": presenters.rows(letters),
        "batches": queries.batches(request.organisation.pk),
        "post": policy.letters(request.organisation.pk, request.at),
        "may_send": request.reach.allows("letters.send"),
    }
    return render(request, "letters/print.html", context)


@needs("letters.read", change="letters.send")
def batch(request: Request, key: int) -> HttpResponse:
    """One batch: open its letters, print them, and say when they were posted."""
    row = _batch(request, key)
    letters = list(row.letters.all())
    keys = [each.pk for each in letters]
    form = forms.PostedForm(at=request.at, letters=keys, initial={"posted_at": request.at})
    inside: tuple[tuple[Letter, str], ...] = ()
    if request.method == "POST" and request.POST.get("what") == "undo":
        return _undo(request, key)
    if request.method == "POST":
        form = forms.PostedForm(request.POST, at=request.at, letters=keys)
        if form.is_valid():
            said = form.cleaned_data
            try:
                actions.mark_posted(key, said["posted_at"], taken_out=said["taken_out"], **_who(request))
            except actions.StillInside as refusal:
                inside = refusal.letters
                form.add_error("taken_out", refusal.why)
            except NotAllowed as refusal:
                form.add_error("posted_at", refusal.why)
            else:
                messages.success(request, "Marked as posted.")
                return HttpResponseRedirect(reverse("op-letters:batch", args=[key]))
    _looked(request, letters, f"batch:{key}")
    context = {
        "batch": row,
        "rows": presenters.rows(letters),
        "sheets": sum(each.pages for each in letters),
        "form": form,
        "inside": [(presenters.row(each), why) for each, why in inside],
        "may_send": request.reach.allows("letters.send"),
    }
    return render(request, "letters/batch.html", context, status=422 if form.errors else 200)


def _undo(request: Request, key: int) -> HttpResponse:
    try:
        count = actions.undo_batch(key, **_who(request))
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
        return HttpResponseRedirect(reverse("op-letters:batch", args=[key]))
    messages.success(
        request, f"{count} {'letter waits' if count == 1 else 'letters wait'} to be printed again."
    )
    return HttpResponseRedirect(reverse("op-letters:print"))


@needs("letters.read")
def batch_pdf(request: Request, key: int) -> HttpResponse:
    """All letters of a batch in one file, each on paper of its own, to be printed on both sides."""
    row = _batch(request, key)
    letters = list(row.letters.order_by("post", "id"))
    _looked(request, letters, f"batch-pdf:{key}")
    return _pdf(printed(letters), f"batch-{key}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    # The browser's own viewer of PDFs; nothing of ours is on this page. A refusal keeps the policy.
    answer._csp_exempt = True  # type: ignore[attr-defined]
    return answer


def _letter(request: Request, key: int) -> Letter:
    try:
        return queries.one(key, request.organisation.pk)
    except queries.NotThere as missing:
        raise Http404(f"There is no letter {key}.") from missing


def _batch(request: Request, key: int) -> LetterBatch:
    try:
        return queries.batch(key, request.organisation.pk)
    except queries.BatchNotThere as missing:
        raise Http404(f"There is no batch {key}.") from missing


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}


def _looked(request: Request, letters: list[Letter], page: str) -> None:
    actions.look([each.patient_id for each in letters], page, **_who(request))
