"""Which part of a junior's work is reviewed."""

from clearway.domain.outpatients.supervision import sample


def test_a_sample_is_by_chance_and_the_same_for_the_same_batch() -> None:
    keys = list(range(100, 140))

    assert sample(keys, 5, seed=7) == sample(list(reversed(keys)), 5, seed=7)
    assert len(set(sample(keys, 5, seed=7))) == 5
    assert sample(keys, 5, seed=7) != sample(keys, 5, seed=8)


def test_a_small_batch_is_reviewed_whole() -> None:
    assert sample([3, 1, 2], 5, seed=1) == [1, 2, 3]
