"""How well risks were told: discrimination, calibration, what a list of calls finds, groups, and drift.

Every measure takes weights, so that an interval comes from drawing persons again (a bootstrap by person: the
bookings of one person are no separate evidence).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from clearway.domain.outpatients.performance import suppressed

from .attendance import Floats, Marks, Whole, riskiest

DRAWS = 200
BINS = 10
LEAST_RISK = 1e-6
PSI_WATCH, PSI_ACT = 0.1, 0.25  # usual reading of a population stability index


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured, each a number. slope and intercept: of the log odds, 1 and 0 at best.

    precision, recall  of the riskiest share, which is rung: how many of those rung would not come, and how
    many of those who do not come are rung
    """

    auc: float
    average_precision: float
    brier: float
    slope: float
    intercept: float
    calibration_error: float
    precision: float
    recall: float


# Code of a measure -> its name and what it means.
MEANINGS = {
    "auc": ("Area under the curve", "how often who missed had the greater risk: 0.5 is chance, 1 is always"),
    "average_precision": (
        "Average precision",
        "the same for a list read from the top; chance is the share missed",
    ),
    "brier": ("Brier score", "mean squared distance of the risk from what happened; 0 is best"),
    "slope": ("Calibration slope", "1 is right; below 1 high risks were told too high"),
    "intercept": ("Calibration intercept", "0 is right; below 0 fewer missed than was told"),
    "calibration_error": ("Calibration error", "mean distance of told and happened over ten groups"),
    "precision": ("Missed, of those rung", "of the riskiest share, how many did not come"),
    "recall": ("Rung, of those who missed", "of those who did not come, how many were of the riskiest share"),
}


def measures(risks: Floats, missed: Marks, share: float, weights: Floats | None = None) -> Measures:
    """Both sorts of outcome have to be there. weights: how often each row counts."""
    w = np.ones(len(risks)) if weights is None else weights
    y = missed.astype(np.float64)
    auc, precise = _ranked(risks, y, w)
    slope, intercept = recalibrate(risks, missed, w)
    found, listed = _at_capacity(risks, y, w, share)
    return Measures(
        auc,
        precise,
        float(np.average((risks - y) ** 2, weights=w)),
        slope,
        intercept,
        _calibration_error(risks, y, w),
        found / listed if listed else 0.0,
        found / float(w @ y),
    )


def _ranked(risks: Floats, y: Floats, w: Floats) -> tuple[float, float]:
    """Area under the curve and average precision; equal risks count as one step."""
    values, place = np.unique(-risks, return_inverse=True)
    bad = np.bincount(place, w * y, len(values))
    good = np.bincount(place, w * (1 - y), len(values))
    found, passed = np.cumsum(bad), np.cumsum(good)
    auc = float((good * (found - bad / 2)).sum() / (found[-1] * passed[-1]))
    listed = np.maximum(found + passed, 1e-12)
    return auc, float((bad * found / listed).sum() / found[-1])


def _at_capacity(risks: Floats, y: Floats, w: Floats, share: float) -> tuple[float, float]:
    order = np.argsort(-risks, kind="stable")
    upto = np.cumsum(w[order])
    in_list = upto <= np.ceil(share * upto[-1])
    return float((w * y)[order][in_list].sum()), float(w[order][in_list].sum())


def _calibration_error(risks: Floats, y: Floats, w: Floats) -> float:
    """Mean distance of what happened from what was told, over ten bins of equal size."""
    found = 0.0
    for part in np.array_split(np.argsort(risks, kind="stable"), BINS):
        weight = w[part].sum()
        if weight:
            found += abs(float(w[part] @ (risks[part] - y[part])))
    return found / float(w.sum())


