"""A comparison of a department's policies as one HTML page: opens offline, every plot has its table."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from math import isnan

from clearway.domain.outpatients.recycling import BANDS

from ..shared.estimating import Estimate
from ..shared.report_page import difference, document, number, plot, table
from .comparing import METRICS, OF_GROUPS, Comparison
from .effects import STRONG, WEAK, Effects
from .people_waiting import GROUPS
from .policies import MEANING, NOBODY, PLAN

OFFERS = ("gross", "net", "sooner", "disappointed", "asked")
WAITS = ("missed", "used", "attended", "wait", "wait_90", "breaches", "urgent", "waiting")
WORDS = {each.name: each for each in METRICS}


def page(found: Comparison, name_of_region: str) -> str:
    """The whole page."""
    title = f"How to run the department: {name_of_region}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _what(found),
        _answer(found),
        "<h2>Freed slots</h2>",
        _forest(found, "net"),
        _by_notice(found),
        _figures(found, OFFERS, "Freed slots and who was asked"),
        "<h2>Visits missed</h2>",
        _forest(found, "missed"),
        "<h2>Waits</h2>",
        _forest(found, "wait"),
        _figures(found, WAITS, "Visits and waits"),
        "<h2>Who gains and who pays</h2>",
        _groups(found),
        _assumed(),
    ]
    return document(title, parts)


def _what(found: Comparison) -> str:
    policies = "".join(
        f"<li><strong>{escape(name)}</strong>: {escape(MEANING[name])}</li>" for name in found.policies
    )
    return (
        f"<p>{len(found.seeds)} times {found.days} days of a simulated department, seeds {found.seeds[0]} to"
        f" {found.seeds[-1]}, from {found.start:%-d %B %Y}, after four weeks that are not counted. Every"
        " policy met the same referrals and people; the same booking of the same person is cancelled, missed"
        " and answered alike. Differences are to the <em>plan</em> on the same seed; intervals are 95% over"
        f" seeds.</p><ul>{policies}</ul>"
    )


def _answer(found: Comparison) -> str:
    level, before = found.level[PLAN], found.difference[NOBODY]["net"]
    gain = replace(before, mean=-before.mean, low=-before.high, high=-before.low)
    words = (
        f"Under the plan {level['net'].mean:.0f}% of freed slots were filled and attended:"
        f" {difference(gain)} points against asking nobody."
    )
    if isnan(gain.low) or gain.low <= 0 <= gain.high:
        words += " Over these seeds that difference cannot be told from chance."
    return f'<p class="lead">{words}</p>'


def _forest(found: Comparison, metric: str) -> str:
    told = WORDS[metric]
    rows = [(name, found.difference[name][metric]) for name in found.policies if name != PLAN]
    side = "Right" if told.better > 0 else "Left"
    return plot(
        f"{told.words}: difference to the plan, {told.unit}",
        f"Plan: {number(found.level[PLAN][metric].mean)} {told.unit}. {side} of the line is better.",
        rows,
        told.unit,
        better=told.better,
    )


def _by_notice(found: Comparison) -> str:
    head = "".join(
        f'<th class="n" scope="col">{escape(band.name)}: freed, filled, attended</th>' for band in BANDS
    )
    rows = []
    for name in found.policies:
        cells = "".join(
            f'<td class="n">{freed:.0f}<small>{filled:.0f}%, {kept:.0f}%</small></td>'
            for freed, filled, kept in (found.bands[name][band.name] for band in BANDS)
        )
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    return table(
        "By notice: slots freed in a run, and of them filled, and filled and attended",
        f'<th scope="col">Policy</th>{head}',
        rows,
    )


def _figures(found: Comparison, metrics: Sequence[str], caption: str) -> str:
    head = "".join(
        f'<th class="n" scope="col">{escape(words)}</th>'
        for words in (f"{WORDS[m].words}{', ' + WORDS[m].unit if WORDS[m].unit else ''}" for m in metrics)
    )
    rows = [
        f'<tr><th scope="row">{escape(name)}</th>{"".join(_cell(found, name, m) for m in metrics)}</tr>'
        for name in found.policies
    ]
    return table(
        f"{caption}; below each, the difference to the plan with its 95% interval",
        f'<th scope="col">Policy</th>{head}',
        rows,
    )


def _cell(found: Comparison, name: str, metric: str) -> str:
    level = number(found.level[name][metric].mean)
    if name == PLAN:
        return f'<td class="n">{level}</td>'
    each: Estimate = found.difference[name][metric]
    return f'<td class="n">{level}<small>{difference(each)}</small></td>'


def _groups(found: Comparison) -> str:
    head = "".join(f'<th class="n" scope="col">{escape(group)}</th>' for group in GROUPS)
    tables = []
    for place, words in enumerate(OF_GROUPS):
        rows = []
        for name in found.policies:
            cells = []
            for group in GROUPS:
                below = ""
                if place == 0 and name != PLAN:
                    below = f"<small>{difference(found.group_wait[name][group])}</small>"
                cells.append(f'<td class="n">{number(found.by_group[name][group][place])}{below}</td>')
            rows.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>')
        tables.append(table(f"{words}, by group of patients", f'<th scope="col">Policy</th>{head}', rows))
    return (
        "<p>Far: their service has no clinic at the hospital nearest to them. No texts: they are rung. One"
        " person may be in several groups.</p>" + "".join(tables)
    )


def _assumed() -> str:
    effects = Effects()
    return (
        "<h2>What went in, and what this is not</h2><ul>"
        f"<li>What reminders do was put in, and is no result: the risk of missing a visit times"
        f" {effects.reminded:g} for a text days before (published: {STRONG.reminded:g} to {WEAK.reminded:g}),"
        f" {effects.again:g} for one more the day before, {effects.called:g} for a call. The rates of the"
        " pack are taken for those of people whom nobody reminds.</li>"
        "<li>How people answer offers is assumed: nobody has published it for departments like this. The"
        " levels of fill stand and fall with it; the order of the strategies less so.</li>"
        "<li>The department is invented: volumes, cancellations and clinics are those of the pack. Classes"
        " and whole days of leave are left out.</li>"
        "<li>Slots that were kept for the urgent are offered when they are let go, which the desk does not do"
        " by itself.</li>"
        "<li>Nobody's safety is measured by it.</li></ul>"
    )
