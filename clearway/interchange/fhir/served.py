"""What is served: every type with what may be done to it, by what it is searched, and what comes with it.

The one table: the views answer by it, and the CapabilityStatement, the OpenAPI description and the reference
page are made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

READ, SEARCH, CREATE, UPDATE = "read", "search-type", "create", "update"
TOKEN, DATE, REFERENCE, STRING = "token", "date", "reference", "string"
MOST, USUAL = 100, 20  # resources of one page
MOST_ASKED = 99_999_999  # who asks for more than a page holds gets a full page, as the standard lets a server
CONTROLS = ("_count", "_after", "_include", "_format")  # of every search, besides its own parameters
VERSION = "4.0.1"


@dataclass(frozen=True, slots=True)
class Param:
    """One search parameter. example  a value that is understood"""

    name: str
    kind: str
    says: str
    example: str


@dataclass(frozen=True, slots=True)
class Served:
    """One type.

    identity  reading it is on record, because it names a patient or belongs to one
    params    by which it is searched, besides _id
    needed    groups of parameters of which a search gives one whole: a list of everybody is given to nobody
    includes  what may come with it
    """

    kind: str
    says: str
    interactions: tuple[str, ...]
    identity: bool
    params: tuple[Param, ...]
    needed: tuple[tuple[str, ...], ...] = ()
    includes: tuple[str, ...] = ()

    def param(self, name: str) -> Param | None:
        return next((each for each in (ID, *self.params) if each.name == name), None)


ID = Param("_id", TOKEN, "its logical id here", "12")
_PATIENT = Param("patient", REFERENCE, "the patient, by the id here", "Patient/12")
_BY_NUMBER = Param(
    "patient:identifier",
    TOKEN,
    "the patient, by NHS number (system https://fhir.nhs.uk/Id/nhs-number)",
    "https://fhir.nhs.uk/Id/nhs-number|9990548609",
)
LOOK = (READ, SEARCH)
OF_SOMEBODY = (("_id",), ("patient",), ("patient:identifier",))
ACTOR = "schedule.actor:HealthcareService"

_ALL = (
    Served(
        "Patient",
        "who somebody is and how they are reached",
        LOOK,
        True,
        (
            Param(
                "identifier",
                TOKEN,
                "NHS number, or the trust's own number",
                "https://fhir.nhs.uk/Id/nhs-number|9990548609",
            ),
            Param("family", STRING, "beginning of the family name", "Brown"),
            Param("birthdate", DATE, "day of birth", "1970-03-01"),
        ),
        needed=(("_id",), ("identifier",), ("family", "birthdate")),
    ),
    Served(
        "ServiceRequest",
        "a referral; a new one comes by $process-message",
        LOOK,
        True,
        (
            _PATIENT,
            _BY_NUMBER,
            Param("identifier", TOKEN, "number of the referral here, or its UBRN", "R0000001"),
            Param("status", TOKEN, "where it stands", "active"),
        ),
        needed=(*OF_SOMEBODY, ("identifier",)),
    ),
    Served(
        "Schedule",
        "one clinic on one day",
        LOOK,
        False,
        (
            Param("date", DATE, "when it is held", "ge2026-11-23"),
            Param("actor:HealthcareService", REFERENCE, "the service that holds it", "HealthcareService/1"),
        ),
        includes=("Schedule:actor:HealthcareService", "Schedule:actor:Location"),
    ),
    Served(
        "Slot",
        "a time into which a patient can be booked",
        LOOK,
        False,
        (
            Param("status", TOKEN, "free, busy or busy-unavailable", "free"),
            Param(
                "start",
                DATE,
                "when it begins: a first (ge) and a last (le) time, each with its offset",
                "ge2026-11-23T00:00:00+00:00",
            ),
            Param("schedule", REFERENCE, "the clinic it belongs to", "Schedule/12"),
            Param(ACTOR, TOKEN, "the service, by its code or its id here", "MSK"),
            Param(f"S{ACTOR[1:]}", TOKEN, "the same, as the standard spells it", "MSK"),
        ),
        needed=(("_id",), ("status", "start")),
        includes=("Slot:schedule", "Schedule:actor:HealthcareService", "Schedule:actor:Location"),
    ),
    Served(
        "Appointment",
        "one patient in one seat of a slot",
        (READ, SEARCH, CREATE, UPDATE),
        True,
        (
            _PATIENT,
            _BY_NUMBER,
            Param("date", DATE, "when it begins", "ge2026-11-23"),
            Param("status", TOKEN, "where it stands", "booked"),
            Param("based-on", REFERENCE, "the referral it belongs to", "ServiceRequest/12"),
        ),
        needed=(*OF_SOMEBODY, ("based-on",), ("date",)),
        includes=("Appointment:patient", "Appointment:slot"),
    ),
    Served(
        "Encounter",
        "an appointment to which the patient came",
        LOOK,
        True,
        (
            _PATIENT,
            _BY_NUMBER,
            Param("date", DATE, "when it began", "ge2026-11-23"),
            Param("appointment", REFERENCE, "the appointment that was kept", "Appointment/12"),
        ),
        needed=(*OF_SOMEBODY, ("appointment",), ("date",)),
    ),
    Served(
        "Location",
        "a site at which clinics are held",
        LOOK,
        False,
        (
            Param("identifier", TOKEN, "its ODS code", "https://fhir.nhs.uk/Id/ods-site-code|RWP50"),
            Param("name", STRING, "beginning of its name", "Worc"),
        ),
    ),
    Served(
        "HealthcareService",
        "what patients are referred to",
        LOOK,
        False,
        (
            Param("identifier", TOKEN, "its code here", "MSK"),
            Param("name", STRING, "beginning of its name", "Phys"),
            Param("active", TOKEN, "whether it takes referrals", "true"),
        ),
    ),
    Served(
        "Communication",
        "one attempt to reach a patient, without its words",
        LOOK,
        True,
        (_PATIENT, _BY_NUMBER, Param("sent", DATE, "when", "ge2026-11-23")),
        needed=OF_SOMEBODY,
    ),
    Served(
        "Task",
        "one thing that a referral lacks, and who can supply it",
        LOOK,
        True,
        (
            _PATIENT,
            _BY_NUMBER,
            Param("focus", REFERENCE, "the referral that lacks it", "ServiceRequest/12"),
            Param("status", TOKEN, "requested or completed", "requested"),
        ),
        needed=(*OF_SOMEBODY, ("focus",), ("status",)),
    ),
)
SERVED: Mapping[str, Served] = MappingProxyType({each.kind: each for each in _ALL})
MESSAGES = (
    ("booking-request", "https://fhir.nhs.uk/MessageDefinition/bars-message-booking-request"),
    ("booking-request", "https://fhir.nhs.uk/MessageDefinition/bars-message-booking-request-cancelled"),
    (
        "servicerequest-request",
        "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-referral",
    ),
)
