"""Work given to juniors: giving it, how far it is, its review, and the record of training."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.supervision import MOST, Kind
from clearway.domain.shared.errors import NotAllowed

from . import actions, forms, queries
from .models import Batch

MEANINGS = {each.value: each.meaning[:1].upper() + each.meaning[1:] for each in Kind}
USUAL_REVIEWS = 3


@needs("tasks.work")
def batches(request: Any) -> HttpResponse:
    """Every batch for who gives work; for anybody else, what is theirs."""
    manages = request.reach.allows("supervision.manage")
    found = queries.batches(request.organisation.pk, request.at, None if manages else request.user.pk)
    context = {
        "rows": found,
        "meanings": MEANINGS,
        "manages": manages,
        "kinds": list(MEANINGS.items()),
        "juniors": queries.juniors(request.organisation.pk, request.at) if manages else [],
    }
    return render(request, "supervision/batches.html", context)


@needs("supervision.manage")
def give(request: Any, kind: str) -> HttpResponse:
    """Choose from what stands of one kind, and to whom it goes."""
    if kind not in MEANINGS:
        raise Http404("There is no such kind of work.")
    chosen, today = Kind(kind), local(request.at).date()
    things = queries.to_give(request.organisation.pk, chosen, request.at)[:MOST]
    people = [(each.pk, str(each)) for each in queries.juniors(request.organisation.pk, request.at)]
    initial = {"due_on": (today + timedelta(days=1)).isoformat(), "reviews": USUAL_REVIEWS}
    data = request.POST if request.method == "POST" else None
    form = forms.GiveForm(data, at=request.at, people=people, things=things, initial=initial)
    if form.is_valid():
        try:
            row = actions.give(form.wanted(chosen), **_who(request))
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, f"Given to {row.user}. It is on their worklist.")
            return HttpResponseRedirect(reverse("op-supervision:batch", args=[row.pk]))
    context = {
        "form": form,
        "things": things,
        "people": people,
        "title": MEANINGS[kind],
        "ticked": set(form.typed("subjects") if form.is_bound else [each.subject for each in things]),
    }
    return render(request, "supervision/give.html", context, status=422 if form.errors else 200)


@needs("tasks.work")
def batch(request: Any, key: int) -> HttpResponse:
    """One batch: what is left of it, handing it in, and the review of its sample."""
    found = _one(request, key)
    form: DeskForm = forms.SaidForm(at=request.at)
    sent = _number(request.POST.get("item", ""))
    if request.method == "POST":
        form, told = _changed(request, key, sent)
        if told:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-supervision:batch", args=[key]))
        found = _one(request, key)
    manages = request.reach.allows("supervision.manage")
    is_mine = found.holder is not None and found.holder.pk == request.user.pk
    context = {
        "batch": found,
        "title": MEANINGS[found.row.kind],
        "form": form,
        "sent": sent,
        "may_work": is_mine and found.row.handed_in_at is None,
        "may_review": manages and not is_mine and found.row.handed_in_at is not None,
    }
    return render(request, "supervision/batch.html", context, status=422 if form.errors else 200)


def _changed(request: Any, key: int, item: int) -> tuple[DeskForm, str]:
    """The form that was sent, and what is said when it was done; "" when it was not."""
    what = request.POST.get("what")
    form: DeskForm
    if what == "review" and request.reach.allows("supervision.manage"):
        form = forms.ReviewForm(request.POST, at=request.at)
    elif what == "said":
        form = forms.SaidForm(request.POST, at=request.at)
    elif what == "hand_in":
        form = DeskForm(request.POST, at=request.at)
    else:
        raise Http404("No such form.")
    if not form.is_valid():
        return form, ""
    given = form.cleaned_data
    try:
        if what == "review":
            row = actions.review(key, item, given["right"], given["feedback"], **_who(request))
            return form, "Kept." if row.is_right else "Kept, and given back to be put right."
        if what == "said":
            actions.said(key, item, given["said"], **_who(request))
            return form, "Kept."
        actions.hand_in(key, **_who(request))
        return form, "Handed in. Somebody looks at a part of it and tells you."
    except NotAllowed as refusal:
        form.add_error("feedback" if what == "review" else None, refusal.why)
        return form, ""


@needs("tasks.work", change="supervision.manage")
def training(request: Any, user: int) -> HttpResponse:
    """How somebody does with each kind of work, what was wrong, and what they were taught."""
    person = next(
        (each for each in queries.juniors(request.organisation.pk, request.at) if each.pk == user), None
    )
    if person is None or not (user == request.user.pk or request.reach.allows("supervision.manage")):
        raise Http404("There is no such record.")
    initial = {"on": local(request.at).date().isoformat()}
    form = forms.TrainForm(request.POST if request.method == "POST" else None, at=request.at, initial=initial)
    if form.is_valid():
        try:
            actions.train(user, **form.cleaned_data, **_who(request))
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, "Recorded.")
            return HttpResponseRedirect(reverse("op-supervision:training", args=[user]))
    context = {
        "person": person,
        "skills": queries.skills(request.organisation.pk, user),
        "wrong": queries.wrong(request.organisation.pk, user),
        "rows": queries.training(request.organisation.pk, user),
        "form": form,
        "may_change": request.reach.allows("supervision.manage") and user != request.user.pk,
    }
    return render(request, "supervision/training.html", context, status=422 if form.errors else 200)


def _one(request: Any, key: int) -> queries.Progress:
    """A batch of one's own, or any for who gives work."""
    try:
        found = queries.one(request.organisation.pk, key, request.at)
    except Batch.DoesNotExist as missing:
        raise Http404(f"There is no batch {key}.") from missing
    is_mine = found.holder is not None and found.holder.pk == request.user.pk
    if not is_mine and not request.reach.allows("supervision.manage"):
        raise Http404(f"There is no batch {key}.")
    return found


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
