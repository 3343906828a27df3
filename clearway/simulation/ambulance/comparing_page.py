"""A comparison of policies as one HTML page: opens offline, asks nobody, every plot has its table."""

from html import escape
from math import isnan

from clearway.domain.shared.region import Region

from ..shared.report_page import difference, document, number, plot, signed, table
from .comparing import (
    ADVICE,
    MEANING,
    METRICS,
    NEAREST,
    OF_AREAS,
    ORACLE,
    Comparison,
)

COLUMNS = ("lost_15", "wait", "over_60", "C2", "from_scene", "extra", "extra_95", "past")
GUARDS = ("worst_hospital", "worst_area", "worst_area_C2", "gained", "gained_usual")
AREA_WORDS = {
    "lost_15": "Hours lost beyond 15, a day",
    "from_scene": "Minutes from scene to handover",
    "C2": "C2 mean response, min",
    "past": "Taken past the nearest, %",
}


def page(found: Comparison, region: Region) -> str:
    """The whole page."""
    names = {site.code: site.name for site in region.sites}
    areas = {area.code: area.name for area in region.areas}
    title = f"Where to take patients: {region.organisation_name}, {found.regime}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _what(found),
        _answer(found),
        "<h2>Hours lost at hospital</h2>",
        _forest(found, "lost_15"),
        _main_table(found),
        "<h2>C2 response</h2>",
        _forest(found, "C2"),
        "<h2>The patient's way from scene to handover</h2>",
        _forest(found, "from_scene"),
        "<h2>Who pays</h2>",
        _guards(found),
        "<h2>By area</h2>",
        _by_area(found, areas),
        "<h2>By hospital</h2>",
        _by_site(found, names),
        _limits(),
    ]
    return document(title, parts)


def _what(found: Comparison) -> str:
    seeds = len(found.seeds)
    policies = "".join(
        f"<li><strong>{escape(name)}</strong>: {escape(MEANING[name])}</li>" for name in found.policies
    )
    length = "a week" if found.days == 7 else "a day" if found.days == 1 else f"{found.days} days"
    return (
        f"<p>{seeds} times {length} of a simulated region like {escape(found.what)}, seeds"
        f" {found.seeds[0]} to {found.seeds[-1]}, from {found.start:%-d %B %Y}. Every policy met the same"
        " callers, the same lengths of treatment, the same walk-ins and the same planned beds. Differences"
        f" are to <em>{NEAREST}</em> on the same seed; intervals are 95% over seeds.</p><ul>{policies}</ul>"
        f"<p>{_guard(found)}</p>"
    )


def _guard(found: Comparison) -> str:
    others = [name for name in found.policies if name != NEAREST]
    gains = ", ".join(f"{escape(name)} {number(found.level[name]['gained_usual'].mean)}%" for name in others)
    return (
        "The bound is the desk's own (others_share and usual_a_day of the region's policy conveyance_advice):"
        " nobody is taken past the nearest to a department that has had its agreed share of others' patients"
        " of 24 hours, or its agreed load of all. What follows from crews that come free sooner no bound can"
        " hold. Largest gain of load by a hospital over the whole run, of its usual day, mean over seeds:"
        f" {gains or 'nothing was compared'}."
    )


def _answer(found: Comparison) -> str:
    if ADVICE not in found.difference:
        return ""
    lost, before = found.difference[ADVICE]["lost_15"], found.level[NEAREST]["lost_15"].mean
    sure = not isnan(lost.low) and (lost.high < 0 or lost.low > 0)
    words = (
        f"With advice always followed, {before:.0f} hours lost a day become {before + lost.mean:.0f}:"
        f" {signed(lost.mean, 0)} hours ({signed(100 * lost.mean / before, 0)}%)."
    )
    if not sure:
        words += " Over these seeds that difference cannot be told from chance."
    if ADVICE in found.share and ORACLE in found.policies:
        words += f" That is {found.share[ADVICE]:.0%} of what an oracle's forecast would gain."
    return f'<p class="lead">{words}</p>'


def _forest(found: Comparison, metric: str) -> str:
    told = next(each for each in METRICS if each.name == metric)
    rows = [(name, found.difference[name][metric]) for name in found.policies if name != NEAREST]
    before = found.level[NEAREST][metric].mean
    return plot(
        f"{told.words}: difference to nearest, {told.unit}",
        f"Nearest: {number(before)} {told.unit}. Left of the line is better.",
        rows,
        told.unit,
    )


