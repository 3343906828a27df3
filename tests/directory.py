"""Files of the national directory, in the forms in which they are published; invented practices."""

import csv
import io
import json
from typing import Any


def practice(code: str, name: str, *, opened: str = "19740401", closed: str = "", **more: str) -> list[str]:
    """A row of epraccur: 27 columns."""
    address = [more.get("address", "1 HILL ROAD"), "", "", "WORCESTER", "WORCESTERSHIRE"]
    status = more.get("status", "C" if closed else "A")
    head = [code, name, "Y60", "QGH", *address, more.get("postcode", "WR5 1DD"), opened, closed, status, "B"]
    return [*head, "18C", "20200401", "", "01905 000000", "", "", "", "0", "", "18C", "", "4", ""]


def successor(old: str, new: str, on: str = "20240401") -> list[str]:
    """A row of succ: 5 columns."""
    return [old, new, "R", on, "Y"]


def file(*rows: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def ord_json(code: str, name: str, *, status: str = "Active", end: str = "", succeeds: Any = ()) -> bytes:
    """What the reference data interface answers for one organisation. succeeds: codes of its successors."""
    legal = {"Type": "Legal", "Start": "1974-04-01", **({"End": end} if end else {})}
    succession = [
        {
            "uniqueSuccId": 1,
            "Type": "Successor",
            "Target": {"OrgId": {"extension": each}},
            "Date": [{"Type": "Legal", "Start": "2024-04-01"}],
        }
        for each in succeeds
    ]
    said = {
        "Name": name,
        "Date": [{"Type": "Operational", "Start": "1974-05-01"}, legal],
        "OrgId": {"root": "2.16.840.1.113883.2.1.3.2.4.18.48", "extension": code},
        "Status": status,
        "GeoLoc": {"Location": {"AddrLn1": "1 HILL ROAD", "Town": "WORCESTER", "PostCode": "WR5 1DD"}},
        "Roles": {"Role": [{"id": "RO177", "primaryRole": True}, {"id": "RO76"}]},
        "Rels": {"Rel": [{"id": "RE4", "Status": "Active", "Target": {"OrgId": {"extension": "18C"}}}]},
        "Succs": {"Succ": succession},
    }
    return json.dumps({"Organisation": said}).encode()
