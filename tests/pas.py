"""What a patient administration system sends, for the tests: HL7 v2 as its vendors write it."""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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


# What nobody should send

SENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
GOOD = (
    adt("A28", SENT - timedelta(minutes=9)),
    adt("A40", SENT - timedelta(minutes=8), more=("MRG|M2^^^RWP^MR",)),
    siu("S12", SENT - timedelta(minutes=7), starts_at=SENT + timedelta(days=3), referral="R1"),
    ref("I12", SENT - timedelta(minutes=6)),
)
SPOILS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda raw, chance: raw[: chance.randrange(len(raw))],
    lambda raw, chance: _struck(raw, chance, bytes([chance.randrange(256)])),
    lambda raw, chance: _struck(raw, chance, chance.choice([b"|", b"^", b"~", b"&", b"\\", b"\r", b"\r\r"])),
    lambda raw, chance: _struck(raw, chance, b""),
    lambda raw, chance: _struck(raw, chance, b"\x00\xff" * 40),
    lambda raw, chance: b"\r".join(chance.sample(raw.split(b"\r"), raw.count(b"\r") + 1)),
    lambda raw, chance: raw.replace(b"|", chance.choice([b"|", b"||", b"\t", b"^"])),
    lambda raw, chance: raw.replace(b"2026", chance.choice([b"0000", b"9999", b"2O26", b"-026"])),
    lambda raw, chance: chance.randbytes(chance.randrange(400)),
)


def _struck(raw: bytes, chance: random.Random, by: bytes) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + by + raw[place + 1 :]


def spoilt(number: int, *, seed: int, key: str = "") -> list[bytes]:
    """So many good messages, each with one thing wrong that goes wrong on the way.

    key  control id of each before it was spoilt, where it matters that it is a new one
    """
    chance = random.Random(seed)
    return [chance.choice(SPOILS)(_under(chance.choice(GOOD), key), chance) for _ in range(number)]


def _under(raw: bytes, key: str) -> bytes:
    return re.sub(rb"\|K\d+\|P\|", f"|{key}|P|".encode(), raw, count=1) if key else raw
