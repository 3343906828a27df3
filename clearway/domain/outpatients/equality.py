"""What is held of patients so that groups can be compared: ethnic category, and deprivation by postcode.

For audit and figures of groups alone: neither is an input of a ranking, an offer or a model (docs/adr/0083).
Source of the codes: NHS Data Dictionary, ethnic category. Deciles: English Indices of Deprivation, 1 being
the most deprived tenth of areas; which postcode lies in which the trust supplies as data.
"""

from collections.abc import Mapping
from types import MappingProxyType

from .words import Code


class EthnicCategory(Code):
    """Ethnic category, as the patient says."""

    WHITE_BRITISH = "A", "White: British"
    WHITE_IRISH = "B", "White: Irish"
    WHITE_OTHER = "C", "White: any other background"
    MIXED_CARIBBEAN = "D", "Mixed: White and Black Caribbean"
    MIXED_AFRICAN = "E", "Mixed: White and Black African"
    MIXED_ASIAN = "F", "Mixed: White and Asian"
    MIXED_OTHER = "G", "Mixed: any other background"
    ASIAN_INDIAN = "H", "Asian or Asian British: Indian"
    ASIAN_PAKISTANI = "J", "Asian or Asian British: Pakistani"
    ASIAN_BANGLADESHI = "K", "Asian or Asian British: Bangladeshi"
    ASIAN_OTHER = "L", "Asian or Asian British: any other background"
    BLACK_CARIBBEAN = "M", "Black or Black British: Caribbean"
    BLACK_AFRICAN = "N", "Black or Black British: African"
    BLACK_OTHER = "P", "Black or Black British: any other background"
    CHINESE = "R", "Other: Chinese"
    OTHER = "S", "Other: any other ethnic group"
    NOT_STATED = "Z", "Not stated: asked, and not said"
    NOT_KNOWN = "99", "Not known: not asked"


DECILES = range(1, 11)
QUINTILES: Mapping[str, str] = MappingProxyType(
    {
        "1": "1, most deprived fifth of areas",
        "2": "2",
        "3": "3",
        "4": "4",
        "5": "5, least deprived fifth of areas",
    }
)


def quintile_of(decile: int) -> str:
    """The fifth of areas in which a tenth lies. Raises ValueError for no decile."""
    if decile not in DECILES:
        raise ValueError(f"{decile} is no decile: it is 1 to 10.")
    return str((decile + 1) // 2)
