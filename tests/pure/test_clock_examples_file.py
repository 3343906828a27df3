"""The worked examples that the demonstration shows as patients are the ones that the tests run."""

from pathlib import Path

import pytest

from clearway.config.regions import find
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import clock_examples

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "rtt_examples.toml"


def test_the_pack_holds_the_very_examples_that_are_tested() -> None:
    assert find("worcestershire")[clock_examples.FILE] == GOLDEN.read_bytes()


def test_all_examples_are_read_with_their_pathways() -> None:
    examples = clock_examples.parse(GOLDEN.read_bytes())

    assert {int(each.number.rstrip("b")) for each in examples} == set(range(1, 55))
    assert any(len(each.pathways) == 2 for each in examples)


def test_an_example_with_an_event_there_is_not_is_named() -> None:
    broken = GOLDEN.read_text().replace('"referral_received"', '"referral_lost"', 1).encode()

    with pytest.raises(CannotParse, match="example 1"):
        clock_examples.parse(broken)
