"""Who covers what in the office, who is away, and leave asked for and decided."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.cover import Away
from clearway.domain.shared.errors import NotAllowed

from . import actions, forms, presenters, queries
from .models import Absence, OfficePost

KINDS = [
    (each.value, each.meaning[:1].upper() + each.meaning[1:]) for each in Away if each is not Away.SICKNESS
]


@needs("office.read", change="cover.manage")
def cover(request: Any) -> HttpResponse:
    """Every post for two weeks, gaps first; naming who stands in."""
    people = _people(request)
    form = forms.StandInForm(_sent(request), at=request.at, people=people)
    if form.is_valid():
        given = form.cleaned_data
        try:
            actions.stand_in(given["post"], given["on"], given["user"], **_who(request))
        except (NotAllowed, OfficePost.DoesNotExist) as refusal:
            form.add_error("user", getattr(refusal, "why", "This post was ended. Look at the plan again."))
        else:
            messages.success(request, "Named.")
            return HttpResponseRedirect(reverse("op-cover:cover"))
    today = local(request.at).date()
    days = queries.days(today)
    posts = queries.posts(request.organisation.pk)
    places = queries.plan(request.organisation.pk, days)
    rows = presenters.table(posts, places, days, dict(people))
    context = {
        "days": [on for on in days if any(place.on == on for place in places)],
        "rows": rows,
        "gaps": sorted(
            ((cell.on, row) for row in rows for cell in row.cells if cell.is_gap), key=lambda gap: gap[0]
        ),
        "today": today,
        "form": form,
        "people": people,
        "away": [
            (row, presenters.days_of(row), presenters.kind_of(row))
            for row in queries.absences(request.organisation.pk, today)
            if row.decided and row.starts_on <= days[-1]
        ],
        "may_change": request.reach.allows("cover.manage"),
    }
    return render(request, "cover/cover.html", context, status=422 if form.errors else 200)


@needs("cover.manage")
def posts(request: Any) -> HttpResponse:
    """The posts: what is covered on which days, who holds it and who is the deputy."""
    people = _people(request)
    is_end = request.POST.get("what") == "end"
    form = forms.PostForm(None if is_end else _sent(request), at=request.at, people=people)
    if is_end or form.is_valid():
        try:
            if is_end:
                actions.end_post(_number(request.POST.get("key", "")), **_who(request))
            else:
                actions.enter_post(form.wanted(), **_who(request))
        except OfficePost.DoesNotExist as missing:
            raise Http404("There is no such post.") from missing
        except NotAllowed as refusal:
            form.add_error(None, refusal.why) if form.is_bound else messages.error(request, refusal.why)
        else:
            messages.success(request, "Ended." if is_end else "Entered.")
            return HttpResponseRedirect(reverse("op-cover:posts"))
    rows = [(row, presenters.weekdays(row)) for row in queries.posts(request.organisation.pk)]
    weekdays = [(str(number), name) for number, name in enumerate(forms.WEEKDAYS, 1)]
    context = {"rows": rows, "form": form, "people": people, "weekdays": weekdays}
    return render(request, "cover/posts.html", context, status=422 if form.errors else 200)


@needs("office.read", change="cover.ask")
def away(request: Any) -> HttpResponse:
    """Who is or will be away; asking for leave of one's own, and entering that somebody is ill."""
    people, today = _people(request), local(request.at).date()
    may_manage = request.reach.allows("cover.manage")
    is_sick = request.POST.get("what") == "sick"
    if is_sick and not may_manage:
        raise Http404("No such form.")
    ask = forms.AskForm(None if is_sick else _sent(request), at=request.at)
    sick = forms.SickForm(
        _sent(request) if is_sick else None,
        at=request.at,
        people=people,
        initial={"until": today.isoformat()},
    )
    form = sick if is_sick else ask
    if form.is_valid():
        try:
            told = _taken(request, sick) if is_sick else _asked(request, ask)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-cover:away"))
    names = {row.pk: row.name for row in queries.posts(request.organisation.pk)}
    context = {
        "rows": [_line(request, row, names) for row in queries.absences(request.organisation.pk, today)],
        "form": form,
        "ask": ask,
        "sick": sick,
        "kinds": KINDS,
        "people": people,
        "today": today,
        "may_ask": request.reach.allows("cover.ask"),
        "may_manage": may_manage,
    }
    return render(request, "cover/away.html", context, status=422 if form.errors else 200)


@needs("cover.ask")
def decide(request: Any, key: int) -> HttpResponse:
    """Grant or refuse leave, withdraw one's own, or say that somebody is back."""
    row = Absence.objects.filter(pk=key, organisation_id=request.organisation.pk).first()
    if row is None:
        raise Http404("There is no such leave.")
    if request.method != "POST":  # who signs in again after a refusal comes back here
        return HttpResponseRedirect(reverse("op-cover:away"))
    what, is_own = request.POST.get("what"), row.user_id == request.user.pk
    try:
        if what in ("grant", "refuse") and request.reach.allows("cover.decide"):
            actions.decide(key, what == "grant", **_who(request))
        elif what == "withdraw" and (is_own or request.reach.allows("cover.manage")):
            actions.withdraw(key, **_who(request))
        elif what == "back" and request.reach.allows("cover.manage"):
            actions.back(key, **_who(request))
        else:
            raise Http404("There is no such form.")
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
    else:
        messages.success(request, "Kept.")
    return HttpResponseRedirect(reverse("op-cover:away"))


def _asked(request: Any, form: forms.AskForm) -> str:
    actions.ask(form.wanted(request.user.pk), **_who(request))
    return "Asked for. The team leader decides."


def _taken(request: Any, form: forms.SickForm) -> str:
    done = actions.sick(form.cleaned_data["user"], form.cleaned_data["until"], **_who(request))
    given = ", ".join(f"{count} to {name}" for name, count in done.given.items()) or "none was open"
    said = f"Entered. Open tasks: {given}. Posts of today covered by others: {done.posts}."
    if done.empty:
        said += f" Posts of today without anybody: {done.empty}."
    if done.kept:
        said += f" {done.kept} could not be given away; see the worklist."
    return said


def _line(request: Any, row: Absence, posts: dict[int, str]) -> dict[str, Any]:
    today = local(request.at).date()
    is_own, may_manage = row.user_id == request.user.pk, request.reach.allows("cover.manage")
    sees_why = is_own or may_manage
    return {
        "row": row,
        "days": presenters.days_of(row),
        "kind": presenters.kind_of(row) if sees_why else "away",
        "words": row.words if sees_why else "",
        "uncovered": presenters.uncovered(queries.gaps_made(row), posts) if row.decided is None else "",
        "may_decide": row.decided is None and not is_own and request.reach.allows("cover.decide"),
        "may_withdraw": (is_own or may_manage) and row.starts_on > today,
        "may_be_back": may_manage and row.decided is True and row.starts_on <= today <= row.ends_on,
    }


def _people(request: Any) -> list[tuple[int, str]]:
    return [(each.pk, str(each)) for each in queries.staff(request.organisation.pk, request.at)]


def _sent(request: Any) -> Any:
    return request.POST if request.method == "POST" else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
