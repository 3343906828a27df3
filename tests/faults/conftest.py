"""One house for the whole folder; each test starts and ends its own processes in it, web stays."""

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
