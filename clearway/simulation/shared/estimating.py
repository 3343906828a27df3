"""What differs between policies, over seeds: a mean with its interval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a run. `better` is -1 where less is better, 1 where more is, 0 where neither."""

    name: str
    words: str
    unit: str
    better: int = -1


def one_after_the_other(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """The runs of a comparison in this process; what spreads them over many takes its place."""
    return [task() for task in tasks]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds with its 95% interval (Student's t); NaN bounds for a single seed."""

    mean: float
    low: float
    high: float


# 97.5th centiles of Student's t for 1, 2, 3 ... degrees of freedom; beyond, never too narrow
T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145)
T_975_LATER = ((19, 2.131), (29, 2.086), (59, 2.042))


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of these and its 95% interval."""
    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return Estimate(mean, float("nan"), float("nan"))
    half = _t(count - 1) * float(np.std(values, ddof=1)) / count**0.5
    return Estimate(mean, mean - half, mean + half)


def _t(freedom: int) -> float:
    if freedom <= len(T_975):
        return T_975[freedom - 1]
    return next((t for limit, t in T_975_LATER if freedom <= limit), 2.0)


Found = Mapping[str, Mapping[str, Estimate]]  # policy -> metric -> over seeds


def as_lines(
    metrics: Sequence[Metric], policies: Sequence[str], level: Found, difference: Found, base: str
) -> list[str]:
    """For a terminal: of each metric the level of every policy, and its difference to `base`."""
    width, lines = max(len(name) for name in policies) + 2, []
    for metric in metrics:
        lines.append(f"{metric.words}{', ' + metric.unit if metric.unit else ''}")
        for name in policies:
            line = f"  {name:{width}}{level[name][metric.name].mean:>9.1f}"
            if name != base:
                each = difference[name][metric.name]
                line += f"{each.mean:>+9.1f}"
                line += "" if np.isnan(each.low) else f"   95% interval {each.low:+.1f} to {each.high:+.1f}"
            lines.append(line)
    return lines
