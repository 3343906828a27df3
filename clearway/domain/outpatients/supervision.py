"""Work that a coordinator gives to a junior, and how much of it is looked at afterwards."""

import random
from collections.abc import Sequence

from .words import Code

MOST = 40  # things in one batch: what can be done in a day or two and still be looked at


class Kind(Code):
    """What is given."""

    REFERRALS = "referrals", "referrals to complete"
    CALLS = "calls", "calls to make"
    CLINICS = "clinics", "clinics to cash up"
    CHECKS = "checks", "findings of the list checks"


def sample(keys: Sequence[int], count: int, seed: int) -> list[int]:
    """Which things of a batch are reviewed: `count` of them by chance, all where there are no more.

    The seed is the batch, so that nobody chooses what is looked at, and it can be shown again.
    """
    chosen = random.Random(seed).sample(sorted(keys), min(count, len(keys)))
    return sorted(chosen)
