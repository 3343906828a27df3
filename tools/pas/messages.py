"""HL7 v2.4 as this system writes it, by hand; what it is sent is taken apart by hl7apy."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from .book import Appointment, Patient, Referral

LONDON = ZoneInfo("Europe/London")
HERE, THERE = ("PAS", "RWP"), ("CLEARWAY", "RWP")


def stamp(at: datetime) -> str:
    return at.astimezone(LONDON).strftime("%Y%m%d%H%M%S%z")


def message(kind: str, key: str, at: datetime, *segments: str, application: str) -> str:
    head = f"MSH|^~\\&|{application}|{HERE[1]}|{THERE[0]}|{THERE[1]}|{stamp(at)}||{kind}|{key}|P|2.4"
    return "\r".join((head, *segments)) + "\r"


def pid(patient: Patient) -> str:
    numbers = f"{patient.number}^^^{HERE[1]}^MR"
    if patient.nhs:
        numbers += f"~{patient.nhs}^^^NHS^NH"
    fields = [""] * 31
    fields[0], fields[1], fields[3], fields[5] = "PID", "1", numbers, f"{patient.family}^{patient.given}"
    fields[7], fields[8] = patient.born.replace("-", ""), patient.sex
    fields[11] = patient.address and f"{patient.address}^^Worcester^^WR5 1DD"
    fields[13] = patient.phone and f"{patient.phone}^PRN^PH"
    if patient.died:
        fields[29], fields[30] = patient.died.replace("-", ""), "Y"
    return "|".join(fields).rstrip("|")


def adt(trigger: str, at: datetime, patient: Patient, *, prior: str = "", visit: str = "") -> list[str]:
    """EVN, PID and what the event asks for."""
    found = [f"EVN|{trigger}|{stamp(at)}", pid(patient)]
    if prior:
        found.append(f"MRG|{prior}^^^{HERE[1]}^MR")
    found.append("|".join(["PV1", "1", "O", *[""] * 16, visit]).rstrip("|"))
    return found


def siu(appointment: Appointment, patient: Patient) -> list[str]:
    """SCH, PID and the clinic."""
    fields = [""] * 28
    fields[0], fields[1], fields[2] = "SCH", appointment.placer, appointment.filler
    fields[6] = appointment.reason
    fields[11] = f"^^^{stamp(datetime.fromisoformat(appointment.start))}"
    fields[25], fields[27] = appointment.status, appointment.referral
    return ["|".join(fields).rstrip("|"), pid(patient), "RGS|1", f"AIL|1||{appointment.clinic}^^^{HERE[1]}"]


def ref(referral: Referral, patient: Patient, at: datetime) -> list[str]:
    """RF1, the referrer, PID and the question."""
    status = "C" if referral.withdrawn else "A"
    rf1 = ["RF1", status, referral.priority, "", "03", "", referral.id, stamp(at), "", stamp(at)]
    found = ["|".join([*rf1, referral.service]), "PRD|RP|Hale^Robin|||||M81234", pid(patient)]
    return found + ([f"NTE|1||{referral.question}"] if referral.question else [])


class Received:
    """A message that came, by segment and field; "" for what it does not say."""

    def __init__(self, text: str) -> None:
        found: Any = parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
        self.segments = {each.name: each.to_er7().split("|") for each in reversed(found.children)}
        self.kind = str(found.msh.msh_9.value)
        self.key = str(found.msh.msh_10.value)
        self.at = moment(str(found.msh.msh_7.value))

    def field(self, segment: str, number: int, component: int = 1) -> str:
        fields = self.segments.get(segment, [])
        parts = fields[number].split("^") if len(fields) > number else []
        return parts[component - 1] if len(parts) >= component else ""

    def numbers(self) -> list[tuple[str, str]]:
        """The patient's identifiers: pairs of value and type."""
        fields = self.segments.get("PID", [])
        each = (said.split("^") for said in (fields[3].split("~") if len(fields) > 3 else []))
        return [(parts[0], parts[4]) for parts in each if len(parts) > 4]


def moment(text: str) -> datetime:
    """A time stamp to the second, with its offset where it says one."""
    if text[14:15] in ("+", "-"):
        return datetime.strptime(text, "%Y%m%d%H%M%S%z").astimezone(UTC)
    return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=LONDON).astimezone(UTC)


def acknowledgement(of: str, code: str, at: datetime, words: str = "") -> str:
    lines = [
        f"MSH|^~\\&|{HERE[0]}|{HERE[1]}|{THERE[0]}|{THERE[1]}|{stamp(at)}||ACK|A{of}|P|2.4",
        f"MSA|{code}|{of}",
        *([f"ERR|||207|E||||{words}"] if words else []),
    ]
    return "\x0b" + "\r".join(lines) + "\r\x1c\r"
