"""How one sender writes: where each thing stands in its messages, and what its codes mean here.

A mapping is TOML, data of the trust. Everything has a usual value, so that the shortest mapping names only
the sender's clinics. `PLACES` is the one table of what is read: the mapping, the doctor of a feed and the
reference page all have it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from clearway.domain.outpatients.booking import REASONS
from clearway.domain.outpatients.completeness import priority_of
from clearway.domain.outpatients.waiting import REMOVALS, Removal
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import CannotParse

from .reading import Place
from .send import Send
from .send import parse as parse_send


@dataclass(frozen=True, slots=True)
class Read:
    """One thing that is read. usual: its places, of which the first that says something counts."""

    usual: tuple[str, ...]
    holds: str


PLACES: Mapping[str, Read] = MappingProxyType(
    {
        "family_name": Read(("PID-5.1.1",), "family name"),
        "given_name": Read(("PID-5.2",), "first name"),
        "other_names": Read(("PID-5.3",), "further given names"),
        "born_on": Read(("PID-7",), "date of birth"),
        "sex": Read(("PID-8",), "sex, by [codes.sex]"),
        "address_1": Read(("PID-11.1.1",), "address, first part"),
        "address_2": Read(("PID-11.2",), "address, second part"),
        "address_3": Read(("PID-11.3",), "address, town"),
        "postcode": Read(("PID-11.5",), "postcode"),
        "practice": Read(("PD1-3.3", "PD1-4.14.1"), "ODS code of the practice"),
        "died_on": Read(("PID-29",), "day of the death"),
        "is_dead": Read(("PID-30",), "Y where the patient has died"),
        "prior_number": Read(("MRG-1.1",), "number that was merged away"),
        "visit": Read(("PV1-19.1",), "id of the visit"),
        "visit_class": Read(("PV1-2",), "patient class; only the classes of [sender] outpatient are visits"),
        "happened_at": Read(("EVN-6", "EVN-2", "MSH-7"), "when it happened"),
        "filler": Read(("SCH-2.1",), "the sender's id of the appointment"),
        "placer": Read(("SCH-1.1",), "our id of the appointment, echoed"),
        "starts_at": Read(("SCH-11.4", "TQ1-7", "AIS-4", "AIL-6", "AIP-6", "AIG-8"), "start"),
        "clinic": Read(("AIL-3.1", "AIS-3.1", "AIG-3.1"), "clinic, by [codes.clinic]"),
        "status": Read(("SCH-25.1", "AIS-10.1"), "filler status (table 0278), by [codes.status]"),
        "cancel_reason": Read(("SCH-6.1",), "reason of a cancellation, by [codes.cancel_reason]"),
        "appointment_referral": Read(("SCH-27.1", "SCH-26.1"), "the sender's id of the referral"),
        "referral": Read(("RF1-6.1", "RF1-11.1"), "the sender's id of the referral"),
        "referral_priority": Read(("RF1-2.1",), "priority, by [codes.referral_priority]"),
        "service": Read(("RF1-10.1", "PV1-10", "RF1-3.1"), "service that is asked, by [codes.service]"),
        "received_on": Read(("RF1-9", "RF1-7", "MSH-7"), "day on which the trust received it"),
        "written_on": Read(("RF1-7",), "day on which it was written"),
        "source": Read(("RF1-4.1",), "source of referral, by [codes.referral_source]"),
        "referrer": Read(("PRD-2.1.1",), "family name of the referrer"),
        "referrer_organisation": Read(("PRD-7.1", "RF1-8.1"), "ODS code of the referrer"),
        "condition": Read(("DG1-3.2", "DG1-4"), "condition to be seen for"),
        "question": Read(("NTE-3",), "what is asked of the service"),
        "ubrn": Read((), "e-Referral booking reference"),
    }
)
TABLES = (
    *("sex", "status", "clinic", "service", "cancel_reason", "referral_priority", "referral_source"),
    "telecom",
)
USUAL_CODES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sex": MappingProxyType({"M": "1", "F": "2", "O": "9", "U": "9", "A": "9", "N": "9"}),
        # HL7 table 0278, filler status codes; what is not here changes nothing.
        "status": MappingProxyType(
            {
                **dict.fromkeys(("Booked", "Pending"), "booked"),
                **dict.fromkeys(("Started", "Complete"), "arrived"),
                **dict.fromkeys(("Cancelled", "Discontinued"), "cancelled"),
                "Deleted": "made in error",
                "Noshow": "missed",
            }
        ),
        "referral_priority": MappingProxyType({"S": "urgent", "A": "urgent", "R": "routine"}),
        # HL7 table 0202 and 0201: how PID-13 says what kind of number it is.
        "telecom": MappingProxyType({"PH": "phone", "CP": "mobile", "NET": "email", "Internet": "email"}),
    }
)
SENDER = (
    *("application", "facility", "zone", "encoding", "answer", "set_aside", "creates"),
    *("outpatient", "withdrawn"),
)
STATUSES = frozenset({"booked", "arrived", "cancelled", "made in error", "missed"})
HERE = ZoneInfo("Europe/London")
ANSWERS = ("AE", "AA")
# Reasons that need no clinician; a death is told as a death.
WITHDRAWN = tuple(
    each.value for each, rule in REMOVALS.items() if not rule.needs_clinician and each is not Removal.DIED
)


@dataclass(frozen=True, slots=True)
class Ids:
    """Which repetition of PID-3 is meant: by its type (.5) or by who gave it (.4); none: the first."""

    types: frozenset[str]
    assigners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SenderMapping:
    """One sender's way of writing.

    application, facility  what it says of itself in MSH-3 and MSH-4; "" for anything
    answer      what a sender is answered of a message that waits for a person: AE, or AA
    set_aside   kinds ("ADT^A01") or whole types ("ORU") that are known to be none of ours
    creates     kinds by which somebody unknown is registered
    outpatient  patient classes (PV1-2) of outpatient visits
    withdrawn   why a referral ends when its sender cancels it (REF I14); "" where a person says
    reasons     their code -> side and reason here
    send        what it is sent, and where; None for nothing
    """

    application: str = ""
    facility: str = ""
    zone: ZoneInfo = HERE
    encoding: str = "utf-8"
    answer: str = "AE"
    set_aside: frozenset[str] = frozenset()
    creates: frozenset[str] = frozenset({"ADT^A04", "ADT^A28"})
    outpatient: frozenset[str] = frozenset({"O"})
    withdrawn: str = ""
    number: Ids = Ids(frozenset({"MR", "MRN", "PI"}))
    nhs_number: Ids = Ids(frozenset({"NH", "NHS", "NHSNBR", "NHSNMBR"}), frozenset({"NHS"}))
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: USUAL_CODES)
    reasons: Mapping[str, tuple[CancelledBy, str]] = field(default_factory=dict)
    send: Send | None = None

    def where(self, name: str) -> tuple[Place, ...]:
        """The places at which a thing of PLACES stands."""
        return self.places.get(name, _usual(name))

    def is_from(self, application: str, facility: str) -> bool:
        """Whether a message that says this of its sender is one of this sender's."""
        return self.application in ("", application) and self.facility in ("", facility)

    def is_aside(self, kind: str) -> bool:
        return kind in self.set_aside or kind.partition("^")[0] in self.set_aside


