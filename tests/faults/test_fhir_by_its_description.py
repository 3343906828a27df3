"""FHIR asked by its own description, right and wrong, as everybody who might ask; a real process answers."""

import random

import pytest

from bench import fhir_fuzz
from tests import sizes
from tests.faults.house import a_house

EXAMPLES = sizes.of("R8", "examples of each operation")


@pytest.mark.promise("R8")
@pytest.mark.skipif(not EXAMPLES, reason="asked for by --size quick: it takes minutes")
def test_no_answer_is_a_fault_or_another_than_the_description_says(chance: random.Random) -> None:
    pytest.importorskip("schemathesis")
    with a_house(fhir_fuzz.PREPARE) as house:
        assert fhir_fuzz.run(house, EXAMPLES, chance.randrange(2**31), coverage=False) == 0
