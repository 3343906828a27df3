"""The page of what is served, made from the table."""

from collections.abc import Iterable

from .codes import APPOINTMENT_STATUS, CANCELLED_FOR, ENCOUNTER_STATUS, REQUEST_STATUS
from .outcome import CODE_OF
from .served import MESSAGES, MOST, SERVED, Served

STATUSES = (
    (200, "read, found, changed, or a message done"),
    (201, "booked or held; `Location` and `ETag` say which and as what"),
    (202, "stored, and read by the workers; the same request again hears what became of it"),
    (400, "cannot be read: shape, code, parameter or header"),
    (401, "no key of a FHIR source that is switched on"),
    (404, "nothing of this trust has this id, or nothing is served there"),
    (405, "not done with this type; an update of an appointment that is not there"),
    (406, "asks for a format that is not spoken"),
    (409, "somebody else was first (with the next free slots), or it was taken already"),
    (411, "sent in chunks: its length is not said"),
    (412, "changed since it was read: each element that differs, with both values"),
    (413, "over 1 MiB"),
    (415, "not JSON"),
    (422, "a rule of the desk is against it, or it names somebody or something that is not here"),
    (428, "an update without `If-Match`"),
    (429, "asks too often; `Retry-After` says when again"),
)


WHAT = """What is served under `/fhir/R4`; see [the how-to](../how-to/book-through-fhir.md). The same table
makes the CapabilityStatement (`/fhir/R4/metadata`) and an OpenAPI document (`/fhir/R4/openapi.json`), which
anybody may read. Everything else asks for the key of a source of the kind `fhir` and shows its trust only."""
SEARCHING = f"""By these parameters and no others; with each type also `_id`, `_count`, `_after`, `_include`
and `_format`. A page has at most {MOST} resources; the link `next` leads on. An unknown parameter is refused
unless `Prefer: handling=lenient` is sent; then the link `self` shows what was used. Several values of a token
or a reference stand with commas between them."""
MESSAGING = """`POST /fhir/R4/$process-message`, a Bundle of the type message of the Booking and Referral
Standard. A booking is made, moved (`update` with another slot) or cancelled (`cancelled` with its reason); a
referral is registered and goes to triage. Answers, validation requests and the ending of referrals are
refused with 422."""


def page() -> str:
    """The page as Markdown."""
    blocks = [
        "# FHIR R4",
        "Generated from the code by `clearway reference write`; edit the code, not this page.",
        WHAT,
        _table(("type", "what it is", "done with it"), map(_row, SERVED.values())),
        "## Searching",
        SEARCHING,
        *(_section(each) for each in SERVED.values()),
        "## Messages",
        MESSAGING,
        _table(("event", "definition"), ((f"`{event}`", f"`{what}`") for event, what in MESSAGES)),
        "## Statuses of answers",
        "Every refusal is an OperationOutcome that names the place, the reason and what mends it.",
        _table(
            ("status", "means", "code of the standard"),
            ((str(each), says, _code(each)) for each, says in STATUSES),
        ),
        "## Codes",
        "Of an appointment, a referral and a visit, by the word of the desk:",
        *(
            _table((name, "here"), ((f"`{theirs}`", ours) for ours, theirs in table.items()))
            for name, table in (
                ("Appointment.status", APPOINTMENT_STATUS),
                ("ServiceRequest.status", REQUEST_STATUS),
                ("Encounter.status", ENCOUNTER_STATUS),
            )
        ),
        "Reasons of a cancellation that are understood, and what each counts as:",
        _table(
            ("Appointment.cancelationReason", "cancelled by", "reason here"),
            ((f"`{code}`", side, f"`{why}`") for code, (side, why) in CANCELLED_FOR.items()),
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _row(served: Served) -> tuple[str, ...]:
    return f"`{served.kind}`", served.says, ", ".join(served.interactions)


def _section(served: Served) -> str:
    lines = [f"### {served.kind}"]
    lines.append(
        _table(
            ("parameter", "type", "means", "example"),
            ((f"`{each.name}`", each.kind, each.says, f"`{_plain(each.example)}`") for each in served.params),
        )
    )
    if served.needed:
        ways = "; or ".join(_names(group, " and ") for group in served.needed)
        lines.append(f"A search gives {ways}.")
    if served.includes:
        lines.append(f"`_include`: {_names(served.includes)}.")
    return "\n\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def _names(names: tuple[str, ...], between: str = ", ") -> str:
    return between.join(f"`{each}`" for each in names)


def _code(status: int) -> str:
    return f"`{CODE_OF[status]}`" if status in CODE_OF else ""


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heading) + " |", "| " + " | ".join("---" for _ in heading) + " |"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
