"""All indicators at a glance, one of them with its chart, and how each is defined."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from clearway.core.layout.context import rests_on
from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.performance import INDICATORS, OF_PATIENTS, SMALL, Cut, Indicator, Unit
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import sheets

from ..equality import queries as equality
from . import actions, figures, forms, presenters, queries, standing
from .models import Baseline

OF_PEOPLE = "performance.of_people"  # who may see the figures of a single clinician
SHOWN = 5  # insights before the rest is folded away
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs("performance.read")
def overview(request: Any) -> HttpResponse:
    """Every indicator with what its chart shows, and what the figures ask for."""
    unit, names, only = _asked(request)
    found = queries.overview(request.organisation.pk, unit, only, request.at)
    context = {
        **_shared(request, unit, names, only),
        "chapters": presenters.chapters(found),
        "figures": figures.of_series(found, request.at),
        "insights": standing.insights(found, request.organisation.pk, request.at) if not only else (),
        "shown": SHOWN,
        "left_out": [each.name for each in INDICATORS.values() if not set(only) <= each.cuts],
    }
    return render(request, "performance/overview.html", context)


@needs("performance.read", change="performance.manage")
def indicator(request: Any, code: str) -> HttpResponse:
    """One indicator: its chart and table, its groups, its definition; targets and baselines are set here."""
    asked = INDICATORS.get(code)
    if asked is None:
        raise Http404(f"There is no indicator {code!r}.")
    unit, names, only = _asked(request, asked)
    form: DeskForm | None = None
    if request.method == "POST":
        form, said = _act(request, asked, only.get(Cut.SERVICE, ""))
        if said:
            messages.success(request, said)
            return HttpResponseRedirect(request.get_full_path())
    (series,) = queries.overview(request.organisation.pk, unit, only, request.at, [asked])
    by = _by(request, asked)
    context = {
        **_shared(request, unit, names, only),
        "it": asked,
        "row": presenters.row(series),
        "series": series,
        "drawing": presenters.drawing(series),
        "sentence": presenters.sentence(series),
        "points": _points(series),
        "wish": presenters.WISHES[asked.better],
        "by": by,
        "cuts": [cut for cut in Cut if cut in asked.cuts and _may_cut(request, cut)],
        "groups": queries.groups(asked, unit, by, only, request.organisation.pk, request.at),
        "over": queries.GROUPED[unit],
        "areas": f"{equality.count_of_areas(request.organisation.pk):,}" if by is Cut.DEPRIVATION else "",
        "small": SMALL if by in OF_PATIENTS else 0,
        "targets": queries.target_history(code, request.organisation.pk),
        "form": form or DeskForm(at=request.at),
        "may_change": request.reach.allows("performance.manage"),
    }
    return render(request, "performance/indicator.html", context, status=422 if form else 200)


@needs("performance.read")
def definitions(request: Any) -> HttpResponse:
    """How each indicator is counted."""
    context = {
        "chapters": presenters.by_chapter(INDICATORS.values()),
        "wishes": presenters.WISHES,
        "small": SMALL,
    }
    return render(request, "performance/definitions.html", context)


@needs("performance.read")
def as_csv(request: Any) -> HttpResponse:
    """The table of the overview, for a spreadsheet."""
    columns, rows = _figures(request)
    answer = HttpResponse(sheets.write(columns, rows), content_type="text/csv; charset=utf-8")
    return _file(request, answer, "csv")


@needs("performance.read")
def as_workbook(request: Any) -> HttpResponse:
    """The table of the overview, as a workbook."""
    answer = HttpResponse(sheets.workbook("Performance", *_figures(request)), content_type=XLSX)
    return _file(request, answer, "xlsx")


def _figures(request: Any) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the overview, each row with what it rests on."""
    unit, _, only = _asked(request)
    found = queries.overview(request.organisation.pk, unit, only, request.at)
    shown, rests = figures.of_series(found, request.at), rests_on(request.organisation.pk, request.at)
    return [*shown.columns, "sources"], [[*row, rests] for row in shown.rows]


