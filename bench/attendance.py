"""Who does not come: the three models beside one another, and beside published work, on public data.

Data of 71,769 bookings of primary care in Vitória, Brazil, for this benchmark only: nothing that is shipped
was fitted to them. Skips, saying so, where the file is not there.

    python -m bench.attendance [--seed 7]
"""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from clearway.domain.outpatients.attendance import Result
from clearway.engine.outpatients import attendance_fit as fitting
from clearway.engine.outpatients import attendance_measures as measured
from clearway.engine.outpatients.attendance import DAY, NEVER, WAYS, Bookings, logged, sigmoid

FILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "noshow_brazil" / "noshow_dev.parquet"
DAYS_BEFORE, SHARE = 4, 0.1
PUBLISHED = (
    ("University College London Hospitals, MRI, 2019, boosted trees on 81 features", "AUC 0.852, AP 0.511"),
    ("A London teaching hospital, all specialties, 2022, random forest", "AUC 0.76"),
    ("Imperial, 2021, boosted trees", "the riskiest tenth holds 28.7% of those who miss"),
)
AGES = ((18, "Under 18"), (40, "18 to 39"), (65, "40 to 64"), (200, "65 and over"))


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--file", type=Path, default=FILE)
    arguments = parser.parse_args()
    table = _parquet(arguments.file)
    if table is None:
        print("Skipped: noshow_brazil is not there, or nothing reads parquet.")
        return
    bookings, groups, ages = _bookings(table)
    at = int(bookings.known.max())
    begun = time.perf_counter()
    trained = fitting.train(
        bookings, at=at, days_before=DAYS_BEFORE, share=SHARE, seed=arguments.seed, groups=groups
    )
    seconds = time.perf_counter() - begun
    _tell(trained.report, seconds)
    _with_age(bookings, ages, at)
    print("\nPublished, of other places and other features, so no like for like:")
    for what, figures in PUBLISHED:
        print(f"  {what}: {figures}")


def _parquet(file: Path) -> dict[str, list[Any]] | None:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]
    except ImportError:
        return None
    return dict(parquet.read_table(file).to_pydict()) if file.is_file() else None


def _bookings(table: dict[str, list[Any]]) -> tuple[Bookings, dict[str, list[str]], Any]:
    """The columns as the engine takes them; the groups of the audit; and ages, which no model of ours sees.

    A day without a clock time begins at noon; what came of it is known that evening. Whoever was sent a text
    is taken to have had it three days before.
    """
    booked = np.array([_seconds(each) for each in table["ScheduledDay"]])
    starts = np.array([_seconds(each) // DAY * DAY + DAY // 2 for each in table["AppointmentDay"]])
    keep = starts + DAY // 2 > booked
    starts = np.maximum(starts, booked + 60)
    people = np.unique(np.array(table["PatientId"], str), return_inverse=True)[1]
    missed = np.array([each == "Yes" for each in table["No-show"]])
    texted = np.array(table["SMS_received"]) == 1
    count = len(booked)
    whole = Bookings(
        person=people[keep],
        service=np.zeros(count, np.int64)[keep],
        line=np.full(count, -1, np.int64)[keep],
        booked=booked[keep],
        starts=starts[keep],
        known=(starts + 6 * 3600)[keep],
        result=np.where(missed, Result.MISSED, Result.KEPT).astype(np.int64)[keep],
        first=np.zeros(count, bool)[keep],
        remote=np.zeros(count, bool)[keep],
        confirmed=np.full(count, NEVER)[keep],
        reminded=np.where(texted, starts - 3 * DAY, NEVER)[keep],
    )
    ages = np.array(table["Age"], float)[keep]
    groups = {
        "age": [next(name for limit, name in AGES if age < limit) for age in ages],
        "sex": list(np.array(table["Gender"])[keep]),
        "area": list(np.array(table["Neighbourhood"])[keep]),
    }
    return whole, groups, ages


def _seconds(each: Any) -> int:
    if isinstance(each, str):
        each = datetime.fromisoformat(each.replace("Z", "+00:00"))
    if not isinstance(each, datetime):
        each = datetime(each.year, each.month, each.day, tzinfo=UTC)
    return int((each if each.tzinfo else each.replace(tzinfo=UTC)).timestamp())


def _tell(report: dict[str, Any], seconds: float) -> None:
    for name, fold in report["folds"].items():
        since, until = (datetime.fromtimestamp(fold[each], UTC) for each in ("since", "until"))
        print(
            f"{name:<7}{fold['count']:>7,} bookings, {fold['missed']:,} missed, "
            f"{since:%d %b} to {until:%d %b %Y}"
        )
    print(f"left out {report['left_out']:,}: judged before a cut, known after it")
    print(f"all in {seconds:.1f} s, intervals of {measured.DRAWS} draws among it\n")
    for kind, found in report["measures"].items():
        print(f"{kind}{' (chosen)' if kind == report['chosen'] else ''}")
        for name, (value, low, high) in found.items():
            print(f"  {name:<18}{value:7.3f}   {low:.3f} to {high:.3f}")
    value, low, high = report["beside_simple"]["auc"]
    print(f"chosen less simple, AUC: {value:+.3f} ({low:+.3f} to {high:+.3f})\n")
    for each in report["shares"]:
        print(f"rung {each['share']:.0%}: {each['precision']:.1%} would miss, {each['recall']:.1%} of misses")
    for each in report["groups"]:
        if each["cut"] != "area" and each["count"]:
            print(
                f"{each['cut']} {each['group']:<12}{each['count']:>6,}  happened / told {each['ratio']:.2f} "
                f"(usual {each['lower']:.2f} to {each['upper']:.2f}), "
                f"missed and not rung {each['not_rung']:.1%}"
            )
    areas = [each for each in report["groups"] if each["cut"] == "area" and each["count"]]
    unusual = [each for each in areas if not each["lower"] <= each["ratio"] <= each["upper"]]
    print(f"areas: {len(areas)} shown, {len(unusual)} with a ratio that chance does not explain")


def _with_age(bookings: Bookings, ages: Any, at: int) -> None:
    """What is given up by leaving age out: the two models with it, on the same folds."""
    cut = fitting.folds(bookings, at, DAYS_BEFORE)
    print("\nWith age, which the product leaves out:")
    wide = {name: np.column_stack([fold.known.x, ages[fold.rows]]) for name, fold in _named(cut).items()}
    ways = np.append(WAYS, 0)
    model = fitting.fit_additive(wide["learn"], cut.learn.missed, ways)
    risks = sigmoid(
        model.intercept + sum(term.adds(wide["test"][:, place]) for place, term in enumerate(model.terms))
    )
    found = measured.measures(risks, cut.test.missed, SHARE)
    print(f"  additive           AUC {found.auc:.3f}, AP {found.average_precision:.3f}")
    used = np.array([code in fitting.SIMPLE for code in fitting.CODES] + [True])
    line = np.column_stack([logged(wide["learn"][:, :-1]), ages[cut.learn.rows]])
    intercept, weights, centre = fitting.fit_logistic(line, cut.learn.missed, ways, used)
    test = np.column_stack([logged(wide["test"][:, :-1]), ages[cut.test.rows]])
    found = measured.measures(sigmoid(intercept + (test - centre) @ weights), cut.test.missed, SHARE)
    print(f"  missed, lead, age  AUC {found.auc:.3f}, AP {found.average_precision:.3f} (the usual baseline)")


def _named(cut: fitting.Folds) -> dict[str, fitting.Fold]:
    return {"learn": cut.learn, "test": cut.test}


if __name__ == "__main__":
    main()
