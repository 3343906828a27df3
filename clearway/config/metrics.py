"""Counters and gauges in the text format of Prometheus.

Written here rather than taken from a package: three kinds of line, no registry of its own processes, no
files. Labels never hold anything about a person; routes are the patterns of the URL conf, not the paths
asked for.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)  # seconds
Labels = tuple[tuple[str, str], ...]


class Requests:
    """How many requests each route had, with which status, and how long they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one finished request."""
        with self._lock:
            self._counts[method, route, str(status)] += 1
            self._buckets[bisect_left(BUCKETS, seconds)] += 1
            self._seconds += seconds

    def lines(self) -> list[str]:
        """The requests so far."""
        with self._lock:
            counts, buckets, seconds = dict(self._counts), list(self._buckets), self._seconds
        labelled: dict[Labels, float] = {
            (("method", method), ("route", route), ("status", status)): count
            for (method, route, status), count in counts.items()
        }
        total = sum(buckets)
        below = [sum(buckets[: index + 1]) for index in range(len(BUCKETS))]
        name = "clearway_request_seconds"
        return [
            *family("clearway_requests_total", "counter", "Requests finished.", labelled),
            f"# HELP {name} Time to answer a request.",
            f"# TYPE {name} histogram",
            *(f'{name}_bucket{{le="{edge}"}} {count}' for edge, count in zip(BUCKETS, below, strict=True)),
            f'{name}_bucket{{le="+Inf"}} {total}',
            f"{name}_sum {seconds:.6f}",
            f"{name}_count {total}",
        ]


REQUESTS = Requests()


def family(name: str, kind: str, what: str, values: Mapping[Labels, float]) -> list[str]:
    """One metric with its help, type and a line for each set of labels."""
    head = [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]
    return head + [f"{name}{_braces(labels)} {value:.15g}" for labels, value in sorted(values.items())]


def _braces(labels: Iterable[tuple[str, str]]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
