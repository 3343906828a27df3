"""What a patient administration system sends, for the tests: HL7 v2 as its vendors write it."""

from datetime import datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
KEYS = count(1)
ADA = "PID|1||M1^^^RWP^MR~9990548609^^^NHS^NH||Brown^Ada^Jane||19700301|F|||1 High Street^^Worcester^^WR5 1DD"


def stamp(at: datetime) -> str:
    """Local time with its offset, as most systems write it."""
    return at.astimezone(LONDON).strftime("%Y%m%d%H%M%S%z")


def message(kind: str, at: datetime, *segments: str, key: str = "") -> bytes:
    """A message of a kind like "SIU^S12" with these segments."""
    head = f"MSH|^~\\&|PAS|RWP|CLEARWAY|RWP|{stamp(at)}||{kind}|{key or f'K{next(KEYS)}'}|P|2.4"
    return "\r".join([head, *filter(None, segments)]).encode() + b"\r"


def adt(trigger: str, at: datetime, *, pid: str = ADA, more: tuple[str, ...] = (), **said: Any) -> bytes:
    """An ADT message about a patient."""
    return message(f"ADT^{trigger}", at, f"EVN|{trigger}|{stamp(at)}", pid, *more, **said)


def siu(
    trigger: str,
    at: datetime,
    *,
    filler: str = "F1",
    starts_at: datetime | None = None,
    clinic: str = "BACK-MON",
    status: str = "",
    reason: str = "",
    referral: str = "",
    placer: str = "",
    pid: str = ADA,
    key: str = "",
) -> bytes:
    """A message about an appointment."""
    start = stamp(starts_at) if starts_at else ""
    sch = [
        "SCH",
        placer,
        filler,
        *[""] * 3,
        reason,
        *[""] * 4,
        f"^^^{start}",
        *[""] * 13,
        status,
        "",
        referral,
    ]
    resources = ("RGS|1", f"AIL|1||{clinic}^^^RWP") if starts_at else ()
    return message(f"SIU^{trigger}", at, "|".join(sch), pid, *resources, key=key)


def ref(trigger: str, at: datetime, *, theirs: str = "R1", service: str = "PHYSIO", key: str = "") -> bytes:
    """A message about a referral."""
    rf1 = ["RF1", "A", "R", "", "03", "", theirs, stamp(at), "", stamp(at), service]
    told = ("PRD|RP|Hale^Robin|||||M81234", ADA, "DG1|1||M54.5^Low back pain^I10", "NTE|1||Can they work?")
    return message(f"REF^{trigger}", at, "|".join(rf1), *told, key=key)
