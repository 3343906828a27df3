"""What the interfaces of Clearway besides FHIR do: every operation, who may ask for it, and what it answers.

The one table: the views take method, kinds of key and sizes from it, and the OpenAPI description and its
reference page are made from it (api_description.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from clearway.domain.shared.errors import CannotParse

from . import advice_message, native, notify, referral_message
from .native_words import EXAMPLES

WEB, INGEST = "web", "ingest"  # which process answers
JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
PROBLEM = "application/problem+json"
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")  # what browsers send: never read here
KIB, MIB = 1024, 1024 * 1024

Example = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent.

    called, many  what one is called, and several, in sentences
    holds         what to send where nothing was
    shape         name of its schema in the description; of lines: of one line
    is_kept       stored and acknowledged before it is read: what cannot be read is kept, and refused later
    """

    type: str
    called: str
    many: str
    holds: str
    most: int
    shape: str
    examples: tuple[Example, ...]
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of the query. words  all that it may be"""

    name: str
    says: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. types  content type -> name of its schema"""

    status: int
    says: str
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address.

    kinds       kinds of source whose key may ask; none: everybody
    permission  of a person whose session may ask as well; "" where no session does
    says        what an integrator has to know, in a few sentences
    answers     of success and of what only this operation refuses; the others are REFUSALS
    """

    name: str
    method: str
    path: str
    title: str
    says: str
    kinds: tuple[str, ...]
    answers: tuple[Said, ...]
    process: str = WEB
    permission: str = ""
    params: tuple[Param, ...] = ()
    body: Body | None = None

    def param(self, name: str) -> Param:
        return next(each for each in self.params if each.name == name)


def refused(status: int, says: str) -> Said:
    """A refusal, told as a problem."""
    return Said(status, says, {PROBLEM: "Problem"})


# What any operation may answer: all, those with a key, those with a body.
REFUSALS = (refused(405, "another method than the one described"), refused(500, "it failed here"))
OF_A_KEY = refused(401, "no key or session that may ask")
OF_A_BODY = (
    refused(400, "empty, or of no meaning here"),
    refused(411, "its length is not said: sent in chunks"),
    refused(413, "longer than is taken at once"),
    refused(415, "sent as a form of a browser"),
)


def told(operation: Operation) -> tuple[Said, ...]:
    """Every answer of an operation, by status."""
    every = {each.status: each for each in REFUSALS}
    if operation.kinds:
        every[401] = OF_A_KEY
    if operation.body:
        every |= {each.status: each for each in OF_A_BODY}
    every |= {each.status: each for each in operation.answers}
    return tuple(every[status] for status in sorted(every))


def _line(value: Any) -> str:
    return native.dump([value]).decode()


_STORED = Said(202, "stored; it is read in a moment", {JSON: "Stored"})
_EVENTS = {type(each).__name__: _line(each) for each in EXAMPLES.values()}


def _deliver(kind: str, title: str, shape: str, examples: tuple[str, ...]) -> Operation:
    other_words = {
        "positions": "of two at one time the first stands, and the other counts as a duplicate"
    }.get(kind, "the same id with other words is refused")
    known_by = {"positions": "call sign and time"}.get(kind, "message id")
    says = (
        "A batch of JSON lines, UTF-8, one object a line, at most 16,384 bytes each. It is stored and "
        "committed, then acknowledged, then read: 202 says that nothing of it will be lost, not that every "
        "line was understood. A line that cannot be read is kept in quarantine with place, reason and fix, "
        "and the others are taken. After a lost answer send the same lines again: a line is known by its "
        f"{known_by} and counts once; {other_words}. Check a file before you send it with "
        "`clearway feed check`."
    )
    return Operation(
        f"deliver-{kind}",
        "POST",
        f"/feeds/{kind}/{{source}}",
        title,
        says,
        (kind,),
        (_STORED, refused(404, "no name of a source can look like this")),
        process=INGEST,
        body=Body(
            LINES,
            "batch",
            "batches",
            "Send one JSON object a line.",
            8 * MIB,
            shape,
            tuple((name, _EVENTS[name]) for name in examples)
            + ((("several", "".join(_EVENTS[name] for name in examples)),) if len(examples) > 1 else ()),
            is_kept=True,
        ),
    )


DELIVERIES: Mapping[str, Operation] = MappingProxyType(
    {
        "cad": _deliver(
            "cad",
            "Deliver what a control room knows: calls, jobs, availability",
            "Event",
            ("CallEvent", "JobEvent", "AvailabilityEvent"),
        ),
        "hospital": _deliver("hospital", "Deliver how hospitals stand", "HospitalEvent", ("HospitalEvent",)),
        "positions": _deliver("positions", "Deliver where vehicles are", "Position", ("Position",)),
    }
)
REFERRALS = Operation(
    "send-referrals",
    "POST",
    "/api/v1/referrals",
    "Send referrals and hear of each what became of it",
    (
        "One referral, a list of them, or an object with `referrals`. The message is stored and committed "
        "before it is read. `reference` is the sender's own key: the same referral again under it is a "
        "`repeat` and changes nothing, so after a lost answer send the message again; other words under it "
        "are refused. What is missing is registered all the same and listed in `gaps`. A field that is "
        "sent twice is refused."
    ),
    ("referrals",),
    (
        Said(200, "all are registered, or were here already", {JSON: "ReferralAnswer"}),
        Said(
            202, "stored; it is read later: send it again to hear what became of it", {JSON: "StoredForLater"}
        ),
        Said(207, "some are refused, the others taken", {JSON: "ReferralAnswer"}),
        Said(422, "all are refused", {JSON: "ReferralAnswer"}),
    ),
    body=Body(
        JSON,
        "message",
        "messages",
        "Send a JSON object of at least one referral.",
        MIB,
        "ReferralMessage",
        (
            ("one", dict(referral_message.EXAMPLE)),
            ("several", {"referrals": [dict(referral_message.EXAMPLE)]}),
        ),
    ),
)
FORMAT = Param("format", "how the figures are written", ("json", "csv"))
REGIONAL = Operation(
    "read-regional-figures",
    "GET",
    "/api/v1/regional",
    "Read how hospitals and crews stand now",
    (
        "The figures of the key's trust as known now, each with the instant at which it was true and its "
        "age. A value that nobody can know is null (in CSV: empty), never 0. Ask once a minute or less; "
        "nothing is pushed."
    ),
    ("dashboard",),
    (
        Said(200, "the figures", {JSON: "RegionalFigures", CSV: "Table"}),
        refused(400, "there is no such format or parameter"),
        refused(404, "the trust of the key has no ambulance desk"),
    ),
    params=(FORMAT,),
)
ADVICE = Operation(
    "ask-for-advice",
    "POST",
    "/api/v1/advice",
    "Ask where a patient is best taken",
    (
        "The answer of the advice page for one case: a crew by its call sign, or a place. Asking commits "
        "nothing, so it may be repeated. Advice and never an order: the treating clinician decides. A "
        "field that cannot be used is named in `field` of the refusal."
    ),
    ("cad",),
    (
        Said(200, "the answer", {JSON: "Advice"}),
        refused(400, "a field cannot be used: which, why and what mends it"),
    ),
    permission="advice.read",
    body=Body(
        JSON,
        "question",
        "questions",
        'Send one case, like {"call_sign": "A101"}.',
        16 * KIB,
        "Question",
        (
            ("crew", dict(advice_message.EXAMPLE)),
            ("place", {"latitude": 50.7184, "longitude": -3.5339, "age": 84, "news2": 5, "needs": []}),
        ),
    ),
)
NOTIFY = Operation(
    "tell-of-a-message",
    "POST",
    "/api/v1/notify",
    "Tell what became of a text or email, or what somebody texted",
    (
        "The callbacks of GOV.UK Notify as they come, with the key of the source as bearer token. Stored "
        "and committed, then acknowledged, then read; one that cannot be read is kept in quarantine. The "
        "same one again counts once, and another under its id is not read: the first stands."
    ),
    ("notify",),
    (Said(202, "stored; it is read in a moment", {JSON: "StoredCallback"}),),
    body=Body(
        JSON,
        "callback",
        "callbacks",
        "Send the callback as it comes.",
        64 * KIB,
        "Callback",
        (("receipt", dict(notify.EXAMPLE)), ("text", dict(notify.HEARD))),
        is_kept=True,
    ),
)
DESCRIPTION = Operation(
    "read-description",
    "GET",
    "/api/v1/openapi.json",
    "Read this description",
    "What you are reading. It names nobody and is told to everybody.",
    (),
    (Said(200, "this description", {JSON: "Description"}),),
)
OPERATIONS: tuple[Operation, ...] = (*DELIVERIES.values(), REFERRALS, REGIONAL, ADVICE, NOTIFY, DESCRIPTION)


class Refusal(Exception):
    """A request that is not served: a problem in the sense of RFC 9457, with what mends it.

    field  of what was sent, "" for the whole
    """

    def __init__(self, status: int, title: str, fix: str, field: str = "") -> None:
        super().__init__(f"{status}: {title} {fix}")
        self.status, self.title, self.fix, self.field = status, title, fix, field

    @property
    def problem(self) -> dict[str, Any]:
        said: dict[str, Any] = {"status": self.status, "title": self.title, "fix": self.fix}
        return said | ({"field": self.field} if self.field else {})


def unusable(error: CannotParse) -> Refusal:
    """A field that cannot be used, as 400."""
    return Refusal(400, error.why, error.fix, error.where)
