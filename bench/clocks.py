"""Waiting time clocks in bulk: all rules over millions of pathways, beside ways that do less.

    python -m bench.clocks [--pathways 1000000] [--as-of 2026-11-22] [--rounds 5] [--seed 1] [--no-sql]

Invented histories of five to six events in pathway order, as columns in memory. Every way counts the open
pathways by week band and treatment function, and all must agree. The baselines know two states only (a start
opens, a stop closes), which is enough for these histories and not for real ones: a pandas and a polars
script, one compiled numba pass, one SQL statement of PostgreSQL over an indexed table (its processor time is
that of the server), a loop in plain Python over tuples that are ready, and the usual groupby-apply script on
a sample, scaled. What is not installed is left out with a line. Rounds alternate between the ways; processor
and wall time are given.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from clearway.config import postgres
from clearway.domain.outpatients.clock_events import ClockEvent, Evidence
from clearway.domain.outpatients.clock_events import EventKind as E
from clearway.domain.outpatients.clocks import explain
from clearway.domain.outpatients.counting import BANDS
from clearway.engine.outpatients.bulk_clocks import (
    EPOCH,
    LETTERS,
    NO_DAY,
    EventColumns,
    bulk_clocks,
    day_number,
    event_code,
)

TOLD = frozenset({Evidence.NOTICE})
# What may follow where, and how often: state -> (event, state after it). Twice said is twice as likely.
CHOICES = {
    "new": [(E.REFERRAL_RECEIVED, "waiting")] * 4 + [(E.UBRN_CONVERTED, "waiting")],
    "waiting": [
        *[(E.ATTENDED, "seen")] * 7,
        (E.CANCELLED_BY_PATIENT, "waiting"),
        (E.CANCELLED_BY_PROVIDER, "waiting"),
        (E.MISSED, "nullified"),
    ],
    "seen": [
        *[(E.ATTENDED, "seen")] * 5,
        *[(E.TREATED, "stopped")] * 2,
        (E.MONITORING_BY_CLINICIAN, "monitoring"),
        (E.MISSED, "seen"),
        (E.NOT_TO_TREAT, "stopped"),
    ],
    "monitoring": [(E.DECISION_TO_TREAT, "seen"), (E.ATTENDED, "monitoring")],
    "stopped": [*[(E.ATTENDED, "stopped")] * 3, (E.REREFERRED, "waiting")],
    "nullified": [(E.REOFFERED, "seen")],  # "seen" here too: a second miss would need more than two states
}
STARTS = (E.REFERRAL_RECEIVED, E.UBRN_CONVERTED, E.DECISION_TO_TREAT, E.REREFERRED, E.REOFFERED)
STOPS = (E.TREATED, E.MONITORING_BY_CLINICIAN, E.NOT_TO_TREAT)
SAMPLE = 20_000
FUNCTIONS = np.array([110, 191, 410, 650, 651, 652], dtype=np.int16)


def invented(pathways: int, as_of: date, seed: int) -> tuple[EventColumns, np.ndarray, np.ndarray]:
    """Columns in pathway order; 1, -1, 0 for rows that start, stop or neither; function of pathways."""
    luck = np.random.default_rng(seed)
    names = list(CHOICES)
    lengths = 1 + luck.poisson(4.68, pathways)
    firsts = np.cumsum(lengths) - lengths
    code, sign = np.empty(lengths.sum(), np.uint8), np.zeros(lengths.sum(), np.int8)
    state = np.zeros(pathways, np.int8)
    for step in range(lengths.max()):
        going = np.flatnonzero(lengths > step)
        stood = state[going]
        for number, name in enumerate(names):
            here = going[stood == number]
            choices = CHOICES[name]
            pick = luck.integers(0, len(choices), len(here))
            code[firsts[here] + step] = np.array([event_code(kind, TOLD) for kind, _ in choices])[pick]
            sign[firsts[here] + step] = np.array([_sign(kind, name) for kind, _ in choices])[pick]
            state[here] = np.array([names.index(after) for _, after in choices])[pick]
    pathway = np.repeat(np.arange(pathways, dtype=np.int32), lengths)
    gaps = luck.integers(0, 60, len(code)).astype(np.int32)
    gone = np.cumsum(gaps) - np.repeat(np.cumsum(gaps)[firsts] - gaps[firsts], lengths)
    day = (day_number(as_of) - 420 + gone).astype(np.int32)
    return EventColumns(pathways, pathway, code, day), sign, luck.choice(FUNCTIONS, pathways)


def _sign(kind: E, state: str) -> int:
    if kind is E.MISSED:
        return -1 if state == "waiting" else 0
    return (kind in STARTS) - (kind in STOPS)


def counted(function: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Open pathways by function and week band, as one row of numbers."""
    band = np.clip((days - 1) // 7, 0, BANDS - 1)
    place = np.searchsorted(FUNCTIONS, function) * BANDS + band
    return np.bincount(place, minlength=len(FUNCTIONS) * BANDS)


def ours(columns: EventColumns, as_of: date, function: np.ndarray) -> np.ndarray:
    clocks = bulk_clocks(columns, as_of)
    open_ = clocks.is_open
    return counted(function[clocks.pathway[open_]], clocks.days[open_])


def with_pandas(frame: Any, as_of: int, function: np.ndarray) -> np.ndarray:
    marks = frame[(frame.sign != 0) & (frame.day <= as_of)]
    changed = (marks.pathway != marks.pathway.shift()) | (marks.sign != marks.sign.shift())
    last = marks[changed].drop_duplicates("pathway", keep="last")
    last = last[last.sign == 1]
    return counted(function[last.pathway.to_numpy()], as_of - last.day.to_numpy())


def with_polars(frame: Any, as_of: int, function: np.ndarray) -> np.ndarray:
    import polars as pl

    last = (
        frame.lazy()
        .filter((pl.col("sign") != 0) & (pl.col("day") <= as_of))
        .filter(
            (pl.col("pathway") != pl.col("pathway").shift(fill_value=-1))
            | (pl.col("sign") != pl.col("sign").shift(fill_value=0))
        )
        .group_by("pathway", maintain_order=False)
        .last()
        .filter(pl.col("sign") == 1)
        .collect()
    )
    return counted(function[last["pathway"].to_numpy()], as_of - last["day"].to_numpy())


SQL = """
WITH changed AS (
    SELECT place, pathway, sign, day, lag(sign) OVER (PARTITION BY pathway ORDER BY place) AS before
    FROM events WHERE sign <> 0 AND day <= %(as_of)s
), latest AS (
    SELECT DISTINCT ON (pathway) pathway, sign, day FROM changed
    WHERE before IS DISTINCT FROM sign ORDER BY pathway, place DESC
)
SELECT function, least(greatest((%(as_of)s - day - 1) / 7, 0), %(last)s) AS band, count(*)
FROM latest JOIN pathways USING (pathway) WHERE sign = 1 GROUP BY 1, 2
"""


@contextlib.contextmanager
def with_sql(columns: EventColumns, sign: np.ndarray, as_of: int, function: np.ndarray) -> Iterator[Any]:
    """Counting by one statement of PostgreSQL, as installed, over tables that are ready."""
    home = Path(tempfile.mkdtemp(prefix="clearway-bench-"))
    home.chmod(0o711)
    server = postgres.start(home)
    try:
        with psycopg.connect(host=str(server.sockets), user=postgres.OWNER, dbname="postgres") as link:
            link.execute("CREATE UNLOGGED TABLE events (place int, pathway int, sign int, day int)")
            link.execute("CREATE UNLOGGED TABLE pathways (pathway int PRIMARY KEY, function int)")
            _copied(link, "events", [np.arange(len(sign)), columns.pathway, sign, columns.day])
            _copied(link, "pathways", [np.arange(len(function)), function])
            link.execute("CREATE INDEX ON events (pathway, place)")
            link.commit()
            link.autocommit = True
            link.execute("VACUUM ANALYZE")

            def count() -> np.ndarray:
                found = np.zeros(len(FUNCTIONS) * BANDS, np.int64)
                for of, band, many in link.execute(SQL, {"as_of": as_of, "last": BANDS - 1}):
                    found[np.searchsorted(FUNCTIONS, of) * BANDS + band] = many
                return found

            yield count
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _copied(link: Any, table: str, columns: list[np.ndarray]) -> None:
    with link.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for low in range(0, len(columns[0]), 100_000):
            some = np.column_stack([each[low : low + 100_000] for each in columns]).tolist()
            copy.write("".join("\t".join(map(str, row)) + "\n" for row in some))


def with_groupby_apply(frame: Any, as_of: int, function: np.ndarray) -> np.ndarray:
    """As such scripts are usually written: a function for each pathway, which goes through its rows."""

    def open_since(rows: Any) -> float:
        start = float("nan")
        for row in rows.itertuples():
            if row.sign > 0 and start != start:  # noqa: PLR0124 - not a number
                start = row.day
            elif row.sign < 0:
                start = float("nan")
        return start

    starts = frame[frame.day <= as_of].groupby("pathway")[["sign", "day"]].apply(open_since).dropna()
    return counted(function[starts.index.to_numpy()], as_of - starts.to_numpy().astype(np.int64))


def compiled_pass() -> Callable[..., np.ndarray]:
    import numba

    @numba.njit  # type: ignore[misc, unused-ignore]
    def run(pathway, sign, day, as_of, count):  # type: ignore[no-untyped-def]
        start = np.full(count, NO_DAY, np.int32)
        for row in range(len(day)):
            if day[row] <= as_of:
                at = pathway[row]
                if sign[row] > 0 and start[at] == NO_DAY:
                    start[at] = day[row]
                elif sign[row] < 0:
                    start[at] = NO_DAY
        return start

    def whole(columns: EventColumns, sign: np.ndarray, as_of: int, function: np.ndarray) -> np.ndarray:
        start = run(columns.pathway, sign, columns.day, as_of, columns.count)
        open_ = np.flatnonzero(start != NO_DAY)
        return counted(function[open_], as_of - start[open_])

    return whole


def histories(columns: EventColumns, pathways: int) -> list[list[ClockEvent]]:
    """The first pathways as events."""
    kinds = list(LETTERS)
    rows = np.flatnonzero(columns.pathway < pathways).tolist()
    listed: list[list[ClockEvent]] = [[] for _ in range(pathways)]
    for row in rows:
        kind, shown = kinds[columns.code[row]]
        on = EPOCH + timedelta(days=int(columns.day[row]))
        listed[columns.pathway[row]].append(ClockEvent(str(row), kind, on, row, evidence=shown))
    return listed


def plain(listed: list[list[tuple[int, int]]], as_of: int) -> list[int]:
    """The two-state loop over every pathway, in plain Python. Days of the open ones."""
    days = []
    for events in listed:
        start = None
        for day, sign in events:
            if day > as_of:
                break
            if sign > 0 and start is None:
                start = day
            elif sign < 0:
                start = None
        if start is not None:
            days.append(as_of - start)
    return days


def measured(ways: dict[str, Callable[[], np.ndarray]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and processor seconds of each way, in alternating rounds. All must agree."""
    walls: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    right = None
    for turn in range(rounds + 1):
        for name in ways if turn % 2 else reversed(ways):
            wall, cpu = time.perf_counter(), time.process_time()
            answer = ways[name]()
            if turn:  # the first round warms up
                walls[name].append((time.perf_counter() - wall, time.process_time() - cpu))
            right = answer if right is None else right
            assert (answer == right).all(), f"{name} counts otherwise"
    return {
        name: (statistics.median(wall for wall, _ in each), statistics.median(cpu for _, cpu in each))
        for name, each in walls.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pathways", type=int, default=1_000_000)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 22))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-sql", action="store_true", help="leave PostgreSQL out")
    given = parser.parse_args()
    columns, sign, function = invented(given.pathways, given.as_of, given.seed)
    today = day_number(given.as_of)
    print(f"{given.pathways:,} pathways, {len(columns.day):,} events, as of {given.as_of}, seed {given.seed}")
    ways: dict[str, Callable[[], np.ndarray]] = {"all rules": lambda: ours(columns, given.as_of, function)}
    table = {"pathway": columns.pathway, "sign": sign, "day": columns.day}
    try:
        import pandas

        frame = pandas.DataFrame(table)
        ways["pandas, two states"] = lambda: with_pandas(frame, today, function)
    except ImportError:
        print("pandas is not installed, left out")
    try:
        import polars

        columnar = polars.DataFrame(table)
        ways["polars, two states"] = lambda: with_polars(columnar, today, function)
    except ImportError:
        print("polars is not installed, left out")
    try:
        one_pass = compiled_pass()
        ways["numba, two states"] = lambda: one_pass(columns, sign, today, function)
    except ImportError:
        print("numba is not installed, left out")
    with contextlib.ExitStack() as stack:
        if not given.no_sql:
            ways["SQL, two states"] = stack.enter_context(with_sql(columns, sign, today, function))
        found = measured(ways, given.rounds)
    own = found["all rules"]
    found.pop("all rules")
    print(f"{'all rules':<20} {own[0] * 1e3:9.1f} ms wall {own[1] * 1e3:9.1f} ms processor")
    for name, (wall, cpu) in found.items():
        if name.startswith("SQL"):
            print(f"{name:<20} {wall * 1e3:9.1f} ms wall; ours takes {own[0] / wall:.2f} of its wall")
            continue
        print(
            f"{name:<20} {wall * 1e3:9.1f} ms wall {cpu * 1e3:9.1f} ms processor; "
            f"ours takes {own[0] / wall:.2f} of its wall, {own[1] / cpu:.2f} of its processor time"
        )
    one_by_one(columns, sign, given.as_of, own[1] / given.pathways)
    sampled(columns, sign, today, function, own)
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    return 0


def sampled(
    columns: EventColumns, sign: np.ndarray, today: int, function: np.ndarray, own: tuple[float, float]
) -> None:
    """The groupby-apply script on the first pathways, scaled to all of them."""
    try:
        import pandas
    except ImportError:
        return
    some = min(columns.count, SAMPLE)
    rows = columns.pathway < some
    of = {"pathway": columns.pathway[rows], "sign": sign[rows], "day": columns.day[rows]}
    frame, share = pandas.DataFrame(of), columns.count / some
    wall, cpu = time.perf_counter(), time.process_time()
    answer = with_groupby_apply(frame, today, function)
    wall, cpu = share * (time.perf_counter() - wall), share * (time.process_time() - cpu)
    assert (answer == with_pandas(frame, today, function)).all(), "groupby-apply counts otherwise"
    print(
        f"groupby-apply, {some:,} of the pathways scaled: {wall:.1f} s wall {cpu:.1f} s processor; "
        f"ours takes 1/{wall / own[0]:.0f} of its wall"
    )


def one_by_one(columns: EventColumns, sign: np.ndarray, as_of: date, bulk: float) -> None:
    """The ways that take a pathway at a time, on the first of them."""
    some = min(columns.count, 5000)
    listed = histories(columns, some)
    began = time.process_time()
    explained = [explain(events, as_of) for events in listed]
    took = (time.process_time() - began) / some
    rows = np.flatnonzero(columns.pathway < some)
    simple: list[list[tuple[int, int]]] = [[] for _ in range(some)]
    for row in rows.tolist():
        simple[columns.pathway[row]].append((int(columns.day[row]), int(sign[row])))
    began = time.process_time()
    days = plain(simple, day_number(as_of))
    loop = (time.process_time() - began) / some
    assert sorted(days) == sorted(
        period.days for pathway in explained if (period := pathway.open_period) and period.days is not None
    )
    print(
        f"explained, with sentences  {took * 1e6:8.1f} us a pathway, {took / bulk:.0f} times the bulk engine"
    )
    print(
        f"plain loop, two states     {loop * 1e6:8.1f} us a pathway, {loop / bulk:.1f} times the bulk engine"
    )


if __name__ == "__main__":
    sys.exit(main())