def _file(request: Any, answer: HttpResponse, kind: str) -> HttpResponse:
    name = f"performance-{local(request.at):%Y-%m-%d}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _asked(
    request: Any, of: Indicator | None = None
) -> tuple[Unit, dict[Cut, dict[str, str]], dict[Cut, str]]:
    """By weeks or months; what can be filtered by; and what was."""
    cuts = [cut for cut in forms.FILTERS if _may_cut(request, cut) and (of is None or cut in of.cuts)]
    names = {cut: queries.names_of(cut, request.organisation.pk) for cut in cuts}
    return forms.unit_of(request.GET), names, forms.filters(request.GET, names)


def _may_cut(request: Any, cut: Cut) -> bool:
    return cut is not Cut.CLINICIAN or request.reach.allows(OF_PEOPLE)


def _by(request: Any, asked: Indicator) -> Cut:
    """Into which groups it is broken down: services, where nothing that may be seen is asked for."""
    wanted = request.GET.get("by", "")
    found = next((cut for cut in Cut if cut.value == wanted), Cut.SERVICE)
    return found if found in asked.cuts and _may_cut(request, found) else Cut.SERVICE


def _shared(
    request: Any, unit: Unit, names: Mapping[Cut, Mapping[str, str]], only: Mapping[Cut, str]
) -> dict[str, Any]:
    return {
        "unit": unit,
        "units": list(Unit),
        "names": names,
        "only": only,
        "said": presenters,
        "query": urlencode({"unit": unit.value, **{cut.value: code for cut, code in only.items()}}),
    }


def _points(series: queries.Series) -> list[dict[str, Any]]:
    """The table beside a chart, newest first."""
    nth = {place: number for number, place in enumerate(series.charted)}
    rows = []
    for place, (start, each) in enumerate(zip(series.starts, series.readings, strict=True)):
        limits = series.chart.limits_of(nth[place]) if series.chart and place in nth else None
        rows.append(
            {
                "period": presenters.period(start, series.unit),
                "value": presenters.shown(each.value, series.indicator),
                "counts": presenters.counts(each, series.indicator),
                "mean": presenters.shown(limits.mean, series.indicator) if limits else "–",
                "lower": presenters.shown(max(0.0, limits.lower), series.indicator) if limits else "–",
                "upper": presenters.shown(limits.upper, series.indicator) if limits else "–",
                "icon": presenters.variation_of(series, nth[place]) if place in nth else None,
            }
        )
    return rows[::-1]


def _act(request: Any, asked: Indicator, service: str) -> tuple[DeskForm | None, str]:
    """What was sent, done: (None, what to say), or (the form with its problems, "")."""
    who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    what = request.POST.get("what", "")
    if what == "back":
        return _take_back(request, who)
    form: DeskForm
    if what == "target":
        form = forms.TargetForm(request.POST, indicator=asked, at=request.at)
    elif what == "baseline":
        form = forms.BaselineForm(request.POST, at=request.at)
    else:
        raise Http404("No such form.")
    if not form.is_valid():
        return form, ""
    given = form.cleaned_data
    try:
        if what == "target":
            actions.set_target(
                asked.code, given["value"], given["from_on"], given["why"], service=service, **who
            )
            return None, "The target is set."
        actions.rebase(asked.code, given["on"], given["reason"], service=service, **who)
    except NotAllowed as refusal:
        form.add_error(None, refusal.why)
        return form, ""
    return None, "The limits are drawn anew from that day."


def _take_back(request: Any, who: dict[str, Any]) -> tuple[DeskForm | None, str]:
    key = request.POST.get("key", "")
    if not key.isdecimal() or len(key) > 15:
        raise Http404("No such baseline.")
    try:
        actions.take_back(int(key), **who)
    except Baseline.DoesNotExist:
        raise Http404("No such baseline.") from None
    except NotAllowed as refusal:
        form = DeskForm({}, at=request.at)
        form.add_error(None, refusal.why)
        return form, ""
    return None, "Taken back: the limits are drawn as if it had not been."
