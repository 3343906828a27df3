"""Both interfaces of real processes asked by their own descriptions, right and wrong, as everybody.

The size of every change is asked in one process: tests/database/test_apis_by_their_descriptions.py.
"""

import random
from collections.abc import Iterator

import pytest

from tests import sizes
from tests.faults.house import House, a_house

EXAMPLES = sizes.of("R8", "examples of each operation")
pytestmark = [
    pytest.mark.promise("R8"),
    pytest.mark.skipif(not EXAMPLES, reason="asked for by --size quick: it takes minutes"),
]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    pytest.importorskip("schemathesis")
    from bench import api_fuzz

    with a_house(api_fuzz.PREPARE) as made:
        yield made


def test_no_answer_of_fhir_is_a_fault_or_another_than_the_description_says(
    house: House, chance: random.Random
) -> None:
    from bench import api_fuzz

    assert api_fuzz.run_fhir(house, EXAMPLES, chance.randrange(2**31), coverage=False) == 0


def test_no_answer_of_the_others_is_a_fault_or_another_than_the_description_says(
    house: House, chance: random.Random
) -> None:
    from bench import api_fuzz

    assert api_fuzz.run_native(house, EXAMPLES, chance.randrange(2**31)) == 0
