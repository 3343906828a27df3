"""What a bench says of its measurements is among what it measured."""

from bench.live import summary
from bench.simulation_fit import PAGE, with_failures


def test_of_few_measurements_only_the_median_and_the_longest_are_given() -> None:
    assert summary([0.1, 0.2, 0.4]) == {"n": 3, "p50": 200.0, "max": 400.0}
    assert summary([0.1]) == {"n": 1, "p50": 100.0, "max": 100.0}
    assert summary([]) == "not measured"


def test_of_many_p95_is_never_above_the_longest() -> None:
    figures = summary([0.1] * 94 + [0.5] * 6)

    assert isinstance(figures, dict)
    assert figures["p50"] <= figures["p95"] <= figures["max"] == 500.0


def test_the_page_on_the_simulator_begins_with_what_its_own_tables_miss():
    text = PAGE.read_text(encoding="utf-8")
    missed = text.split("## How it was done")[0]

    assert with_failures(text) == text
    assert text.index("## What failed") < text.index("## Calm")
    assert "| Over 60 min, % | 17.8" in missed
    assert "| C1 mean response, min | 8.7" not in missed
