"""What a bench says of its measurements is among what it measured."""

from bench.live import summary


def test_of_few_measurements_only_the_median_and_the_longest_are_given() -> None:
    assert summary([0.1, 0.2, 0.4]) == {"n": 3, "p50": 200.0, "max": 400.0}
    assert summary([0.1]) == {"n": 1, "p50": 100.0, "max": 100.0}
    assert summary([]) == "not measured"


def test_of_many_p95_is_never_above_the_longest() -> None:
    figures = summary([0.1] * 94 + [0.5] * 6)

    assert isinstance(figures, dict)
    assert figures["p50"] <= figures["p95"] <= figures["max"] == 500.0
