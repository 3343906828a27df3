"""What a system is sent, as bytes: SIU of appointments, ADT A08 with ZRT of clocks, by its mapping's [send].

    booked S12, moved S13, cancelled S15, missed S26, everything else S14 with its filler status

A value in, bytes out: the same value gives the same bytes, so that what is sent twice is known by both its
control id and its content.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

from clearway.domain.outpatients.telling import Said, Theirs, What
from clearway.domain.shared.errors import CannotParse

from .answer import escaped
from .send import Send

TRIGGERS: Mapping[What, str] = MappingProxyType(
    {
        What.BOOKED: "SIU^S12",
        What.MOVED: "SIU^S13",
        What.CANCELLED: "SIU^S15",
        What.MISSED: "SIU^S26",
        What.ARRIVED: "SIU^S14",
        What.NOT_ARRIVED: "SIU^S14",
        What.ATTENDED: "SIU^S14",
        What.REOPENED: "SIU^S14",
        What.CLOCK: "ADT^A08",
    }
)
OURS = "CLEARWAY"  # who gave an id or a code that is ours


def write(said: Said, theirs: Theirs, send: Send, *, key: str) -> bytes:
    """The message. key: its control id (MSH-10).

    Raises CannotParse where one of our codes has none of theirs: it is never guessed.
    """
    kind = TRIGGERS[said.what]
    lines = [_head(said, send, kind, key)]
    if said.what is What.CLOCK:
        lines += [["EVN", "A08", _stamp(said.happened_at)], _patient(said, theirs, send), ["PV1", "1", "N"]]
    else:
        lines += [_schedule(said, theirs, send), _patient(said, theirs, send), ["PV1", "1", "O"]]
        lines += _resources(said, send)
    lines += _clock(said, send)
    return "".join("|".join(line).rstrip("|") + "\r" for line in lines).encode()


def _head(said: Said, send: Send, kind: str, key: str) -> list[str]:
    names = (send.application, send.facility, send.to_application, send.to_facility)
    head = ["MSH", r"^~\&", *map(escaped, names), _stamp(said.happened_at), "", kind, escaped(key), "P"]
    return [*head, send.version, "", "", "", "", "", "UNICODE UTF-8"]


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}+0000"


def _day(on: date) -> str:
    return f"{on:%Y%m%d}"


def _patient(said: Said, theirs: Theirs, send: Send) -> list[str]:
    numbers = [f"{escaped(theirs.number)}^^^{escaped(send.to_facility)}^MR"] if theirs.number else []
    if said.number != theirs.number:
        numbers.append(
            f"{escaped(said.number)}^^^{escaped(send.facility or OURS)}^{'PI' if numbers else 'MR'}"
        )
    if said.nhs_number:
        numbers.append(f"{said.nhs_number}^^^NHS^NH")
    given, _, others = said.given_names.partition(" ")
    name = "^".join(map(escaped, (said.family_name, given, others))).rstrip("^")
    sex = send.codes.get("sex", {}).get(said.sex, "")
    return ["PID", "1", "", "~".join(numbers), "", name, "", _day(said.born_on), escaped(sex)]


def _schedule(said: Said, theirs: Theirs, send: Send) -> list[str]:
    fields = [""] * 28
    fields[0], fields[1] = "SCH", f"{escaped(said.placer)}^{OURS}"
    fields[2] = escaped(theirs.appointment)
    if said.what is What.CANCELLED:
        fields[6] = _reason(said, send)
    if said.starts_at is not None and said.ends_at is not None:
        minutes = round((said.ends_at - said.starts_at).total_seconds() / 60)
        fields[9], fields[10] = str(minutes), "min"
        fields[11] = f"^^{minutes}^{_stamp(said.starts_at)}^{_stamp(said.ends_at)}"
    fields[25] = escaped(send.codes.get("status", {}).get(said.state, ""))
    fields[27] = escaped(theirs.referral)
    return fields


def _reason(said: Said, send: Send) -> str:
    """Theirs; or ours, which says that it is ours."""
    code = send.codes.get("cancel_reason", {}).get(said.reason)
    return escaped(code) if code else f"{escaped(said.reason)}^^{OURS}" if said.reason else ""


def _resources(said: Said, send: Send) -> list[list[str]]:
    code = send.codes.get("clinic", {}).get(said.clinic)
    if code is None:
        named = f"Clinic {said.clinic}" if said.clinic else "A session of no clinic"
        fix = "Add it to [codes.clinic] or [send.codes.clinic] of the mapping, then send again."
        raise CannotParse("AIL-3", f"{named} has no code there.", fix)
    start = _stamp(said.starts_at) if said.starts_at is not None else ""
    return [["RGS", "1"], ["AIL", "1", "", escaped(code), "", "", start]]


def _clock(said: Said, send: Send) -> list[list[str]]:
    """What is said of the clock, at the places that the mapping names."""
    found: dict[str, dict[int, dict[int, str]]] = {}
    for name, place in send.rtt.items():
        value = getattr(said, name)
        text = _day(value) if isinstance(value, date) else escaped(value or "")
        if text:
            field = found.setdefault(place.segment, {}).setdefault(place.field, {})
            field[place.component or 1] = text
    return [[segment, *_fields(fields)] for segment, fields in sorted(found.items())]


def _fields(fields: Mapping[int, Mapping[int, str]]) -> list[str]:
    return [_parts(fields.get(number, {})) for number in range(1, max(fields) + 1)]


def _parts(parts: Mapping[int, str]) -> str:
    return "^".join(parts.get(number, "") for number in range(1, max(parts, default=0) + 1))
