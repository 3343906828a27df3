"""`clearway clocks`: a file in, clocks, rejects, findings and return figures out."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.cli import main
from clearway.domain.outpatients.clock_events import ClockEvent
from clearway.domain.outpatients.clocks import explain
from clearway.domain.shared.errors import CannotParse
from clearway.engine.outpatients.bulk_clocks import EventColumns, bulk_clocks
from clearway.engine.outpatients.returns import Returns, Span, Waits, doubts, returns
from clearway.interchange import clock_file
from tests.clock_histories import days, histories, ranked
from tests.pure.test_rtt_examples import EXAMPLES

HEADER = [column.name for column in clock_file.COLUMNS]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as lines:
        out = csv.DictWriter(lines, HEADER)
        out.writeheader()
        out.writerows(rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def run(
    folder: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, Any]]:
    events = write(folder / "events.csv", rows)
    out = ["--as-of", "2025-06-30", "--out", str(folder / "clocks.csv"), "--json"]
    code = main(["clocks", str(events), *out, *words])
    return code, json.loads(capsys.readouterr().out or "{}")


def cells(pathway: str, row: dict[str, Any]) -> dict[str, Any]:
    named = {"kind": "event", "on": "date", "start_on": "start_date"}
    said = {named.get(key, key): value for key, value in row.items() if key != "pathway"}
    said["evidence"] = " ".join(row.get("evidence", ()))
    said["outside_contact"] = "yes" if row.get("outside_contact") else ""
    return {"pathway": pathway, **said}


def as_rows(example: dict[str, Any]) -> list[dict[str, Any]]:
    measured = {"measurement": example.get("measurement", "")}
    return [
        cells(f"{example['number']} {row.get('pathway', '')}".strip(), row) | measured
        for row in example["events"]
    ]


def test_the_worked_examples_come_out_of_a_file_as_they_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for example in EXAMPLES if "switches" not in example for row in as_rows(example)]

    code, said = run(tmp_path, rows, capsys)

    assert (code, said["rejected"], said["used"]) == (0, 0, len(rows))
    given = clock_file.read(tmp_path / "events.csv")
    clocks = [row for row in read(tmp_path / "clocks.csv") if row["period"]]
    explained = [
        (name, period)
        for name, events in zip(given.pathways, given.events, strict=True)
        for period in explain(events, date(2025, 6, 30)).periods
    ]
    assert len(clocks) == len(explained)
    for row, (name, period) in zip(clocks, explained, strict=True):
        assert (row["pathway"], int(row["period"])) == (name, period.number)
        assert (row["state"], row["status"]) == (period.state, period.status)
        assert (row["start_date"], row["ended_on"]) == (str(period.start or ""), str(period.ended_on or ""))
        assert (row["days"], row["band"]) == ("" if period.days is None else str(period.days), period.band)
        assert (row["treat_by"], row["rule"]) == (str(period.treat_by or ""), period.reference)
        assert row["because"] == period.says


def test_a_row_that_cannot_be_read_is_kept_counted_and_marks_its_pathway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"pathway": "A", "event": "referral_received", "date": "2025-01-06"},
        {"pathway": "A", "event": "treeted", "date": "2025-02-06"},
        {"pathway": "B", "event": "referral_received", "date": "2025-02-30"},
    ]

    code, said = run(tmp_path, rows, capsys)

    assert code == 1
    assert (said["rows"], said["used"], said["rejected"]) == (3, 1, 2)
    rejects = read(tmp_path / "clocks.rejects.csv")
    assert [(row["row"], row["field"], row["was: pathway"]) for row in rejects] == [
        ("3", "event", "A"),
        ("4", "date", "B"),
    ]
    assert "Did you mean treated?" in rejects[0]["fix"]
    clocks = read(tmp_path / "clocks.csv")
    assert [(row["pathway"], row["state"], row["rejected_rows"]) for row in clocks] == [
        ("A", "ticking", "1"),
        ("B", "none", "1"),
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"pathway": ""}, "pathway"),
        ({"pathway": "x" * 65}, "pathway"),
        ({"event": ""}, "event"),
        ({"date": ""}, "date"),
        ({"date": "06/01/2025"}, "date"),
        ({"date": "20250106"}, "date"),
        ({"date": "2025-W02-1"}, "date"),
        ({"date": "2025-01-06T00:00"}, "date"),
        ({"date": "2025-02-29"}, "date"),
        ({"date": "0025-01-06"}, "date"),
        ({"sequence": "-1"}, "sequence"),
        ({"sequence": "1.5"}, "sequence"),
        ({"sequence": "²"}, "sequence"),
        ({"start_date": "2025-01-01"}, "start_date"),
        ({"event": "transfer_received", "start_date": "2025-01-07"}, "start_date"),
        ({"event": "unavailable", "until": "2025-01-05"}, "until"),
        ({"event": "withdrawn"}, "replaces"),
        ({"evidence": "notise"}, "evidence"),
        ({"evidence": "stated_start"}, "evidence"),
        ({"function": "65"}, "function"),
        ({"function": "X02"}, "function"),
        ({"function": "٦٥٠"}, "function"),
        ({"outside_contact": "perhaps"}, "outside_contact"),
        ({"measurement": "03"}, "measurement"),
        ({"recorded_on": "yesterday"}, "recorded_on"),
    ],
)
def test_each_wrong_field_is_named_with_its_row_and_a_fix(
    wrong: dict[str, str], field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"pathway": "A", "event": "referral_received", "date": "2025-01-06"}

    code, said = run(tmp_path, [good, good | wrong], capsys)

    assert (code, said["used"], said["rejected"]) == (1, 1, 1)
    [reject] = read(tmp_path / "clocks.rejects.csv")
    assert (reject["row"], reject["field"]) == ("3", field)
    assert reject["why"].endswith(".")
    assert reject["fix"].endswith((".", "?"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b"pathway,event\nA,died\n", "Columns are missing: date"),
        (b"pathway,event,date,colour\n", "Columns are not known: colour"),
        (b"pathway,event,date,date\n", "A column comes twice"),
        (b"pathway,event,date\nA,died,\xff\n", "not UTF-8"),
        (b'pathway,event,date\n"A,died,2025-01-06\n', "not CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_whole_with_the_fix(content: bytes, says: str, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_bytes(content)

    with pytest.raises(CannotParse, match=says) as refused:
        clock_file.read(file)

    assert refused.value.fix


def test_a_row_of_another_width_is_rejected_with_all_its_cells(tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("pathway,event,date\nA,died\nA,died,2025-01-06,more\nA,died,2025-01-06\n")

    found = clock_file.read(file)

    assert [each.cells for each in found.refused] == [("A", "died"), ("A", "died", "2025-01-06", "more")]
    assert found.rows == 3
    assert found.refused_of == {0: 2}


def test_an_event_that_cannot_be_right_is_listed_with_what_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(tmp_path, [{"pathway": "A", "event": "treated", "date": "2025-01-06"}], capsys)

    assert (code, said["findings"]) == (0, 1)
    [finding] = read(tmp_path / "clocks.findings.csv")
    assert (finding["pathway"], finding["code"]) == ("A", "CK01")
    assert "start_not_known" in finding["fix"]
    assert read(tmp_path / "clocks.csv")[0]["findings"] == "1"


def test_files_of_an_earlier_run_do_not_stay_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, [{"pathway": "A", "event": "treated", "date": "never"}], capsys)

    run(tmp_path, [{"pathway": "A", "event": "referral_received", "date": "2025-01-06"}], capsys)

    assert not (tmp_path / "clocks.rejects.csv").exists()


def test_corrections_and_the_order_of_rows_change_nothing_but_what_they_correct(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = {"pathway": "A", "event": "referral_received", "date": "2025-02-06", "event_id": "e1"}
    right = {"pathway": "A", "event": "referral_received", "date": "2025-01-06", "replaces": "e1"}

    run(tmp_path, [right, first], capsys)

    [row] = read(tmp_path / "clocks.csv")
    assert (row["start_date"], row["findings"]) == ("2025-01-06", "0")


def test_parquet_goes_in_and_comes_out_as_csv_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [row for example in EXAMPLES[11:40] for row in as_rows(example)]
    run(tmp_path, rows, capsys)
    columns = {name: [row.get(name) for row in rows] for name in HEADER}
    parquet.write_table(pyarrow.table(columns), tmp_path / "events.parquet")

    words = ["--as-of", "2025-06-30", "--out", str(tmp_path / "clocks.parquet")]
    code = main(["clocks", str(tmp_path / "events.parquet"), *words])

    assert code == 0
    as_text = [
        {name: "" if cell is None else str(cell) for name, cell in row.items()}
        for row in parquet.read_table(tmp_path / "clocks.parquet").to_pylist()
    ]
    assert as_text == read(tmp_path / "clocks.csv")


def test_without_pyarrow_parquet_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(CannotParse, match=r"pip install 'clearway\[parquet\]'"):
        clock_file.read(tmp_path / "events.parquet")


@settings(max_examples=60, deadline=None)
@given(st.lists(histories(), max_size=8), days, st.sampled_from(list(Span)), st.data())
def test_the_returns_add_up(
    drawn: list[list[ClockEvent]], as_of: date, span: Span, data: st.DataObject
) -> None:
    counted = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(drawn), max_size=len(drawn))), dtype=bool
    )
    clocks = bulk_clocks(EventColumns.of(map(ranked, drawn)), as_of)

    figures = returns(clocks, counted, span)

    open_now = [
        period
        for history, counts in zip(drawn, counted, strict=True)
        if counts and (period := explain(history, as_of).open_period)
    ]
    assert figures.incomplete.total == len(open_now)
    assert figures.incomplete.unknown == sum(period.start is None for period in open_now)
    assert figures.incomplete.within_standard == sum(bool(period.is_within_standard) for period in open_now)
    assert figures.incomplete.over(52) == sum((period.days or 0) > 364 for period in open_now)
    left = figures.completed + figures.nullified + figures.handed_on
    assert figures.open_before + figures.opened - left == figures.incomplete.total
    assert figures.completed == figures.completed_admitted.total + figures.completed_non_admitted.total
    for waits in (figures.incomplete, figures.completed_admitted, figures.completed_non_admitted):
        assert waits.counts.shape == (len(figures.functions), 106)
        assert waits.counts.sum() == waits.total
    # Who waits up to four weeks at the end of a month of at most 31 days began in it, or in the days before.
    young = int(figures.incomplete.counts[:, :1].sum())
    if (figures.last_day - figures.first_day).days >= 7:
        assert young <= figures.new_periods.sum()


def some_returns(month: int, short: int = 10, long: int = 90, new: int = 12, completed: int = 50) -> Returns:
    """The figures of a month of 2026 with one treatment function."""
    counts = np.zeros((1, 106), dtype=np.int64)
    counts[0, 3], counts[0, 20] = short, long
    nobody = Waits(np.zeros((1, 106), dtype=np.int64))
    first = date(2026, month, 1)
    return Returns(
        span=Span.MONTHLY,
        first_day=first,
        last_day=date(2026, month + 1, 1) - timedelta(days=1),
        functions=("650",),
        incomplete=Waits(counts),
        completed_admitted=nobody,
        completed_non_admitted=nobody,
        new_periods=np.array([new]),
        open_before=0,
        opened=new,
        completed=completed,
        nullified=0,
        handed_on=0,
    )


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"long": 91, "new": 13, "completed": 52}, []),
        ({"short": 13, "new": 13, "completed": 52}, []),
        (
            {"short": 14, "new": 13, "completed": 52},
            [("DQ33", "650: 14 wait at most four weeks, and 13 are new")],
        ),
        ({"new": 13, "completed": 52}, [("DQ34", "incomplete: 100, exactly as many as the month before")]),
        ({"long": 101, "new": 13, "completed": 52}, [("DQ34", "incomplete: 111 after 100 the month before")]),
        ({"long": 91, "new": 13, "completed": 44}, [("DQ34", "completed: 44 after 50 the month before")]),
    ],
)
def test_figures_of_a_month_that_cannot_be_or_are_unlike_the_last_are_named(
    now: dict[str, int], expected: list[tuple[str, str]]
) -> None:
    found = doubts(some_returns(3, **now), some_returns(2))

    assert [(each.code, each.says) for each in found] == expected


def test_of_a_month_of_28_days_nobody_is_asked_who_began_before_it() -> None:
    now, before = some_returns(2, short=14, new=13, completed=52), some_returns(1)

    assert [each.code for each in doubts(now, before)] == []


def test_a_file_of_returns_adds_up_by_function_and_band(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for example in EXAMPLES for row in as_rows(example)]

    _, said = run(tmp_path, rows, capsys, "--returns", "monthly")

    figures = read(tmp_path / "clocks.returns.csv")
    for part in ("incomplete", "completed_admitted", "completed_non_admitted"):
        mine = [row for row in figures if row["return"] == part]
        totals = sum(int(row["value"]) for row in mine if row["figure"] == "total")
        bands = sum(
            int(row["value"]) for row in mine if row["figure"][-1].isdigit() or row["figure"] == "104+"
        )
        unknown = sum(int(row["value"]) for row in mine if row["figure"] == "unknown")
        assert totals == bands + unknown == said["returns"][part]
    flow = {row["figure"]: int(row["value"]) for row in figures if row["return"] == "list"}
    gone = flow["completed"] + flow["nullified"] + flow["handed on"]
    assert flow["open before"] + flow["opened"] - gone == flow["open"] == said["returns"]["incomplete"]
    assert said["returns"]["pathways_of_other_measures_left_out"] == 1


@given(histories())
def test_events_that_are_written_and_read_again_are_the_same(history: list[ClockEvent]) -> None:
    columns = clock_file.columns_of(clock_file.Kept("P1", "02", each) for each in history)

    rows = (list(row) for row in zip(*columns.values(), strict=True))
    found = clock_file.collect(tuple(columns), rows, name="written")

    assert found.refused == []
    assert [tuple(each) for each in found.events] == ([tuple(history)] if history else [])
    assert found.measurement == (["02"] if history else [])