def recalibrate(risks: Floats, missed: Marks, weights: Floats | None = None) -> tuple[float, float]:
    """Slope and intercept of a logistic line through the log odds of risks, by Newton's method."""
    w = np.ones(len(risks)) if weights is None else weights
    kept = np.clip(risks, LEAST_RISK, 1 - LEAST_RISK)
    x = np.column_stack([np.log(kept / (1 - kept)), np.ones(len(kept))])
    found = np.array([1.0, 0.0])
    for _ in range(30):
        told = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (w * (missed - told))
        bend = (x * (w * told * (1 - told))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        found = found + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    return float(found[0]), float(found[1])


Interval = tuple[float, float, float]


def with_intervals(
    risks: Floats, missed: Marks, person: Whole, share: float, seed: int, draws: int = DRAWS
) -> dict[str, Interval]:
    """Measure -> (value, lower, upper) at 95%, by drawing persons again."""
    told = asdict(measures(risks, missed, share))
    drawn = _drawn(person, seed, draws, lambda w: _one(risks, missed, share, w))
    return {name: (value, *_middle_of([each[name] for each in drawn], value)) for name, value in told.items()}


def difference(
    better: Floats, other: Floats, missed: Marks, person: Whole, share: float, seed: int, draws: int = DRAWS
) -> dict[str, Interval]:
    """Measure -> how much one set of risks has more than the other, on the same draws."""

    def one(w: Floats) -> dict[str, float] | None:
        first, second = _one(better, missed, share, w), _one(other, missed, share, w)
        return None if first is None or second is None else {key: first[key] - second[key] for key in first}

    told = one(np.ones(len(missed))) or {}
    drawn = _drawn(person, seed, draws, one)
    return {name: (value, *_middle_of([each[name] for each in drawn], value)) for name, value in told.items()}


def _one(risks: Floats, missed: Marks, share: float, w: Floats) -> dict[str, float] | None:
    if not 0 < float(w @ missed) < float(w.sum()):
        return None
    used = w > 0
    return asdict(measures(risks[used], missed[used], share, w[used]))


def _drawn(
    person: Whole, seed: int, draws: int, one: Callable[[Floats], dict[str, float] | None]
) -> list[dict[str, float]]:
    people, place = np.unique(person, return_inverse=True)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        counts = np.bincount(random.integers(0, len(people), len(people)), minlength=len(people))
        if (values := one(counts[place].astype(np.float64))) is not None:
            found.append(values)
    return found


def _middle_of(values: Sequence[float], otherwise: float) -> tuple[float, float]:
    if not values:
        return otherwise, otherwise
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def curve(risks: Floats, missed: Marks) -> list[dict[str, float]]:
    """Ten groups of equal size by risk: what was told, and what happened."""
    return [
        {"told": float(risks[part].mean()), "happened": float(missed[part].mean()), "count": len(part)}
        for part in np.array_split(np.argsort(risks, kind="stable"), BINS)
        if len(part)
    ]


def at_shares(risks: Floats, missed: Marks, shares: Sequence[float]) -> list[dict[str, float]]:
    """Precision and recall where this share is rung."""
    rows = []
    for share in shares:
        chosen = riskiest(risks, share)
        found = float(missed[chosen].sum())
        rows.append(
            {
                "share": share,
                "precision": found / max(1, int(chosen.sum())),
                "recall": found / max(1.0, float(missed.sum())),
            }
        )
    return rows


def by_group(
    risks: Floats, missed: Marks, share: float, groups: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Of each group: how many, told and happened, their ratio, and how many missed without being rung.

    groups  name of a cut -> the group of each row, "" where it is not known. Groups of which fewer than five
    missed, or came, are not shown, nor one that could be worked out from them.
    """
    rung = riskiest(risks, share)
    found: list[dict[str, Any]] = []
    for cut, codes in groups.items():
        kinds = np.asarray(codes)
        names = [name for name in np.unique(kinds).tolist() if name]
        counts = [int(missed[kinds == name].sum()) for name in names]
        came = [int((kinds == name).sum()) - count for name, count in zip(names, counts, strict=True)]
        # A group of which nobody missed is small too: that everybody came tells of each of them.
        hidden = suppressed([max(1, min(each)) for each in zip(counts, came, strict=True)])
        for place, name in enumerate(names):
            if place in hidden:
                found.append({"cut": cut, "group": name, "count": None})
                continue
            found.append({"cut": cut, "group": name, **_of_group(risks, missed, rung, kinds == name)})
    return found


def _of_group(risks: Floats, missed: Marks, rung: Marks, inside: Marks) -> dict[str, float]:
    count, seen = int(inside.sum()), int(missed[inside].sum())
    told = float(risks[inside].sum())
    spread = 1.96 * float(np.sqrt((risks[inside] * (1 - risks[inside])).sum())) / told
    return {
        "count": count,
        "told": told / count,
        "happened": seen / count,
        "ratio": seen / told,
        "lower": max(0.0, 1 - spread),
        "upper": 1 + spread,
        "not_rung": float((missed & ~rung & inside).sum()) / seen,
        "rung": float((rung & inside).sum()) / count,
    }


@dataclass(frozen=True, slots=True)
class Reference:
    """How a column was spread over what was learned from: shares between its edges."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


def reference(column: Floats) -> Reference:
    """Up to ten parts of about equal size."""
    edges = np.unique(np.quantile(column, np.linspace(0.1, 0.9, BINS - 1)))
    return Reference(tuple(edges.tolist()), tuple(_spread(column, edges).tolist()))


def stability(column: Floats, was: Reference) -> float:
    """The population stability index: 0 where a column is spread as it was."""
    now = _spread(column, np.asarray(was.edges))
    before, after = np.maximum(np.asarray(was.shares), 1e-4), np.maximum(now, 1e-4)
    return float(((after - before) * np.log(after / before)).sum())


def _spread(column: Floats, edges: Floats) -> Floats:
    counts = np.bincount(np.searchsorted(edges, column, "left"), minlength=len(edges) + 1)
    return np.asarray(counts / max(1, len(column)), np.float64)


@dataclass(frozen=True, slots=True)
class Expected:
    """How many were expected to miss, how many did, and between which numbers chance alone would leave it."""

    count: int
    expected: float
    seen: int
    lower: float
    upper: float

    @property
    def is_usual(self) -> bool:
        return self.lower <= self.seen <= self.upper


def expected(risks: Floats, missed: Marks) -> Expected:
    """Told against happened, with the 95% range of a sum of independent chances."""
    told = float(risks.sum())
    spread = 1.96 * float(np.sqrt((risks * (1 - risks)).sum()))
    return Expected(len(risks), told, int(missed.sum()), max(0.0, told - spread), told + spread)
