"""Learning who does not come, from a trust's own past: three models, of which one is chosen and tested.

simple    logistic regression on the share missed before and the days from booking to visit: the baseline
logistic  the same on every feature
additive  boosted one-step trees: a step function of each feature, added up

Weights that would let a worse history lower a risk are left out of the logistic models, and steps that would
are never taken by the additive one. The past is cut by the moment of judging: the models learn from outcomes
known before the first cut, one is chosen and calibrated on bookings judged between the cuts, and measured on
those judged after the second, which nothing else has seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from clearway.domain.outpatients.attendance import Result

from . import attendance_measures as measured
from .attendance import (
    CODES,
    WAYS,
    Bookings,
    Floats,
    Known,
    Marks,
    Model,
    Term,
    Whole,
    known_at,
    logged,
    moments,
    sigmoid,
)

CUTS = (0.6, 0.8)
LEAST, LEAST_MISSED, LEAST_LATER = 300, 30, 10
SIMPLE = ("missed", "lead")
SHARES = (0.05, 0.1, 0.2, 0.3)
RIDGE = 1.0
ROUNDS, RATE, PARTS, PATIENCE, LEAST_LEAF, SHRINK = 400, 0.1, 32, 30, 25, 5.0


class TooLittle(ValueError):
    """The past is too short, or too few missed, to learn from."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One part of the past: what was known, who missed, and who they are."""

    known: Known
    missed: Marks
    person: Whole
    rows: Whole
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Folds:
    """Learned from, chosen and calibrated on, tested on. left_out: judged before a cut, known after it."""

    learn: Fold
    choose: Fold
    test: Fold
    left_out: int


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with what was measured of it, and how its inputs were spread. report: as JSON."""

    model: Model
    report: dict[str, Any]


def folds(bookings: Bookings, at: int, days_before: int) -> Folds:
    """The past that is known at an instant, cut in time. Raises TooLittle."""
    judged = moments(bookings, days_before)
    is_over = (bookings.result == Result.KEPT) | (bookings.result == Result.MISSED)
    usable = np.flatnonzero(is_over & (bookings.known <= at) & (judged < bookings.known))
    missed = int((bookings.result[usable] == Result.MISSED).sum())
    if len(usable) < LEAST or missed < LEAST_MISSED:
        raise TooLittle(
            f"{len(usable):,} bookings with a known end, {missed} of them missed: at least {LEAST} and "
            f"{LEAST_MISSED} are needed."
        )
    usable = usable[np.argsort(judged[usable], kind="stable")]
    moment, known = judged[usable], bookings.known[usable]
    first, second = (int(np.quantile(moment, cut)) for cut in CUTS)
    parts = (
        usable[known <= first],
        usable[(moment > first) & (known <= second)],
        usable[moment > second],
    )
    found = [_fold(bookings, part, judged) for part in parts]
    for name, fold in zip(("to learn from", "to calibrate on", "to test on"), found, strict=True):
        if min(fold.missed.sum(), (~fold.missed).sum()) < LEAST_LATER:
            raise TooLittle(
                f"Only {int(fold.missed.sum())} of {len(fold.missed):,} bookings {name} were missed: at "
                f"least {LEAST_LATER} are needed, and as many that were kept."
            )
    learn, choose, test = found
    return Folds(learn, choose, test, len(usable) - sum(len(part) for part in parts))


def _fold(bookings: Bookings, rows: Whole, judged: Whole) -> Fold:
    known = known_at(bookings, rows, judged[rows])
    span = (int(judged[rows].min()), int(judged[rows].max())) if len(rows) else (0, 0)
    return Fold(known, bookings.result[rows] == Result.MISSED, bookings.person[rows], rows, *span)


def train(
    bookings: Bookings,
    *,
    at: int,
    days_before: int,
    share: float,
    seed: int,
    groups: Mapping[str, Sequence[str]] | None = None,
    draws: int = measured.DRAWS,
) -> Trained:
    """Learn, choose, calibrate and test. Raises TooLittle.

    at      seconds: only what was known by then
    groups  name of a cut -> the group of each booking, for the audit alone; no model sees it
    draws   for the intervals
    """
    cut = folds(bookings, at, days_before)
    fitted = {kind: fit(cut.learn, kind) for kind in ("simple", "logistic", "additive")}
    calibrated = {kind: calibrate(model, cut.choose) for kind, model in fitted.items()}
    chosen = _choose(fitted, cut.choose)
    model = calibrated[chosen]
    return Trained(model, report(calibrated, chosen, cut, share, seed, groups or {}, draws))


def fit(fold: Fold, kind: str) -> Model:
    """One of the three models, before calibration."""
    if kind == "additive":
        return fit_additive(fold.known.x, fold.missed, WAYS)
    used = np.array([kind == "logistic" or code in SIMPLE for code in CODES])
    intercept, weights, centre = fit_logistic(logged(fold.known.x), fold.missed, WAYS, used)
    lines = zip(weights.tolist(), centre.tolist(), strict=True)
    return Model(kind, intercept, tuple(Term(weight=weight, centre=middle) for weight, middle in lines))


def fit_logistic(
    x: Floats, missed: Marks, ways: Whole, used: Marks, ridge: float = RIDGE
) -> tuple[float, Floats, Floats]:
    """(intercept at the centre, weights, centre), by Newton's method with an L2 penalty on scaled features.

    A weight that goes against its way is left out, and the rest is fitted again.
    """
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scaled = (x - centre) / np.where(scale > 0, scale, 1)
    inside = used & (scale > 0)
    while True:
        found = _newton(scaled[:, inside], missed, ridge)
        weights = np.zeros(x.shape[1])
        weights[inside] = found[1:]
        wrong = weights * ways < 0
        if not wrong.any():
            return float(found[0]), weights / np.where(scale > 0, scale, 1), centre
        inside = inside & ~wrong


def _newton(x: Floats, missed: Marks, ridge: float) -> Floats:
    x = np.column_stack([np.ones(len(x)), x])
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 0
    share = np.clip(missed.mean(), 1e-6, 1 - 1e-6)
    found = np.zeros(x.shape[1])
    found[0] = np.log(share / (1 - share))
    for _ in range(50):
        told = sigmoid(x @ found)
        slope = x.T @ (missed - told) - penalty @ found
        bend = (x * (told * (1 - told))[:, None]).T @ x + penalty
        step = np.linalg.solve(bend, slope)
        found = found + step
        if np.abs(step).max() < 1e-9:
            break
    return found


def fit_additive(x: Floats, missed: Marks, ways: Whole, rounds: int = ROUNDS) -> Model:
    """Boosted one-step trees: each round adds the step of one feature that lessens the loss most.

    How many rounds is told by the newest fifth of the rows, which are in time order; then all rows are used.
    """
    cut = int(0.8 * len(x))
    edges = [_edges(column) for column in x.T]
    codes = np.column_stack(
        [np.searchsorted(each, column, "left") for each, column in zip(edges, x.T, strict=True)]
    )
    _, losses = _boost(codes[:cut], missed[:cut], ways, rounds, (codes[cut:], missed[cut:]))
    best = int(np.argmin(losses)) if losses else 0
    tables, _ = _boost(codes, missed, ways, best, None)
    means = np.array([table[code].mean() for table, code in zip(tables, codes.T, strict=True)])
    share = np.clip(missed.mean(), 1e-6, 1 - 1e-6)
    terms = tuple(
        Term(tuple(each.tolist()), tuple((table[: len(each) + 1] - mean).tolist()))
        for each, table, mean in zip(edges, tables, means, strict=True)
    )
    return Model("additive", float(np.log(share / (1 - share)) + means.sum()), terms)


def _edges(column: Floats) -> Floats:
    """Where a feature may be cut: between its values where they are few, else at quantiles."""
    values = np.unique(column)
    if len(values) <= PARTS:
        return (values[1:] + values[:-1]) / 2
    return np.unique(np.quantile(column, np.linspace(0, 1, PARTS + 1)[1:-1]))


def _boost(
    codes: Whole, missed: Marks, ways: Whole, rounds: int, later: tuple[Whole, Marks] | None
) -> tuple[Floats, list[float]]:
    """(tables of (features, parts), loss on later rows before each round and after the last)."""
    count = codes.shape[1]
    flat = (codes + PARTS * np.arange(count)).ravel()
    y = missed.astype(np.float64)
    share = np.clip(y.mean(), 1e-6, 1 - 1e-6)
    told = np.full(len(y), np.log(share / (1 - share)))
    tables = np.zeros((count, PARTS))
    sizes = np.cumsum(np.bincount(flat, minlength=count * PARTS).reshape(count, PARTS), axis=1)[:, :-1]
    is_wide = (sizes >= LEAST_LEAF) & (len(y) - sizes >= LEAST_LEAF)
    losses: list[float] = []
    for_later = None if later is None else np.full(len(later[1]), told[0] if len(told) else 0.0)
    for turn in range(rounds + 1):
        if later is not None and for_later is not None:
            losses.append(log_loss(sigmoid(for_later), later[1]))
            if turn - int(np.argmin(losses)) >= PATIENCE:
                break
        if turn == rounds:
            break
        chance = sigmoid(told)
        slope, bend = (
            np.bincount(flat, np.repeat(each, count), count * PARTS).reshape(count, PARTS).astype(np.float64)
            for each in (y - chance, chance * (1 - chance))
        )
        found = _step(slope, bend, is_wide, ways)
        if found is None:
            break
        which, where, low, high = found
        tables[which, : where + 1] += low
        tables[which, where + 1 :] += high
        told += np.where(codes[:, which] <= where, low, high)
        if for_later is not None and later is not None:
            for_later += np.where(later[0][:, which] <= where, low, high)
    return tables, losses


def _step(slope: Floats, bend: Floats, is_wide: Marks, ways: Whole) -> tuple[int, int, float, float] | None:
    """The feature, the place of its cut, and what to add below and above it; None where nothing helps."""
    below, above_of = np.cumsum(slope, axis=1)[:, :-1], slope.sum(axis=1, keepdims=True)
    heavy, all_of = np.cumsum(bend, axis=1)[:, :-1], bend.sum(axis=1, keepdims=True)
    low, high = below / (heavy + SHRINK), (above_of - below) / (all_of - heavy + SHRINK)
    gain = below * low + (above_of - below) * high - above_of**2 / (all_of + SHRINK)
    gain[~is_wide | (ways[:, None] * (high - low) < 0)] = -np.inf
    which, where = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[which, where] <= 1e-9:
        return None
    return int(which), int(where), float(RATE * low[which, where]), float(RATE * high[which, where])


def log_loss(risks: Floats, missed: Marks) -> float:
    """Mean logarithmic loss."""
    kept = np.clip(risks, 1e-9, 1 - 1e-9)
    return float(-np.where(missed, np.log(kept), np.log(1 - kept)).mean())


def calibrate(model: Model, fold: Fold) -> Model:
    """The model with its log odds stretched and moved as later bookings ask (Platt); never turned round."""
    slope, offset = measured.recalibrate(model.risks(fold.known.x), fold.missed)
    if slope <= 0:  # the model tells nothing of later bookings: then everybody has the usual risk
        share = float(np.clip(fold.missed.mean(), 1e-6, 1 - 1e-6))
        slope, offset = 0.0, float(np.log(share / (1 - share)))
    return Model(model.kind, model.intercept, model.terms, slope, offset)


def _choose(fitted: Mapping[str, Model], fold: Fold) -> str:
    """The simplest model, unless a later one is better by more than one standard error of the difference."""
    best = "simple"
    for kind in ("logistic", "additive"):
        gains = _losses(calibrate(fitted[best], fold), fold) - _losses(calibrate(fitted[kind], fold), fold)
        if gains.mean() > gains.std() / np.sqrt(len(gains)):
            best = kind
    return best


def _losses(model: Model, fold: Fold) -> Floats:
    kept = np.clip(model.risks(fold.known.x), 1e-9, 1 - 1e-9)
    return -np.where(fold.missed, np.log(kept), np.log(1 - kept))


def report(
    models: Mapping[str, Model],
    chosen: str,
    cut: Folds,
    share: float,
    seed: int,
    groups: Mapping[str, Sequence[str]],
    draws: int,
) -> dict[str, Any]:
    """What was measured on the last part of the past, as JSON."""
    test = cut.test
    risks = {kind: model.risks(test.known.x) for kind, model in models.items()}
    told = risks[chosen]
    of_test = {name: [codes[row] for row in test.rows.tolist()] for name, codes in groups.items()}
    x = cut.learn.known.x
    return {
        "chosen": chosen,
        "share": share,
        "folds": {
            name: {
                "count": len(fold.missed),
                "missed": int(fold.missed.sum()),
                "since": fold.since,
                "until": fold.until,
            }
            for name, fold in (("learn", cut.learn), ("choose", cut.choose), ("test", cut.test))
        },
        "left_out": cut.left_out,
        "measures": {
            kind: measured.with_intervals(each, test.missed, test.person, share, seed, draws)
            for kind, each in risks.items()
        },
        "beside_simple": measured.difference(
            told, risks["simple"], test.missed, test.person, share, seed, draws
        ),
        "curve": measured.curve(told, test.missed),
        "shares": measured.at_shares(told, test.missed, SHARES),
        "groups": measured.by_group(told, test.missed, share, of_test),
        "spread": {
            **{code: asdict(measured.reference(x[:, place])) for place, code in enumerate(CODES)},
            "risk": asdict(measured.reference(models[chosen].risks(x))),
        },
    }


def judge(
    model: Model,
    fold: Fold,
    share: float,
    seed: int,
    groups: Mapping[str, Sequence[str]],
    draws: int = measured.DRAWS,
) -> dict[str, Any]:
    """What is measured of a model on bookings it has not learned from."""
    told = model.risks(fold.known.x)
    return {
        "count": len(told),
        "missed": int(fold.missed.sum()),
        "measures": measured.with_intervals(told, fold.missed, fold.person, share, seed, draws),
        "curve": measured.curve(told, fold.missed),
        "shares": measured.at_shares(told, fold.missed, SHARES),
        "groups": measured.by_group(told, fold.missed, share, groups),
    }


def after(bookings: Bookings, since: int, at: int, days_before: int) -> Fold:
    """The bookings judged after an instant whose end is known. Raises TooLittle."""
    judged = moments(bookings, days_before)
    is_over = (bookings.result == Result.KEPT) | (bookings.result == Result.MISSED)
    rows = np.flatnonzero(is_over & (bookings.known <= at) & (judged < bookings.known) & (judged > since))
    fold = _fold(bookings, rows, judged)
    if min(fold.missed.sum(), (~fold.missed).sum()) < LEAST_LATER:
        raise TooLittle(
            f"Since then {len(rows):,} bookings ended, {int(fold.missed.sum())} of them missed: at least "
            f"{LEAST_LATER} missed and {LEAST_LATER} kept are needed to judge a model."
        )
    return fold
