"""Ethnic categories and deprivation of invented patients and places, for comparing groups in a demonstration.

Nothing that is simulated depends on them, so that groups differ by chance alone. All shares are assumed.
"""

from clearway.domain.outpatients.equality import EthnicCategory as Ethnic

from ..shared.chance import Chance

ASKED = 0.85  # share of patients whose category is recorded
SHARES = {
    Ethnic.WHITE_BRITISH: 0.84,
    Ethnic.WHITE_IRISH: 0.01,
    Ethnic.WHITE_OTHER: 0.05,
    Ethnic.MIXED_CARIBBEAN: 0.008,
    Ethnic.MIXED_OTHER: 0.007,
    Ethnic.ASIAN_INDIAN: 0.015,
    Ethnic.ASIAN_PAKISTANI: 0.025,
    Ethnic.ASIAN_BANGLADESHI: 0.006,
    Ethnic.BLACK_CARIBBEAN: 0.005,
    Ethnic.BLACK_AFRICAN: 0.006,
    Ethnic.OTHER: 0.008,
    Ethnic.NOT_STATED: 0.02,
}


def ethnicity(number: str, seed: int) -> str | None:
    """The category of a patient, by their NHS number; None where nobody asked."""
    chance = Chance(seed, f"background/{number}")
    return (
        chance.one_of({each.value: share for each, share in SHARES.items()})
        if chance.happens(ASKED)
        else None
    )


def decile(postcode: str, seed: int) -> int:
    """The decile of a postcode: the same throughout a sector, as "WR5 1" of WR5 1DD."""
    return 1 + int(Chance(seed, f"deprivation/{postcode[:-2]}").share() * 10)