def _usual(name: str) -> tuple[Place, ...]:
    return USUAL_PLACES[name]


USUAL_PLACES = MappingProxyType({name: tuple(map(Place.of, each.usual)) for name, each in PLACES.items()})


class _Table:
    """One table of the file; what was not asked for in the end is a mistake in writing."""

    def __init__(self, said: Any, name: str) -> None:
        if not isinstance(said, dict):
            raise CannotParse(name, "It is no table.", f"Write it as [{name}].")
        self.said, self.name = dict(said), name

    def texts(self, key: str, usual: Iterable[str]) -> frozenset[str]:
        found = self.said.pop(key, list(usual))
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise CannotParse(f"{self.name}.{key}", "It is no list of texts.", 'Write it like ["MR"].')
        return frozenset(found)

    def text(self, key: str, usual: str) -> str:
        found = self.said.pop(key, usual)
        if not isinstance(found, str):
            raise CannotParse(f"{self.name}.{key}", "It is no text.", "Put quotation marks around it.")
        return found

    def table(self, key: str) -> "_Table":
        return _Table(self.said.pop(key, {}), f"{self.name}.{key}" if self.name else key)

    def done(self, known: Iterable[str] = ()) -> None:
        if self.said:
            where = f"{self.name}.{min(self.said)}" if self.name else min(self.said)
            fix = f"Write one of: {', '.join(sorted(known))}." if known else "Leave it out."
            raise CannotParse(where, "Nothing is called so here.", fix)


