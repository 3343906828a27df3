"""Invented general practices of the patients of the simulated department, and their directory.

One in each district of postcodes. Their codes are none that the Organisation Data Service gives: those of
practices are a letter and five digits. One district keeps the code of a practice that was taken over, as
records do after a merger.
"""

import json
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from .people import HOMES

TOOK_OVER = "2025-04-01"
MERGED = MappingProxyType({"WR10": "CWABBEY"})  # district -> the code that its patients' records still name


def practice(postcode: str) -> str:
    """The code of the practice at which somebody who lives there is registered."""
    district = postcode.partition(" ")[0]
    return MERGED.get(district, f"CW{district}")


def directory() -> bytes:
    """Every practice, as the reference data interface of ODS answers, one on each line."""
    return "\n".join(json.dumps({"Organisation": each}) for each in _organisations()).encode()


def _organisations() -> Iterator[dict[str, Any]]:
    for town, district in (home for homes in HOMES.values() for home in homes):
        code = f"CW{district}"
        yield _organisation(code, f"{town} {district} Surgery (invented)", town)
        if district in MERGED:
            yield _organisation(MERGED[district], "Abbey Practice (invented)", town, successor=code)


def _organisation(code: str, name: str, town: str, successor: str = "") -> dict[str, Any]:
    legal = {"Type": "Legal", "Start": "1974-04-01", **({"End": "2025-03-31"} if successor else {})}
    after = {
        "Type": "Successor",
        "Target": {"OrgId": {"extension": successor}},
        "Date": [{"Type": "Legal", "Start": TOOK_OVER}],
    }
    return {
        "Name": name,
        "Date": [legal],
        "OrgId": {"extension": code},
        "Status": "Inactive" if successor else "Active",
        "GeoLoc": {"Location": {"AddrLn1": "1 Invented Street", "Town": town}},
        "Roles": {"Role": [{"id": "RO76"}]},
        "Succs": {"Succ": [after] if successor else []},
    }
