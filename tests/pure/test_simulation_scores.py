"""The NEWS2 of simulated patients."""

from collections import Counter

from clearway.simulation.ambulance.patients import HIGH, LOW, MEDIUM, news2


def test_scores_come_in_the_shares_that_the_pack_says():
    drawn = Counter(news2(f"call-{number}", (0.12, 0.2)) for number in range(20_000))

    assert abs(drawn[MEDIUM] / 20_000 - 0.12) < 0.01
    assert abs(drawn[HIGH] / 20_000 - 0.2) < 0.01


def test_a_patient_has_one_score_for_ever():
    assert news2("call-1", (0.3, 0.3)) == news2("call-1", (0.3, 0.3))


def test_where_nobody_says_otherwise_every_score_is_low():
    assert {news2(f"call-{number}", (0.0, 0.0)) for number in range(1000)} == {LOW}
