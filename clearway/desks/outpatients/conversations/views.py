"""Conversations by text: those that wait for a person, and one with all that was said."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.messages import MOST_TEXT, Channel
from clearway.domain.outpatients.replies import Act
from clearway.domain.shared.errors import NotAllowed

from ..waiting import queries as waiting
from . import actions, forms, presenters, queries

Request = Any
FORMS: dict[str, type[DeskForm]] = {
    "reply": forms.ReplyForm,
    "settle": forms.SettleForm,
    "choose": forms.ChooseForm,
}


@needs("conversations.read")
def register(request: Request) -> HttpResponse:
    """What waits for a person, the oldest first, and what the last day brought."""
    organisation_id = request.organisation.pk
    rows = queries.waiting(organisation_id)
    since = waiting.midnight(local(request.at).date())
    answers = queries.recent(organisation_id, since)
    actions.look({each.pk for each in rows} | {each.conversation_id for each in answers}, **_who(request))
    context = {
        "rows": presenters.waiting(rows, request.at),
        "answers": answers,
        "is_connected": Channel.TEXT in settings.NOTIFY_TEMPLATES,
    }
    return render(request, "conversations/register.html", context)


@needs("conversations.read", change="conversations.answer")
def conversation(request: Request, key: int) -> HttpResponse:
    """One conversation: what was said, and what a person does about it."""
    form, problem = None, ""
    if request.method == "POST":
        form = FORMS.get(request.POST.get("what", ""), forms.ReplyForm)(request.POST, at=request.at)
        if form.is_valid():
            try:
                said = _act(request, key, form)
            except NotAllowed as refusal:
                problem = refusal.why
            else:
                messages.success(request, said)
                return HttpResponseRedirect(reverse("op-conversations:conversation", args=[key]))
    row = _row(request, key)
    actions.look([key], **_who(request))
    lines = queries.thread(key)
    open_ = [line.answer for line in lines if line.answer is not None and line.answer.done_at is None]
    context = {
        "row": row,
        "who": presenters.who(open_[-1] if open_ else None, row),
        "patient": _patient(row, open_),
        "visit": presenters.visit(row),
        "appointment": row.question.appointment if row.question else None,
        "thread": presenters.thread(lines),
        "waits": bool(row.waits_since),
        "choices": presenters.CHOICES if open_ else (),
        "suggested": open_[-1].meaning if open_ else "",
        "form": form or forms.ReplyForm(at=request.at),
        "problem": problem,
        "most": MOST_TEXT,
        "may_answer": request.reach.allows("conversations.answer"),
        "is_connected": Channel.TEXT in settings.NOTIFY_TEMPLATES,
    }
    status = 422 if problem or (form is not None and form.errors) else 200
    return render(request, "conversations/conversation.html", context, status=status)


def _act(request: Request, key: int, form: DeskForm) -> str:
    """Raises NotAllowed."""
    given = form.cleaned_data
    try:
        if isinstance(form, forms.SettleForm):
            actions.settle(key, given["how"], **_who(request))
            return "Kept as a contact. It waits no more."
        if isinstance(form, forms.ChooseForm):
            chosen = Act(given["act"]) if given["act"] in list(Act) else Act.PERSON
            actions.choose(key, chosen, **_who(request))
            return f"{presenters.seen_to(chosen)}. The patient is told by text."
        actions.reply(key, given["words"], **_who(request))
    except queries.NotThere:
        raise Http404("No such conversation.") from None
    return "Your answer leaves in a few seconds."


def _patient(row: Any, open_: list[Any]) -> Any:
    if open_ and open_[-1].patient is not None:
        return open_[-1].patient.stands
    return row.question.patient.stands if row.question and row.question.patient else None


def _row(request: Request, key: int) -> Any:
    try:
        return queries.one(key, request.organisation.pk)
    except queries.NotThere:
        raise Http404("No such conversation.") from None


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
