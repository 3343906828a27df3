"""How much each promise is tried, and the seed that a run is had again from.

`change` is what every change is tested with, so that the whole suite stays short; `quick` is what `clearway
evidence` runs on anybody's machine; `full` is the size before a release. quick and full are the sizes of the
project's list of promises. pytest takes `--size quick` and `--seed 7`; tests/conftest.py sets both before any
test is read, so that a module may ask for its size as it is imported.
"""

import random
from typing import NamedTuple

NAMES = ("change", "quick", "full")


class Sizes(NamedTuple):
    change: int
    quick: int
    full: int


# Promise -> what is counted -> how many.
TABLE: dict[str, dict[str, Sizes]] = {
    "R1": {
        "kills while messages come": Sizes(9, 13, 250),
        "kills while bookings come": Sizes(3, 12, 250),
        "bookings": Sizes(40, 1_000, 20_000),
    },
    "R2": {"attempts": Sizes(300, 1_000, 10_000)},
    "R3": {"pairs of edits": Sizes(6, 200, 2_000)},
    "R4": {"steps": Sizes(90, 2_000, 100_000), "things done by 8 workers": Sizes(240, 3_000, 100_000)},
    "R5": {
        "orders of events": Sizes(15, 100, 1_000),
        "messages of a control room": Sizes(300, 5_000, 100_000),
        "messages of a patient system": Sizes(26, 416, 2_080),
    },
    "R6": {
        "damaged HL7 messages": Sizes(40, 400, 400),
        "damaged FHIR requests": Sizes(120, 300, 300),
        "damaged CSV and XLSX files": Sizes(39, 300, 300),
        "tenths of a second on each parser": Sizes(1, 9, 300),
    },
    "R8": {
        "examples of each operation": Sizes(0, 30, 300),
        "examples in one process": Sizes(2, 30, 300),
    },
    "R9": {"intervals": Sizes(2_000, 10_000, 10_000)},
    "R18": {"requests": Sizes(40, 500, 10_000), "seconds of partition": Sizes(1, 10, 60)},
    "R20": {"texts": Sizes(40, 40, 90), "kills": Sizes(8, 8, 100)},
    "S1": {"pages of each permission that a role may not open": Sizes(1, 10_000, 10_000)},
    "A1": {
        "one form of so many is sent empty": Sizes(2, 1, 1),
        "pages seen once are seen again": Sizes(0, 1, 1),
    },
    "S7": {"tamperings": Sizes(50, 50, 1_000)},
}

_run = {"size": "change", "seed": 0}


def begin(name: str, seed: int) -> None:
    """Set the size and seed of this run; before any test is read."""
    _run.update(size=name, seed=seed)


def of(promise: str, what: str) -> int:
    """How many of these this run tries for the promise."""
    return int(getattr(TABLE[promise][what], str(_run["size"])))


def told(promise: str, size: str) -> dict[str, int]:
    """What is counted of a promise at this size, for whoever reads the result."""
    return {what: int(getattr(sizes, size)) for what, sizes in TABLE.get(promise, {}).items()}


def luck(test: str) -> random.Random:
    """Chance of one test, the same for the same seed whatever else runs: it prints how to have it again."""
    print(f"Again with the same chance: --seed {_run['seed']} --size {_run['size']}")
    return random.Random(f"{_run['seed']} {test}")
