"""What a system is sent and how: the table [send] of its mapping.

Its codes are those of the mapping turned back: where several of theirs mean one of ours the first counts,
unless [send.codes] says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from clearway.domain.outpatients.telling import KINDS, What
from clearway.domain.shared.errors import CannotParse

from .reading import Place

ALL = tuple(dict.fromkeys(KINDS.values()))
VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6")
# What is said of the clock, and where; ZRT is a segment of our own, as the standard has none.
RTT: Mapping[str, str] = MappingProxyType(
    {
        "status": "ZRT-1",
        "pathway": "ZRT-2",
        "issuer": "ZRT-3",
        "started_on": "ZRT-4",
        "treat_by": "ZRT-5",
        "ended_on": "ZRT-6",
        "event": "ZRT-7",
        "event_on": "ZRT-8",
    }
)
USUAL_RTT = MappingProxyType({name: Place.of(place) for name, place in RTT.items()})
CODES = ("clinic", "status", "cancel_reason", "sex")
# State of an appointment here -> HL7 table 0278, filler status codes.
STATUS: Mapping[str, str] = MappingProxyType(
    {
        "booked": "Booked",
        "arrived": "Started",
        "attended": "Complete",
        "missed": "Noshow",
        "cancelled": "Cancelled",
    }
)
SEX: Mapping[str, str] = MappingProxyType({"1": "M", "2": "F", "9": "U", "X": "U", "0": "U"})


@dataclass(frozen=True, slots=True)
class Send:
    """Where and what a system is sent.

    authority         file with the authority of its certificate; "" for those of the machine
    certificate, key  files of our own certificate, where it asks for one
    application, facility        what we say of ourselves in MSH-3 and MSH-4
    to_application, to_facility  what we call it in MSH-5 and MSH-6
    rtt    where what is said of the clock stands
    codes  table -> our code -> theirs
    """

    host: str
    port: int
    tls: bool = False
    authority: str = ""
    certificate: str = ""
    key: str = ""
    kinds: frozenset[str] = frozenset(ALL)
    application: str = "CLEARWAY"
    facility: str = ""
    to_application: str = ""
    to_facility: str = ""
    version: str = "2.4"
    rtt: Mapping[str, Place] = field(default_factory=lambda: USUAL_RTT)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def wants(self, what: What) -> bool:
        """Whether it is told of this."""
        return KINDS[what] in self.kinds


def parse(table: Any, codes: Mapping[str, Mapping[str, str]], to: tuple[str, str]) -> Send | None:
    """The table [send] as `mapping` reads tables; None where there is none. Raises CannotParse.

    codes  of the mapping, theirs -> ours; to  what the sender says of itself
    """
    if not table.said:
        return None
    rtt, own = table.table("rtt"), table.table("codes")
    texts = {
        name: table.text(name, usual)
        for name, usual in (
            *(("host", ""), ("authority", ""), ("certificate", ""), ("key", "")),
            *(("application", "CLEARWAY"), ("facility", "")),
            *(("to_application", to[0]), ("to_facility", to[1]), ("version", "2.4")),
        )
    }
    if not texts["host"]:
        raise CannotParse("send.host", "It is empty.", "Write the address that listens.")
    if texts["version"] not in VERSIONS:
        raise CannotParse(
            "send.version", "It is none that is written.", f"Write one of: {', '.join(VERSIONS)}."
        )
    if bool(texts["certificate"]) != bool(texts["key"]):
        raise CannotParse("send.certificate", "It goes with its key.", "Write both, or neither.")
    made = Send(
        port=_port(table.said.pop("port", None)),
        tls=_flag(table.said.pop("tls", False)),
        kinds=_kinds(table.texts("kinds", ALL)),
        rtt=_places(rtt),
        codes=_turned(own, codes),
        **texts,
    )
    table.done(("host", "port", "tls", "kinds", *texts, "rtt", "codes"))
    return made


def _port(said: Any) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not 0 < said < 65536:
        raise CannotParse("send.port", "It is no port.", "Write a number from 1 to 65535.")
    return said


def _flag(said: Any) -> bool:
    if not isinstance(said, bool):
        raise CannotParse("send.tls", "It is neither true nor false.", "Write true or false.")
    return said


def _kinds(said: frozenset[str]) -> frozenset[str]:
    if bad := said - set(ALL):
        raise CannotParse("send.kinds", f"Nothing is called {min(bad)}.", f"Write of: {', '.join(ALL)}.")
    return said


def _places(table: Any) -> Mapping[str, Place]:
    found = dict(USUAL_RTT)
    for name in RTT:
        if name not in table.said:
            continue
        try:
            place = Place.of(table.text(name, ""))
        except ValueError:
            place = None
        if place is None or place.segment[0] != "Z":
            why = 'Write it like "ZRT-1": a segment whose name begins with Z.'
            raise CannotParse(f"send.rtt.{name}", "It names no place.", why)
        found[name] = place
    table.done(RTT)
    return found


def _turned(table: Any, codes: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"status": dict(STATUS), "sex": dict(SEX)}
    for name in ("clinic", "cancel_reason"):
        found[name] = {}
        for theirs, ours in codes.get(name, {}).items():
            found[name].setdefault(ours, theirs)
    for name in CODES:
        each = table.table(name)
        found[name] |= {ours: each.text(ours, "") for ours in list(each.said)}
    table.done(CODES)
    return found
