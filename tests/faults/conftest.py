"""One house for the whole folder; each test starts and ends its own processes in it, web stays."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.house import House, a_house


@pytest.fixture(scope="session")
def _house() -> Iterator[House]:
    with a_house() as house:
        yield house


@pytest.fixture
def house(_house: House) -> Iterator[House]:
    yield _house
    _house.end_all(but=["web"])
    _house.tell()


@pytest.fixture
def chance() -> random.Random:
    """Chance that can be had again: the seed is printed, CLEARWAY_FAULTS_SEED sets it."""
    seed = int(os.environ.get("CLEARWAY_FAULTS_SEED") or random.randrange(1_000_000))
    print(f"CLEARWAY_FAULTS_SEED={seed}")
    return random.Random(seed)