def _main_table(found: Comparison) -> str:
    words = {each.name: f"{each.words}, {each.unit}" for each in METRICS}
    head = "".join(f'<th class="n" scope="col">{escape(words[metric])}</th>' for metric in COLUMNS)
    share = '<th class="n" scope="col">Share of the oracle\'s gain</th>' if found.share else ""
    rows = []
    for name in found.policies:
        cells = "".join(_cell(found, name, metric) for metric in COLUMNS)
        if found.share:
            cells += f'<td class="n">{found.share[name]:.0%}</td>'
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    caption = "Means over seeds; below each, the difference to nearest with its 95% interval"
    return table(caption, f'<th scope="col">Policy</th>{head}{share}', rows)


def _guards(found: Comparison) -> str:
    words = {each.name: f"{each.words}, {each.unit}" for each in METRICS}
    head = "".join(f'<th class="n" scope="col">{escape(words[metric])}</th>' for metric in GUARDS)
    rows = [
        f'<tr><th scope="row">{escape(name)}</th>{"".join(_cell(found, name, m) for m in GUARDS)}</tr>'
        for name in found.policies
    ]
    caption = "A policy that helps on average must not do it at the cost of one hospital or one area"
    return table(caption, f'<th scope="col">Policy</th>{head}', rows)


def _cell(found: Comparison, name: str, metric: str) -> str:
    level = number(found.level[name][metric].mean)
    below = "" if name == NEAREST else f"<small>{difference(found.difference[name][metric])}</small>"
    return f'<td class="n">{level}{below}</td>'


def _by_area(found: Comparison, areas: dict[str, str]) -> str:
    name = ADVICE if ADVICE in found.by_area else next((each for each in found.by_area), None)
    if name is None:
        return "<p>Nothing was compared.</p>"
    order = sorted(found.area_level, key=lambda area: found.by_area[name][area]["lost_15"].mean)
    rows = [(areas.get(area, area), found.by_area[name][area]["from_scene"]) for area in order]
    drawn = plot(
        f"Patient minutes from scene to handover under {name}: difference to nearest, by area",
        "An area is where the patient was. Left of the line is better.",
        rows,
        "min",
    )
    body = []
    for area in order:
        cells = "".join(
            f'<td class="n">{number(found.area_level[area][metric])}'
            f"<small>{difference(found.by_area[name][area][metric])}</small></td>"
            for metric in OF_AREAS
        )
        body.append(f'<tr><th scope="row">{escape(areas.get(area, area))}</th>{cells}</tr>')
    head = "".join(f'<th class="n" scope="col">{AREA_WORDS[metric]}</th>' for metric in OF_AREAS)
    said = (
        "<p>A destination can only be chosen where there is another one in reach. Where next to nobody is"
        " taken past the nearest, what an area gains it gains from crews that come free sooner elsewhere.</p>"
    )
    caption = f"Under nearest; below each, the difference under {name}"
    return said + drawn + table(caption, f'<th scope="col">Area</th>{head}', body)


def _by_site(found: Comparison, names: dict[str, str]) -> str:
    compared = ADVICE if ADVICE in found.by_site else found.policies[-1]
    before, after = found.by_site[NEAREST], found.by_site[compared]
    rows = []
    for code in sorted(before, key=lambda each: -before[each][1]):
        (was, waited), (now, waits) = before[code], after[code]
        if was < 1:
            continue
        rows.append(
            f'<tr><th scope="row">{escape(names.get(code, code))}</th>'
            f'<td class="n">{was:.0f}</td><td class="n">{now:.0f}</td>'
            f'<td class="n">{signed(100 * (now / was - 1), 0)}%</td>'
            f'<td class="n">{waited:.0f}</td><td class="n">{waits:.0f}</td></tr>'
        )
    head = '<th scope="col">Hospital</th>' + "".join(
        f'<th class="n" scope="col">{words}</th>'
        for words in (
            "Ambulances a day, nearest",
            f"the same, {escape(compared)}",
            "Change",
            "Mean handover, nearest, min",
            f"the same, {escape(compared)}",
        )
    )
    return table("Longest waits first; means over seeds", head, rows)


def _limits() -> str:
    return (
        "<h2>What this is not</h2><ul>"
        "<li>A simulation, fitted to published months (see the reference page on the simulator). Its"
        " departments' bays, nurses and beds are assumed; no hospital's plan was read.</li>"
        "<li>Journeys follow a curve of distance with chance about it, the same for the world and the advice:"
        " the advice's own travel errors are not in these figures.</li>"
        "<li>Children and the share of adults whom a specialist rule binds are moved by no policy. Those whom"
        " sepsis, an airway or a bleed binds to the nearest are not drawn: the true benefit is smaller.</li>"
        "<li>The feed is perfect here: late and missing presses would cost some of the benefit.</li>"
        "<li>Nobody's safety is measured by it.</li></ul>"
    )
