"""Hold the simulator against published figures, and search for the parameters that bring them out.

    python bench/simulation_fit.py south-west                     every regime beside its month
    python bench/simulation_fit.py south-west --write             the same into docs/reference/simulation.md
    python bench/simulation_fit.py south-west --head              what failed, anew, from the page's figures
    python bench/simulation_fit.py south-west --search severe     better departments for one regime

The first runs the whole region, several seeds each. The search runs its departments alone on the patients
that simulation.toml says they get, which is many times faster, and prints what to write into the regime; it
never looks at a distribution of waits, only at what the departments produce. No output is ever rescaled.
"""

import argparse
import random
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import msgspec
import numpy as np

from clearway.config import regions
from clearway.domain.ambulance.words import Category
from clearway.domain.shared.region import Region
from clearway.interchange import region_pack
from clearway.simulation.ambulance import ledger, luck, parameters
from clearway.simulation.ambulance.hospitals import Arrival, Hospital, Streams
from clearway.simulation.ambulance.parameters import Parameters, Published, Regime
from clearway.simulation.ambulance.world import World
from clearway.simulation.shared.agenda import Agenda
from clearway.simulation.shared.chance import Chance
from clearway.simulation.shared.civil import Civil
from clearway.simulation.shared.estimating import Estimate, estimate

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "simulation.md"
WARM_UP, RUN_ON = timedelta(days=2), timedelta(hours=8)
SHARES = (15, 30, 60)
CATEGORIES = (Category.C1, Category.C2, Category.C3, Category.C4)
HELD_OUT = ("extreme",)
RESPONSES_HELD_OUT = ("typical", "extreme")
# What is known hospital by hospital for some of the South West's (sources in simulation.toml).
WORST = ("REF12", "RK950", "RA901")
BRISTOL = ("RVJ01", "RA701", "RA723", "RA7C2")
WORST_OVER_30 = (67.0, 87.0)  # per cent, the three in January 2024 (press, verified)
BRISTOL_OVER = (
    65.7,
    32.3,
    13.3,
)  # per cent over 15, 30 and 60 minutes, 2023 and 2024 (the system's own metrics)
# South Western years, which no regime was fitted to (AmbSYS, verified): mean handover, shares over 15, 30 and
# 60 minutes, hours beyond 30 a day.
YEARS = {
    "2025/26": (36.3, 0.733, 0.351, 0.118, 118_363 / 365),
    "2024/25": (58.05, 0.775, 0.453, 0.254, 263_554 / 365),
}
# March 2026, 90th centiles of the responses (AmbSYS, verified); means are fitted, these are not.
NINETIETH = {Category.C1: 16.7, Category.C2: 61.0, Category.C3: 204.9}


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold the simulator against published figures.")
    parser.add_argument("slug", nargs="?", default="south-west")
    parser.add_argument("--search", metavar="REGIME", help="search this regime's department parameters")
    parser.add_argument("--regime", action="append", help="only this regime; may be given several times")
    parser.add_argument("--days", type=int, default=14, help="days measured of each seed (default 14)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--tries", type=int, default=60, help="of the search")
    parser.add_argument("--write", action="store_true", help="write docs/reference/simulation.md")
    parser.add_argument("--head", action="store_true", help="write what failed over the page's own figures")
    arguments = parser.parse_args()
    if arguments.head:
        PAGE.write_text(with_failures(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    region = region_pack.parse(regions.find(arguments.slug))
    if arguments.search:
        search(region, arguments)
        return 0
    names = arguments.regime or list(parameters.read(region).regimes)
    found = {name: [lived(region, name, seed, arguments.days) for seed in seeds(arguments)] for name in names}
    text = page(region, found, arguments)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    print(text)
    return 0


def seeds(arguments: argparse.Namespace) -> range:
    return range(arguments.seed, arguments.seed + arguments.seeds)


def lived(region: Region, name: str, seed: int, days: int) -> ledger.Ledger:
    """The month of a regime, from its second day."""
    begins = parameters.read(region).regime(name).published.begins
    start = datetime.combine(begins, time(), UTC) if begins else datetime(2026, 3, 1, tzinfo=UTC)
    start += timedelta(days=1)
    world = World(region, name, seed, start - WARM_UP, speaks=False)
    until = start + timedelta(days=days)
    world.advance(until + RUN_ON)
    print(f"{name}, seed {seed}: done", file=sys.stderr, flush=True)
    return ledger.read(world.incidents, world.hospitals, start.timestamp(), until.timestamp())


# The page


@dataclass(frozen=True)
class Line:
    """One figure of one regime; a share is in per cent."""

    words: str
    simulated: Estimate
    published: float | None
    form: str = ".1f"

    def row(self) -> str:
        found, form = self.simulated, self.form
        interval = "" if np.isnan(found.low) else f" ({found.low:{form}} to {found.high:{form}})"
        target = "not known" if self.published is None else f"{self.published:{form}}"
        ratio = "" if not self.published else f"{100 * (found.mean / self.published - 1):+.0f}%"
        return f"| {self.words} | {found.mean:{form}}{interval} | {target} | {ratio} |"


def page(region: Region, found: dict[str, list[ledger.Ledger]], arguments: argparse.Namespace) -> str:
    whole = parameters.read(region)
    parts = [HEAD.format(seeds=arguments.seeds, first=arguments.seed, days=arguments.days)]
    for name, ledgers in found.items():
        parts.append(of_regime(name, whole.regimes[name].published, ledgers))
    parts.append(of_years(found))
    if set(found) == set(whole.regimes):
        parts.append(of_published(region, found))
    parts.append(of_hospitals(region, found))
    parts.append(EXPLAINED)
    return with_failures("\n\n".join(parts) + "\n")


# What failed, from the page's own tables, so that it can be written without living the months again

FAILED, HOW = "## What failed", "## How it was done"
BY_MORE_THAN = 10  # per cent
ROW = re.compile(
    r"\| (?P<words>[^|]+) \| (?P<simulated>[^|]+) \| (?P<published>[\d.]+) \| (?P<off>[+-]\d+)% \|"
)


def with_failures(text: str) -> str:
    """The page with what failed at its head. Raises ValueError for a text that is no such page."""
    start, end = text.find(FAILED), text.index(HOW)
    start = end if start < 0 else start
    return f"{text[:start]}{failures(text[end:])}\n\n{text[end:]}"


def failures(body: str) -> str:
    """Every figure that is off by more than a tenth, by regime, and what that forbids to conclude."""
    sections = re.findall(r"^## (\w+): [^\n]+\n(.*?)(?=^## |\Z)", body, re.MULTILINE | re.DOTALL)
    rows = [(regime, ROW.match(line)) for regime, part in sections for line in part.splitlines()]
    held = [(regime, row) for regime, row in rows if row]
    missed = [(regime, row) for regime, row in held if abs(int(row["off"])) > BY_MORE_THAN]
    table = [
        f"| {regime} | {row['words']} | {row['simulated']} | {row['published']} | {row['off']}% |"
        for regime, row in missed
    ]
    count = f"{len(missed)} of the {len(held)} figures with a published one beside them are off by more than"
    head = ["| Regime | | Simulated | Published | Off by |", "|---|---|---|---|---|"]
    return "\n".join([FAILED, "", f"{count} {BY_MORE_THAN}%.", *late(missed), "", *head, *table])


def late(missed: Sequence[tuple[str, re.Match[str]]]) -> list[str]:
    """What is said of responses where the mean of a category is off by half or more."""
    responses = [(regime, row) for regime, row in missed if " mean response" in row["words"]]
    far = [(regime, row) for regime, row in responses if abs(int(row["off"])) >= 50]
    if not far:
        return []
    regimes = list(dict.fromkeys(regime for regime, _ in far))
    said = "; ".join(
        f"{regime.lower()} "
        + ", ".join(f"{row['words'][:2]} {row['off']}%" for of, row in far if of == regime)
        for regime in regimes
    )
    below = sum("(-" in row["simulated"] for _, row in far)
    return [
        "",
        f"**Not every response is reproduced when it is busy.** Means off by half or more: {said}.",
        *(
            [
                f"The intervals of {below} of these {len(far)} reach below zero: over so few seeds the",
                "simulator's own mean is not known, let alone the region's.",
            ]
            if below
            else []
        ),
        "No response of these is to be quoted as what would happen, and a difference between policies",
        "only with its paired interval.",
    ]


HEAD = """# The simulator beside published figures

Generated by `python bench/simulation_fit.py south-west --write`; do not edit. {seeds} seeds from {first},
{days} days each, the nearest department always; in brackets the 95% interval of the mean over seeds. No
output is rescaled: waits emerge from bays, nurses, boarding and beds.

## How it was done

**Fitted** to the months calm, typical, pressured and severe: crews on duty (`units`), beds freed, bays that
boarders may take, the pace of receiving, the release rule and the corridor of each regime; for all regimes
together the escalation rate, the strain of hospitals in three groups (Truro, Plymouth and Torquay; Bristol
and Weston; the rest). **Responses**: crews, the patience of dispatch and what the control room does when
many wait (`[surge]`: how many calls clinicians close, how many crews are called in) were fitted to C2 and C3
of calm, pressured and severe on seeds 11 to 13; crews of calm and severe, and the boarding of severe, were
moved once more when the seeds of this page had been seen. **Taken from data**: volumes, categories, calls
closed by telephone, conveyance, hours, areas, times on scene (see the marks in
`regions/south-west/simulation.toml`).
**Assumed**: bays, nurses, walk-ins, what a hospital does with boarders. **Not fitted, so a check**: every
line marked *check*, the years' figures, all responses of typical, whose crews lie between those of its
neighbours, and October 2023, for which only the bays lost to boarders were moved, until its mean came out,
with crews in proportion to its calls.

Shares over 15, 30 and 60 minutes of single months are themselves read off a distribution fitted to the
month, good to about two points; responses of single months are read off the line through two years."""


EXPLAINED = """## Where it is off by more than a tenth, and why

- *Over 60 minutes* in calm to pressured: too many, most of them at the three most strained hospitals, whose
  queues last longer than the published months allow. *Over 30 minutes* in extreme: too few. A simulated
  department either has room or has not; real ones also hand over slowly with room to spare, which fills the
  half hour between.
- *Severe and extreme*: whole weeks differ. The intervals show how far one seed may be from another; a mean
  inside its interval is not wrong for being off.
- *Responses* answer to the number that wait: clinicians close more calls by telephone, crews are sent
  straight on, crews on overtime come. How strongly is fitted, that it goes by that number assumed, and one
  strength serves all months. In severe and extreme C3 waits too long for its C2: category 2 was then 54.0% of
  incidents, here 49.8% as in 2025/26, and no month's own shares were to be had.
- *90th centiles*: of C1 too short, since no crew here loses its way or waits for the police; of C2 too long,
  since the last to be sent wait here for as long as others are more overdue.
- *Extreme*: crews in proportion to its calls are too many; they were left so, or it would be no check.
- *Hospitals*: the three worst come out as the worst and too low all the same, Torbay by more than a tenth:
  the three share one strain. Bristol and Weston wait too often past 15 minutes, as the region does, and too
  seldom past 60; why their longest queues are too few is not known.
- *C4* is four incidents in a thousand: hardly a figure at all."""


def of_regime(name: str, published: Published, ledgers: Sequence[ledger.Ledger]) -> str:
    check = " *check*" if name in HELD_OUT else ""
    lines = [
        Line(
            "Incidents a day",
            over(ledgers, lambda x: x.incidents / x.days),
            published.incidents_per_day,
            ".0f",
        ),
        Line("Conveyed, % of incidents", over(ledgers, lambda x: 100 * x.conveyed / x.incidents), 47.9),
        Line("Mean handover, min", over(ledgers, lambda x: float(x.conveyances.wait.mean())), published.mean),
        Line(
            f"90th centile, min{check}",
            over(ledgers, lambda x: float(np.quantile(x.conveyances.wait, 0.9))),
            published.ninetieth,
        ),
    ]
    for limit in SHARES:
        target = getattr(published, f"over_{limit}")
        share = over(ledgers, lambda x, limit=limit: 100 * float((x.conveyances.wait > limit).mean()))
        lines.append(Line(f"Over {limit} min, %{check}", share, None if target is None else 100 * target))
    for limit in (15, 30):
        lost = over(ledgers, lambda x, limit=limit: beyond(x, limit))
        lines.append(Line(f"Hours lost beyond {limit}, a day", lost, None, ".0f"))
    for category in CATEGORIES:
        mean = over(ledgers, lambda x, c=category: float(x.responses.of(c).mean()))
        checked = " *check*" if name in RESPONSES_HELD_OUT else ""
        lines.append(Line(f"{category} mean response, min{checked}", mean, getattr(published, category)))
    if name == "typical":
        for category, target in NINETIETH.items():
            ninetieth = over(ledgers, lambda x, c=category: float(np.quantile(x.responses.of(c), 0.9)))
            lines.append(Line(f"{category} 90th centile, min *check*", ninetieth, target))
    title = f"## {name.capitalize()}: {published.what}{', held out' if name in HELD_OUT else ''}"
    table = ["| | Simulated | Published | Off by |", "|---|---|---|---|", *(line.row() for line in lines)]
    return "\n".join([title, "", f"{published.source}. Responses: {published.responses}.", "", *table])


def by_mean(found: dict[str, list[ledger.Ledger]]) -> list[tuple[float, list[ledger.Ledger]]]:
    """The mean handover of each regime that was fitted, and its months, from the lowest on."""
    return sorted(
        (over(ledgers, lambda x: float(x.conveyances.wait.mean())).mean, ledgers)
        for name, ledgers in found.items()
        if name not in HELD_OUT
    )


def of_years(found: dict[str, list[ledger.Ledger]]) -> str:
    """Each year between the two regimes whose means enclose its own, by a straight line."""
    known = by_mean(found)
    means = [mean for mean, _ in known]

    def at(target: float, figure: Callable[[ledger.Ledger], float]) -> float:
        return float(np.interp(target, means, [over(each, figure).mean for _, each in known]))

    rows = []
    for year, (mean, *shares, lost) in YEARS.items():
        for limit, share in zip(SHARES, shares, strict=True):
            simulated = 100 * at(mean, lambda x, limit=limit: float((x.conveyances.wait > limit).mean()))
            rows.append(
                f"| {year} (mean {mean:.1f}) | over {limit} min, % | {simulated:.1f} | {100 * share:.1f} |"
            )
        simulated = at(mean, lambda x: beyond(x, 30))
        rows.append(
            f"| {year} (mean {mean:.1f}) | hours lost beyond 30, a day | {simulated:.0f} | {lost:.0f} |"
        )
    head = (
        "## The years, which nothing was fitted to\n\nSimulated: on the straight line between the two regimes"
        " whose mean handovers enclose the year's. A year mixes good and bad months, a regime does not."
    )
    return "\n".join([head, "", "| Year | | Simulated | Published |", "|---|---|---|---|", *rows])


KNOWN = """No month's means by hospital were to be had; what is published of single ones is judged above. The
other rows are held against nothing."""

PUBLISHED_OF_HOSPITALS = """*Truro, Plymouth and Torquay*: of January 2024 it is published that they were
the worst, with 67 to 87% over 30 minutes. That month is none of the simulated ones; it stands beside
*severe*, the next December, and what is off is off from the nearer end. *Bristol and Weston* together: 2023
and 2024, beside the straight line between the regimes at the mean of 2024/25, since the region's mean of
those months is not known. *Truro*'s means of single weeks were 23 to 175 minutes in 2025; the simulated weeks
of all regimes lie between {low:.0f} and {high:.0f}."""


def of_hospitals(region: Region, found: dict[str, list[ledger.Ledger]]) -> str:
    names = {site.code: site.name for site in region.sites}
    codes = sorted(
        {code for each in found.values() for code in each[0].conveyances.site}, key=names.__getitem__
    )
    head = " | ".join(f"{name}: mean, over 30 %, over 60 %" for name in found)
    rows = []
    for label, group in (
        *((names[code], (code,)) for code in codes),
        ("*Truro, Plymouth, Torquay*", WORST),
        ("*Bristol and Weston*", BRISTOL),
    ):
        cells = " | ".join(of_group(ledgers, group) for ledgers in found.values())
        a_day = over(
            next(iter(found.values())), lambda x, g=group: float(x.conveyances.at(g).sum() / x.days)
        ).mean
        rows.append(f"| {label} | {a_day:.0f} | {cells} |")
    return "\n".join(
        [
            "## Hospital by hospital",
            "",
            KNOWN,
            "",
            f"| Hospital | Ambulances a day | {head} |",
            "|---" * (2 + len(found)) + "|",
            *rows,
        ]
    )


def of_published(region: Region, found: dict[str, list[ledger.Ledger]]) -> str:
    """Single hospitals beside what is published of them; fitted was the strain of three groups."""
    names = {site.code: site.name for site in region.sites}
    low, high = WORST_OVER_30
    rows = []
    for code in WORST:
        share = over(found["severe"], lambda x, c=code: share_of([x], (c,), 30))
        words = f"{names[code]}, over 30 min, % (published {low:.0f} to {high:.0f})"
        rows.append(Line(words, share, float(np.clip(share.mean, low, high))).row())
    known = by_mean(found)
    means = [mean for mean, _ in known]
    for limit, published in zip(SHARES, BRISTOL_OVER, strict=True):
        at = [share_of(each, BRISTOL, limit) for _, each in known]
        line = float(np.interp(YEARS["2024/25"][0], means, at))
        words, alone = f"Bristol and Weston, over {limit} min, %", Estimate(line, float("nan"), float("nan"))
        rows.append(Line(words, alone, published).row())
    weeks = [mean for ledgers in found.values() for each in ledgers for mean in weekly(each, WORST[0])]
    return "\n".join(
        [
            "## Hospitals: where figures are published",
            "",
            PUBLISHED_OF_HOSPITALS.format(low=min(weeks), high=max(weeks)),
            "",
            "| | Simulated | Published | Off by |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def share_of(ledgers: Iterable[ledger.Ledger], codes: Sequence[str], limit: float) -> float:
    """Per cent of handovers at some hospitals that took longer than a limit."""
    waits = np.concatenate([each.conveyances.wait[each.conveyances.at(codes)] for each in ledgers])
    return 100 * float((waits > limit).mean())


def weekly(told: ledger.Ledger, code: str) -> list[float]:
    """The mean handover of each whole week at a hospital."""
    here = told.conveyances.at([code])
    wait, since = told.conveyances.wait[here], told.conveyances.arrived.min()
    week = ((told.conveyances.arrived[here] - since) // (7 * 86_400)).astype(int)
    return [float(wait[week == each].mean()) for each in range(int(told.days // 7))]


def of_group(ledgers: Iterable[ledger.Ledger], codes: Sequence[str]) -> str:
    waits = np.concatenate([each.conveyances.wait[each.conveyances.at(codes)] for each in ledgers])
    if len(waits) < 20:
        return ""
    return f"{waits.mean():.0f}, {100 * (waits > 30).mean():.0f}, {100 * (waits > 60).mean():.0f}"


def over(ledgers: Sequence[ledger.Ledger], figure: Callable[[ledger.Ledger], float]) -> Estimate:
    return estimate([figure(each) for each in ledgers])


def beyond(told: ledger.Ledger, limit: float) -> float:
    """Hours lost beyond a limit, a day."""
    return float(np.maximum(0, told.conveyances.wait - limit).sum() / 60 / told.days)


# The search

WEIGHTS = {"mean": 8.0, "ninetieth": 3.0, "over_15": 30.0, "over_30": 30.0, "over_60": 40.0}
SEARCHED = {
    "beds": (0.80, 1.15),
    "boarding": (0.05, 0.95),
    "receiving_pace": (0.40, 1.3),
    "release_kept": (0.0, 1.0),
    "corridor": (0.02, 0.50),
}


def search(region: Region, arguments: argparse.Namespace) -> None:
    """Random search about the best so far, ever nearer; prints each improvement."""
    whole = parameters.read(region)
    best = whole.regime(arguments.search)
    loss, result = judge(whole, best, region.timezone, arguments)
    print("start", round(loss, 4), show(result))
    dice = random.Random(arguments.seed)
    for attempt in range(arguments.tries):
        width = 0.25 * (1 - attempt / arguments.tries) + 0.02
        changed = {
            name: moved(getattr(best, name), limits, width, dice)
            for name, limits in SEARCHED.items()
            if dice.random() < 0.7
        }
        regime = msgspec.structs.replace(best, **changed)
        tried, outcome = judge(whole, regime, region.timezone, arguments)
        if tried < loss:
            best, loss, result = regime, tried, outcome
            settings = "  ".join(f"{name} = {getattr(best, name):.3f}" for name in SEARCHED)
            print(f"{attempt:3} {loss:.4f} {show(result)} | {settings}", flush=True)


def moved(value: float, limits: tuple[float, float], width: float, dice: random.Random) -> float:
    low, high = limits
    return min(high, max(low, value + dice.gauss(0, width * (high - low))))


def judge(
    whole: Parameters, regime: Regime, timezone: str, arguments: argparse.Namespace
) -> tuple[float, dict[str, float]]:
    """How far the waits that the departments produce are from what was published; and those waits."""
    waits = np.concatenate(
        [alone(whole, regime, code, timezone, arguments.seed, arguments.days) for code in whole.sites]
    )
    result = {
        "mean": float(waits.mean()),
        "ninetieth": float(np.quantile(waits, 0.9)),
        **{f"over_{limit}": float((waits > limit).mean()) for limit in SHARES},
    }
    return sum(distance(name, result[name], regime.published) for name in WEIGHTS), result


def distance(name: str, value: float, published: Published) -> float:
    target = getattr(published, name)
    if target is None:
        return 0.0
    off = value - target if name.startswith("over") else float(np.log(value / target))
    return WEIGHTS[name] * off * off


class Door:
    """Hears of handovers only."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self.waits: list[float] = []

    def handed_over(self, arrival: Arrival) -> None:
        self.waits.append((self.agenda.now - arrival.arrived_at) / 60)

    def registered(self, arrival: Arrival) -> None: ...
    def queuing(self, arrival: Arrival) -> None: ...
    def cohorted(self, arrival: Arrival) -> None: ...
    def placed(self, arrival: Arrival) -> None: ...


def alone(whole: Parameters, regime: Regime, code: str, timezone: str, seed: int, days: int) -> np.ndarray:
    """Minutes from arrival to handover at one department, after two days of warming up."""
    site, agenda = whole.sites[code], Agenda(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    door, chance, civil = Door(agenda), Chance(seed, f"alone {code}"), Civil(timezone)
    streams = Streams(seed, code, whole.process)
    hospital = Hospital(site, whole.process, regime, streams, agenda, civil, door)
    hospital.begin()
    hours = whole.process.ambulance_hour
    usual = max(each.incidents_per_day for each in whole.regimes.values())
    scale = regime.incidents_per_day / usual
    for hour in range((days + 2) * 24):
        if hour == 48:
            door.waits.clear()
        hospital.hour(ambulances_too=False)
        mean = site.ambulances * scale * hours[int(civil.hour(agenda.now))] / sum(hours)
        for _ in range(chance.count(mean)):
            at = agenda.now + 3600 * chance.share()
            agenda.at(at, arrive, hospital, chance.luck(luck.PLACES), chance.share() < 0.12)
        agenda.run(agenda.now + 3600)
    return np.array(door.waits)


def arrive(hospital: Hospital, patient: tuple[float, ...], resus: bool) -> None:
    hospital.arrive("somebody", patient, resus)


def show(result: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in result.items())


if __name__ == "__main__":
    sys.exit(main())
