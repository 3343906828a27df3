"""Pages of the texts of letters: versions, what changed, the check, a preview, and approval."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from clearway.core import clashes
from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients import plain_english
from clearway.domain.outpatients.letters import (
    APPLIES,
    Audience,
    Field,
    Kind,
    NotKnown,
    What,
    all_fields,
    fields,
    passage_fields,
    style_of,
)
from clearway.domain.outpatients.messages import FIELDS as OF_MESSAGES
from clearway.domain.outpatients.messages import example
from clearway.domain.shared.errors import CannotParse, NotAllowed

from . import actions, forms, presenters, queries
from .making import preview as as_it_would_be
from .models import LetterText

Request = Any


@needs("letters.read")
def texts(request: Request) -> HttpResponse:
    """Every text with the version in force, and those that wait for somebody."""
    rows = queries.texts(request.organisation.pk)
    waiting = [each for each in rows if each.state != LetterText.State.APPROVED]
    order = {"letter": 0, "message": 1, "instructions": 2, "language": 3}
    there = [each for each in rows if each.state == LetterText.State.APPROVED]
    there.sort(key=lambda each: (order[each.what], each.place, each.code))
    context = {
        "waiting": [presenters.text_row(each) for each in waiting],
        "rows": [presenters.text_row(each) for each in there],
    }
    return render(request, "letters/texts.html", context)


@needs("letters.read")
@require_GET
def text(request: Request, key: int) -> HttpResponse:
    """One version: what it says, what it changes, what the check says, and who approved it."""
    return _shown(request, _text(request, key))


@needs("letters.write")
@require_POST
def ask(request: Request, key: int) -> HttpResponse:
    """The author has read what the check says, and gives the text to the clinical lead."""
    return _step(request, key, forms.NothingForm, _ask)


@needs("letters.approve")
@require_POST
def decide(request: Request, key: int) -> HttpResponse:
    """The clinical lead approves a version, or sends it back with what is to change."""
    if request.POST.get("what") == "back":
        return _step(request, key, forms.ReasonForm, _back)
    return _step(request, key, forms.ApproveForm, _approve)


Step = Callable[[LetterText, dict[str, Any], dict[str, Any]], str]


def _step(request: Request, key: int, make: type[DeskForm], act: Step) -> HttpResponse:
    row = _text(request, key)
    form = make(request.POST, at=request.at)
    if form.is_valid():
        try:
            said = act(row, form.cleaned_data, _who(request))
        except (NotAllowed, CannotParse) as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(reverse("op-letters:text", args=[key]))
    return _shown(request, row, form)


def _ask(row: LetterText, said: dict[str, Any], who: dict[str, Any]) -> str:
    actions.ask_for_approval(row.pk, **who)
    return "Checked. It waits for the clinical lead."


def _back(row: LetterText, said: dict[str, Any], who: dict[str, Any]) -> str:
    actions.send_back(row.pk, said["reason"], **who)
    return "Sent back to its author."


def _approve(row: LetterText, said: dict[str, Any], who: dict[str, Any]) -> str:
    actions.approve(row.pk, said["valid_from"], **who)
    return f"Approved, in force from {said['valid_from']:%-d %b %Y}."


def _shown(request: Request, row: LetterText, wrong: DeskForm | None = None) -> HttpResponse:
    versions = queries.versions(request.organisation.pk, row.code)
    before = next((each for each in versions if each.version < row.version), None)
    is_mine = row.made_by == request.actor.name
    context = {
        "text": row,
        "row": presenters.text_row(row),
        "name": presenters.text_name(row),
        "applies": presenters.applies(row) if row.what == "instructions" else "",
        "versions": [presenters.text_row(each) for each in versions],
        "before": before,
        "difference": presenters.difference(before, row),
        "reading": _reading(row),
        "wrong": wrong,
        "today": local(request.at).date(),
        "may_write": request.reach.allows("letters.write"),
        "may_approve": request.reach.allows("letters.approve") and not is_mine,
        "is_mine": is_mine,
        "is_newest": row.pk == versions[0].pk,
    }
    return render(request, "letters/text.html", context, status=422 if wrong else 200)


@needs("letters.write")
def edit(request: Request, key: int) -> HttpResponse:
    """Write the next version of a text, with the check beside it."""
    row = _text(request, key)
    shown = {
        "title": row.title,
        "body": row.body,
        **{f"to_{name}": " ".join(row.applies.get(name, ())) for name in APPLIES},
    }
    form = forms.TextForm(request.POST if request.method == "POST" else None, at=request.at, initial=shown)
    findings = row.findings
    if form.is_valid():
        written = form.written()
        try:
            if request.POST.get("what") == "check":
                findings = actions.check_written(row, written)
                return _edit(request, row, form, findings, checked=True)
            seen = clashes.unseal(request.POST.get("seen", ""), actions.WRITING, f"text {row.code}")
            made = actions.write_version(row.code, written, seen=seen, **_who(request))
        except clashes.ChangedMeanwhile as refusal:
            form.add_error(None, refusal.why)
            return _edit(request, row, form, findings, refusal=refusal)
        except CannotParse as refusal:
            field = refusal.where.partition(",")[0]
            message = f"{refusal.where[:1].upper()}{refusal.where[1:]}: {refusal.why} {refusal.fix}"
            form.add_error({"subject": "title"}.get(field, field), message)
        except NotAllowed as refusal:
            form.add_error("note", refusal.why)
        else:
            messages.success(request, f"Version {made.version} is saved as a draft.")
            return HttpResponseRedirect(reverse("op-letters:text", args=[made.pk]))
    return _edit(request, row, form, findings)


def _edit(
    request: Request,
    row: LetterText,
    form: DeskForm,
    findings: list[dict[str, str]],
    checked: bool = False,
    refusal: clashes.ChangedMeanwhile | None = None,
) -> HttpResponse:
    """refusal  what somebody else wrote meanwhile, where the form is shown again with it"""
    context = {
        "seen": clashes.opened(request.POST, actions.says(row), f"text {row.code}", refusal),
        "both": presenters.clashes(refusal.clashes if refusal else ()),
        "text": row,
        "name": presenters.text_name(row),
        "form": form,
        "fields": [(name, each.says, each.example) for name, each in _fields(row).items()],
        "takes_more": row.what == "letter" and row.audience == Audience.PATIENT,
        "findings": findings,
        "checked": checked,
    }
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "letters/edit.html", context, status=status)


def _fields(row: LetterText) -> Mapping[str, Field]:
    """What may be filled in here."""
    if row.what == What.LETTER:
        return fields(Kind(row.kind), Audience(row.audience))
    if row.what == What.MESSAGE:
        return {name: Field(says, shown) for name, (says, shown) in OF_MESSAGES.items()}
    every = all_fields()
    return {name: every[name] for name in passage_fields(What(row.what))}


def _reading(row: LetterText) -> plain_english.Reading | None:
    """What the check says; it reads English alone."""
    return None if row.language else plain_english.check(row.body, style_of(row.what, row.style))


@needs("letters.read")
def preview(request: Request, key: int) -> HttpResponse:
    """A version with the particulars of a real patient, beside what the check says. The look is recorded."""
    row = _text(request, key)
    if row.what == What.MESSAGE:
        context = {
            "text": row,
            "name": presenters.text_name(row),
            "reading": _reading(row),
            "example": example(row.body),
            "subject": example(row.title) if row.style == "email" else "",
        }
        return render(request, "letters/preview_message.html", context)
    number = request.GET.get("number", "").strip()[:20]
    kind = row.kind or Kind.CONFIRMATION.value
    letter = queries.some_patient(request.organisation.pk, kind, number)
    page, problem = None, ""
    if letter is None:
        problem = f"Nobody is known for such a letter: {number or 'no number'}."
    else:
        actions.look([letter.patient_id], "letter-preview", **_who(request))
        try:
            page = as_it_would_be(letter, row, request.at)
        except NotKnown as missing:
            problem = str(missing)
    context = {
        "text": row,
        "name": presenters.text_name(row),
        "page": page,
        "problem": problem,
        "number": number or (letter.patient.number if letter else ""),
        "patient": str(letter.patient) if letter else "",
        "reading": _reading(row),
    }
    return render(request, "letters/preview.html", context, status=422 if problem and number else 200)


def _text(request: Request, key: int) -> LetterText:
    try:
        return queries.text(key, request.organisation.pk)
    except queries.TextNotThere as missing:
        raise Http404(f"There is no text {key}.") from missing


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