def parse(text: str) -> SenderMapping:
    """The mapping of a file. Raises CannotParse with the place in it."""
    try:
        whole = _Table(tomllib.loads(text), "")
    except tomllib.TOMLDecodeError as problem:
        raise CannotParse("file", f"It is no TOML: {problem}.", "Mend that line.") from None
    sender, ids = whole.table("sender"), whole.table("ids")
    usual = SenderMapping()
    codes = _codes(whole.table("codes"))
    names = (sender.text("application", ""), sender.text("facility", ""))
    made = SenderMapping(
        application=names[0],
        facility=names[1],
        zone=_zone(sender.text("zone", "Europe/London")),
        encoding=_encoding(sender.text("encoding", "utf-8")),
        answer=_one_of(sender.text("answer", "AE"), ANSWERS, "sender.answer"),
        set_aside=sender.texts("set_aside", ()),
        creates=sender.texts("creates", usual.creates),
        outpatient=sender.texts("outpatient", usual.outpatient),
        withdrawn=_one_of(sender.text("withdrawn", ""), ("", *WITHDRAWN), "sender.withdrawn"),
        number=_ids(ids.table("number"), usual.number),
        nhs_number=_ids(ids.table("nhs_number"), usual.nhs_number),
        places=_places(whole.table("places")),
        codes={name: {**USUAL_CODES.get(name, {}), **codes.get(name, {})} for name in TABLES},
        reasons=_reasons(codes.get("cancel_reason", {})),
        send=parse_send(whole.table("send"), codes, names),
    )
    sender.done(SENDER)
    ids.done(("number", "nhs_number"))
    whole.done(("sender", "ids", "places", "codes", "send"))
    return made


def _one_of(said: str, known: Iterable[str], where: str) -> str:
    if said not in (choices := tuple(known)):
        raise CannotParse(where, "It is none of what is known.", f"Write one of: {', '.join(choices)}.")
    return said


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise CannotParse("sender.zone", "There is no such zone.", "Write one like Europe/London.") from None


def _encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise CannotParse(
            "sender.encoding", "There is no such character set.", "Write one like utf-8 or cp1252."
        ) from None
    return name


def _ids(table: _Table, usual: Ids) -> Ids:
    is_said = bool(table.said)
    made = Ids(table.texts("types", () if is_said else usual.types), table.texts("assigners", ()))
    table.done(("types", "assigners"))
    return made if is_said else usual


def _places(table: _Table) -> dict[str, tuple[Place, ...]]:
    found = {}
    for name in PLACES:
        if name not in table.said:
            continue
        said = table.said.pop(name)
        try:
            listed = [said] if isinstance(said, str) else said
            found[name] = tuple(Place.of(each) for each in listed)
        except (TypeError, ValueError):
            where = f"places.{name}"
            raise CannotParse(where, "It names no place.", 'Write it like "PID-5.1", or a list.') from None
    table.done(PLACES)
    return found


def _codes(table: _Table) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in TABLES:
        if name not in table.said:
            continue
        each = table.table(name)
        found[name] = {key: each.text(key, "") for key in list(each.said)}
        for key, meaning in found[name].items():
            _check_meaning(name, key, meaning)
    table.done(TABLES)
    return found


def _check_meaning(table: str, key: str, meaning: str) -> None:
    where = f"codes.{table}.{key}"
    known: Mapping[str, Iterable[str]] = {
        "sex": ("1", "2", "9"),
        "status": sorted(STATUSES),
        "telecom": ("phone", "mobile", "email"),
        "cancel_reason": sorted(_sides()),
    }
    if table in known:
        _one_of(meaning, known[table], where)
    elif table == "referral_priority" and priority_of(meaning) is None:
        raise CannotParse(where, "There is no such priority.", "Write routine, urgent or two week wait.")
    elif not meaning.strip():
        raise CannotParse(where, "It means nothing.", "Write what it is called here.")


def _sides() -> dict[str, CancelledBy]:
    return {reason: side for side, reasons in REASONS.items() for reason in reasons}


def _reasons(codes: Mapping[str, str]) -> dict[str, tuple[CancelledBy, str]]:
    sides = _sides()
    return {code: (sides[reason], reason) for code, reason in codes.items()}
