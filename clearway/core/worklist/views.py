"""The worklist, a task with its history, what can be done with it, and the alarm budget."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.domain.shared.errors import NotAllowed

from ..layout.times import local
from ..live.queries import newest_push
from ..people import queries as people
from ..people.permissions import needs
from . import actions, forms, presenters, queries
from .models import Task

Request = Any


@needs("tasks.read")
def worklist(request: Request) -> HttpResponse:
    """Every open task, by priority and site; `?mine=1` keeps those for the roles held now."""
    mine = frozenset(request.roles) if request.GET.get("mine") else None
    live_after = newest_push()
    tasks = queries.open_tasks(request.organisation.pk, request.reach.sites)
    context = {
        "worklist": presenters.worklist(tasks, request.at, mine),
        "mine": mine is not None,
        "may_work": request.reach.allows("tasks.work"),
        "live_topics": "tasks feeds",
        "live_after": live_after,
    }
    return render(request, "worklist/worklist.html", context)


@needs("tasks.read")
def closed(request: Request) -> HttpResponse:
    """What was closed in the last hour: nothing vanishes without a trace."""
    tasks = queries.closed_lately(request.organisation.pk, request.at, request.reach.sites)
    lines = [(presenters.line(task, request.at), task) for task in tasks]
    return render(request, "worklist/closed.html", {"lines": lines})


@needs("tasks.read")
def task(request: Request, key: int) -> HttpResponse:
    """One task: what, why, since when, what to do, whose it is, and its history."""
    return _task_page(request, _get(request, key))


@needs("budget.read")
def budget(request: Request) -> HttpResponse:
    """How the alarm budget was kept over the last 24 hours."""
    organisation_id = request.organisation.pk
    measured = queries.budget(organisation_id, request.at)
    context = {
        "budget": measured,
        "measures": presenters.measures(measured, queries.limits(organisation_id, local(request.at).date())),
        "rules": [(presenters.rule_name(code), count) for code, count in measured.by_rule],
    }
    return render(request, "worklist/budget.html", context)


@needs("tasks.work")
def new(request: Request) -> HttpResponse:
    """Raise a task by hand."""
    organisation, reach = request.organisation, request.reach
    data = request.POST if request.method == "POST" else None
    form = forms.NewTaskForm(data, at=request.at, organisation=organisation, initial={"priority": 3})
    if form.is_valid():
        given = form.cleaned_data
        if not reach.allows_site(given["site"].code if given["site"] else None):
            form.add_error("site", "Choose your own site")
        else:
            made = actions.raise_by_hand(actions.ByHand(**given), _policy(request), **_who(request))
            return HttpResponseRedirect(reverse("tasks:task", args=[made.pk]))
    sites = [site for site in organisation.sites.exclude(kind="station") if reach.allows_site(site.code)]
    context = {
        "form": form,
        "roles": forms.NewTaskForm.base_fields["role"].choices,  # type: ignore[attr-defined]
        "sites": [(site.code, site.name) for site in sites],
    }
    return render(request, "worklist/new.html", context, status=422 if form.errors else 200)


@needs("tasks.work")
@require_POST
def acknowledge(request: Request, key: int) -> HttpResponse:
    form = forms.TaskForm(request.POST, at=request.at)
    return _act(request, key, form, lambda shown, given: actions.acknowledge(shown, **_by(request)))


@needs("tasks.work")
@require_POST
def answer(request: Request, key: int) -> HttpResponse:
    form = forms.AnswerForm(request.POST, at=request.at)
    return _act(
        request, key, form, lambda shown, given: actions.answer(shown, given["answer"], **_by(request))
    )


@needs("tasks.work")
@require_POST
def shelve(request: Request, key: int) -> HttpResponse:
    form = forms.ShelveForm(request.POST, at=request.at)
    return _act(
        request,
        key,
        form,
        lambda shown, given: actions.shelve(
            shown, given["minutes"], given["shelve_reason"], _policy(request), **_by(request)
        ),
    )


@needs("tasks.work")
@require_POST
def unshelve(request: Request, key: int) -> HttpResponse:
    form = forms.TaskForm(request.POST, at=request.at)
    return _act(
        request, key, form, lambda shown, given: actions.unshelve(shown, _policy(request), **_by(request))
    )


@needs("tasks.work")
@require_POST
def escalate(request: Request, key: int) -> HttpResponse:
    form = forms.EscalateForm(request.POST, at=request.at)
    return _act(
        request,
        key,
        form,
        lambda shown, given: actions.escalate(
            shown, given["to"], given["escalate_reason"], _policy(request), **_by(request)
        ),
    )


@needs("tasks.work")
@require_POST
def assign(request: Request, key: int) -> HttpResponse:
    candidates = people.may_be_asked(request.organisation.pk, request.at)
    form = forms.AssignForm(request.POST, at=request.at, people=candidates)
    return _act(
        request, key, form, lambda shown, given: actions.assign(shown, given["owner"], **_by(request))
    )


def _act(
    request: Request, key: int, form: forms.TaskForm, do: Callable[[actions.Shown, dict[str, Any]], Task]
) -> HttpResponse:
    """Do one thing to a task; whatever goes wrong, what was typed is shown again."""
    current = _get(request, key)
    if not form.is_valid():
        return _task_page(request, current, form, status=422)
    shown = actions.Shown(key, form.cleaned_data["version"], request.organisation.pk)
    try:
        do(shown, form.cleaned_data)
    except actions.ChangedMeanwhile:
        why = "Somebody changed this task while you looked at it. Nothing was done. Look again, then decide"
        current = _get(request, key)
        both = presenters.clashes(current, form.cleaned_data)
        return _task_page(request, current, form, problem=why, status=409, both=both)
    except NotAllowed as refusal:
        return _task_page(request, _get(request, key), form, problem=refusal.why, status=409)
    back = request.POST.get("back")
    return HttpResponseRedirect(
        reverse("tasks:worklist") if back == "list" else reverse("tasks:task", args=[key])
    )


def _get(request: Request, key: int) -> Task:
    try:
        return queries.task(request.organisation.pk, key, request.reach.sites)
    except Task.DoesNotExist:
        raise Http404 from None


def _task_page(
    request: Request,
    task: Task,
    form: forms.TaskForm | None = None,
    problem: str = "",
    status: int = 200,
    both: Sequence[tuple[str, str, str]] = (),
) -> HttpResponse:
    form = form or forms.TaskForm(at=request.at, initial={})
    rota = people.rota(request.organisation.pk, request.at)
    asked = people.may_be_asked(request.organisation.pk, request.at)
    context = {
        "task": task,
        "line": presenters.line(task, request.at),
        "form": form,
        "problem": problem,
        "both": both,
        "history": presenters.history(queries.history(request.organisation.pk, task.pk)),
        "escalations": presenters.choices_of_escalation(task, rota),
        "people": [(user.username, user.display_name) for user in asked],
        "may_work": request.reach.allows("tasks.work") and task.closed_at is None,
        "may_answer": queries.may_answer(task, request.user.pk, request.at),
    }
    return render(request, "worklist/task.html", context, status=status)


def _policy(request: Request) -> Any:
    return queries.policy(request.organisation.pk, local(request.at).date())


def _by(request: Request) -> dict[str, Any]:
    return {"by": request.actor, "at": request.at}


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, **_by(request)}
