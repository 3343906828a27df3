"""The shape of the resources that are spoken here: every element with its type, and whether it is needed.

One block a type: `name:type`, `*` for many, `!` for needed, `[x]` for one of several types, `any` for what is
taken as it is. `code(a|b)` lists the codes of a required binding, `code(=X)` those of CODES. Resources leave
out what all of them have (COMMON).
Source: HL7 FHIR R4 (4.0.1), the definitions of these resources and of their data types. The tests hold the
table against another maker's models of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

COMMON = "implicitRules:uri language:code meta:Meta contained*:Resource text:Narrative"
RESOURCES = (
    *("Patient", "ServiceRequest", "Schedule", "Slot", "Appointment", "Encounter", "Location"),
    *("HealthcareService", "Communication", "Task", "Bundle", "MessageHeader"),
)
CODES = {
    "ServiceRequest.intent": (
        "proposal|plan|directive|order|original-order|reflex-order|filler-order|instance-order|option"
    ),
    "ServiceRequest.status": "draft|active|on-hold|revoked|completed|entered-in-error|unknown",
    "Slot.status": "busy|free|busy-unavailable|busy-tentative|entered-in-error",
    "Appointment.status": (
        "proposed|pending|booked|arrived|fulfilled|cancelled|noshow|entered-in-error|checked-in|waitlist"
    ),
    "Encounter.status": (
        "planned|arrived|triaged|in-progress|onleave|finished|cancelled|entered-in-error|unknown"
    ),
    "Communication.status": (
        "preparation|in-progress|not-done|on-hold|stopped|completed|entered-in-error|unknown"
    ),
    "Task.intent": (
        "unknown|proposal|plan|order|original-order|reflex-order|filler-order|instance-order|option"
    ),
    "Task.status": (
        "draft|requested|received|accepted|rejected|ready|"
        "cancelled|in-progress|on-hold|failed|completed|entered-in-error"
    ),
    "Bundle.type": (
        "document|message|transaction|transaction-response|batch|batch-response|history|searchset|collection"
    ),
    "HumanName.use": "usual|official|temp|nickname|anonymous|old|maiden",
}

TABLE = """
Patient
  active:boolean address*:Address birthDate:date communication*:PatientCommunication
  contact*:PatientContact deceased[x]:Boolean|DateTime gender:code(male|female|other|unknown)
  generalPractitioner*:Reference identifier*:Identifier link*:PatientLink
  managingOrganization:Reference maritalStatus:CodeableConcept multipleBirth[x]:Boolean|Integer
  name*:HumanName photo*:Attachment telecom*:ContactPoint
ServiceRequest
  asNeeded[x]:Boolean|CodeableConcept authoredOn:dateTime basedOn*:Reference
  bodySite*:CodeableConcept category*:CodeableConcept code:CodeableConcept doNotPerform:boolean
  encounter:Reference identifier*:Identifier instantiatesCanonical*:canonical instantiatesUri*:uri
  insurance*:Reference intent!:code(=ServiceRequest.intent) locationCode*:CodeableConcept
  locationReference*:Reference note*:Annotation occurrence[x]:DateTime|Period|Timing
  orderDetail*:CodeableConcept patientInstruction:string performer*:Reference
  performerType:CodeableConcept priority:code(routine|urgent|asap|stat)
  quantity[x]:Quantity|Range|Ratio reasonCode*:CodeableConcept reasonReference*:Reference
  relevantHistory*:Reference replaces*:Reference requester:Reference requisition:Identifier
  specimen*:Reference status!:code(=ServiceRequest.status) subject!:Reference
  supportingInfo*:Reference
Schedule
  active:boolean actor*!:Reference comment:string identifier*:Identifier planningHorizon:Period
  serviceCategory*:CodeableConcept serviceType*:CodeableConcept specialty*:CodeableConcept
Slot
  appointmentType:CodeableConcept comment:string end!:instant identifier*:Identifier
  overbooked:boolean schedule!:Reference serviceCategory*:CodeableConcept
  serviceType*:CodeableConcept specialty*:CodeableConcept start!:instant status!:code(=Slot.status)
Appointment
  appointmentType:CodeableConcept basedOn*:Reference cancelationReason:CodeableConcept
  comment:string created:dateTime description:string end:instant identifier*:Identifier
  minutesDuration:positiveInt participant*!:AppointmentParticipant patientInstruction:string
  priority:unsignedInt reasonCode*:CodeableConcept reasonReference*:Reference
  requestedPeriod*:Period serviceCategory*:CodeableConcept serviceType*:CodeableConcept
  slot*:Reference specialty*:CodeableConcept start:instant status!:code(=Appointment.status)
  supportingInformation*:Reference
Encounter
  account*:Reference appointment*:Reference basedOn*:Reference class!:Coding
  classHistory*:EncounterClassHistory diagnosis*:EncounterDiagnosis episodeOfCare*:Reference
  hospitalization:EncounterHospitalization identifier*:Identifier length:Duration
  location*:EncounterLocation partOf:Reference participant*:EncounterParticipant period:Period
  priority:CodeableConcept reasonCode*:CodeableConcept reasonReference*:Reference
  serviceProvider:Reference serviceType:CodeableConcept status!:code(=Encounter.status)
  statusHistory*:EncounterStatusHistory subject:Reference type*:CodeableConcept
Location
  address:Address alias*:string availabilityExceptions:string description:string endpoint*:Reference
  hoursOfOperation*:LocationHoursOfOperation identifier*:Identifier managingOrganization:Reference
  mode:code(instance|kind) name:string operationalStatus:Coding partOf:Reference
  physicalType:CodeableConcept position:LocationPosition status:code(active|suspended|inactive)
  telecom*:ContactPoint type*:CodeableConcept
HealthcareService
  active:boolean appointmentRequired:boolean availabilityExceptions:string
  availableTime*:HealthcareServiceAvailableTime category*:CodeableConcept
  characteristic*:CodeableConcept comment:string communication*:CodeableConcept
  coverageArea*:Reference eligibility*:HealthcareServiceEligibility endpoint*:Reference
  extraDetails:markdown identifier*:Identifier location*:Reference name:string
  notAvailable*:HealthcareServiceNotAvailable photo:Attachment program*:CodeableConcept
  providedBy:Reference referralMethod*:CodeableConcept serviceProvisionCode*:CodeableConcept
  specialty*:CodeableConcept telecom*:ContactPoint type*:CodeableConcept
Communication
  about*:Reference basedOn*:Reference category*:CodeableConcept encounter:Reference
  identifier*:Identifier inResponseTo*:Reference instantiatesCanonical*:canonical
  instantiatesUri*:uri medium*:CodeableConcept note*:Annotation partOf*:Reference
  payload*:CommunicationPayload priority:code(routine|urgent|asap|stat) reasonCode*:CodeableConcept
  reasonReference*:Reference received:dateTime recipient*:Reference sender:Reference sent:dateTime
  status!:code(=Communication.status) statusReason:CodeableConcept subject:Reference
  topic:CodeableConcept
Task
  authoredOn:dateTime basedOn*:Reference businessStatus:CodeableConcept code:CodeableConcept
  description:string encounter:Reference executionPeriod:Period focus:Reference for:Reference
  groupIdentifier:Identifier identifier*:Identifier input*:TaskInput instantiatesCanonical:canonical
  instantiatesUri:uri insurance*:Reference intent!:code(=Task.intent) lastModified:dateTime
  location:Reference note*:Annotation output*:TaskOutput owner:Reference partOf*:Reference
  performerType*:CodeableConcept priority:code(routine|urgent|asap|stat) reasonCode:CodeableConcept
  reasonReference:Reference relevantHistory*:Reference requester:Reference
  restriction:TaskRestriction status!:code(=Task.status) statusReason:CodeableConcept
Bundle
  entry*:BundleEntry identifier:Identifier link*:BundleLink signature:any timestamp:instant
  total:unsignedInt type!:code(=Bundle.type)
MessageHeader
  author:Reference definition:canonical destination*:MessageHeaderDestination enterer:Reference
  event[x]!:Coding|Uri focus*:Reference reason:CodeableConcept response:MessageHeaderResponse
  responsible:Reference sender:Reference source!:MessageHeaderSource
Address
  city:string country:string district:string line*:string period:Period postalCode:string
  state:string text:string type:code(postal|physical|both) use:code(home|work|temp|old|billing)
Annotation
  author[x]:Reference|String text!:markdown time:dateTime
AppointmentParticipant
  actor:Reference period:Period required:code(required|optional|information-only)
  status!:code(accepted|declined|tentative|needs-action) type*:CodeableConcept
Attachment
  contentType:code creation:dateTime data:base64Binary hash:base64Binary language:code
  size:unsignedInt title:string url:string
BundleEntry
  fullUrl:uri link*:BundleLink request:BundleEntryRequest resource:Resource
  response:BundleEntryResponse search:BundleEntrySearch
BundleEntryRequest
  ifMatch:string ifModifiedSince:instant ifNoneExist:string ifNoneMatch:string
  method!:code(GET|HEAD|POST|PUT|DELETE|PATCH) url!:uri
BundleEntryResponse
  etag:string lastModified:instant location:uri outcome:Resource status!:string
BundleEntrySearch
  mode:code(match|include|outcome) score:decimal
BundleLink
  relation!:string url!:uri
CodeableConcept
  coding*:Coding text:string
Coding
  code:code display:string system:uri userSelected:boolean version:string
CommunicationPayload
  content[x]!:Attachment|Reference|String
ContactPoint
  period:Period rank:positiveInt system:code(phone|fax|email|pager|url|sms|other)
  use:code(home|work|temp|old|mobile) value:string
Duration
  code:code comparator:code system:uri unit:string value:decimal
EncounterClassHistory
  class!:Coding period!:Period
EncounterDiagnosis
  condition!:Reference rank:positiveInt use:CodeableConcept
EncounterHospitalization
  admitSource:CodeableConcept destination:Reference dietPreference*:CodeableConcept
  dischargeDisposition:CodeableConcept origin:Reference preAdmissionIdentifier:Identifier
  reAdmission:CodeableConcept specialArrangement*:CodeableConcept specialCourtesy*:CodeableConcept
EncounterLocation
  location!:Reference period:Period physicalType:CodeableConcept
  status:code(planned|active|reserved|completed)
EncounterParticipant
  individual:Reference period:Period type*:CodeableConcept
EncounterStatusHistory
  period!:Period status!:code(=Encounter.status)
HealthcareServiceAvailableTime
  allDay:boolean availableEndTime:time availableStartTime:time
  daysOfWeek*:code(mon|tue|wed|thu|fri|sat|sun)
HealthcareServiceEligibility
  code:CodeableConcept comment:markdown
HealthcareServiceNotAvailable
  description!:string during:Period
HumanName
  family:string given*:string period:Period prefix*:string suffix*:string text:string
  use:code(=HumanName.use)
Identifier
  assigner:Reference period:Period system:uri type:CodeableConcept
  use:code(usual|official|temp|secondary|old) value:string
LocationHoursOfOperation
  allDay:boolean closingTime:time daysOfWeek*:code(mon|tue|wed|thu|fri|sat|sun) openingTime:time
LocationPosition
  altitude:decimal latitude!:decimal longitude!:decimal
MessageHeaderDestination
  endpoint!:string name:string receiver:Reference target:Reference
MessageHeaderResponse
  code!:code(ok|transient-error|fatal-error) details:Reference identifier!:id
MessageHeaderSource
  contact:ContactPoint endpoint!:string name:string software:string version:string
Meta
  lastUpdated:instant profile*:canonical security*:Coding source:uri tag*:Coding versionId:id
Narrative
  div!:string status!:code(generated|extensions|additional|empty)
PatientCommunication
  language!:CodeableConcept preferred:boolean
PatientContact
  address:Address gender:code(male|female|other|unknown) name:HumanName organization:Reference
  period:Period relationship*:CodeableConcept telecom*:ContactPoint
PatientLink
  other!:Reference type!:code(replaced-by|replaces|refer|seealso)
Period
  end:dateTime start:dateTime
Quantity
  code:code comparator:code system:uri unit:string value:decimal
Range
  high:Quantity low:Quantity
Ratio
  denominator:Quantity numerator:Quantity
Reference
  display:string identifier:Identifier reference:string type:uri
TaskInput
  type!:CodeableConcept value[x]!:any
TaskOutput
  type!:CodeableConcept value[x]!:any
TaskRestriction
  period:Period recipient*:Reference repetitions:positiveInt
"""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type. codes: those it may hold, empty where any may stand there."""

    name: str
    type: str
    is_many: bool = False
    is_needed: bool = False
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """The elements of a type by the name that stands in JSON, and the groups of which one is needed."""

    elements: Mapping[str, Element]
    one_of: Mapping[str, tuple[str, ...]]
    needed: frozenset[str]


_WORD = re.compile(r"(\w+)(\[x\])?(\*?)(!?):([\w|]+)(?:\((.+)\))?")


def _element(word: str) -> tuple[str, bool, list[Element]]:
    found = _WORD.fullmatch(word)
    assert found, word
    name, choice, many, needed, kind, codes = found.groups()
    if choice:
        kinds = [] if kind == "any" else kind.split("|")
        return name, bool(needed), [Element(name + each, _kind(each)) for each in kinds]
    if codes and codes.startswith("="):
        codes = CODES[codes[1:]]
    known = frozenset(codes.split("|")) if codes else frozenset()
    return name, bool(needed), [Element(name, kind, bool(many), bool(needed), known)]


def _kind(of_choice: str) -> str:
    """The type that a choice ends with: `DateTime` is the primitive dateTime, `Period` itself."""
    small = of_choice[0].lower() + of_choice[1:]
    return small if small in PRIMITIVES else of_choice


def _shape(words: list[str]) -> Shape:
    elements: dict[str, Element] = {}
    one_of: dict[str, tuple[str, ...]] = {}
    needed: set[str] = set()
    for word in words:
        name, is_needed, found = _element(word)
        elements |= {each.name: each for each in found}
        if "[x]" in word:
            one_of[name] = tuple(each.name for each in found)
        if is_needed:
            needed.add(name)
    return Shape(MappingProxyType(elements), MappingProxyType(one_of), frozenset(needed))


PRIMITIVES = frozenset(
    {
        *("boolean", "integer", "decimal", "string", "uri", "url", "canonical", "base64Binary", "instant"),
        *("date", "dateTime", "time", "code", "oid", "id", "markdown", "unsignedInt", "positiveInt", "uuid"),
    }
)


def _read() -> Mapping[str, Shape]:
    found: dict[str, list[str]] = {}
    words: list[str] = []
    for line in TABLE.strip().splitlines():
        if line.startswith(" "):
            words += line.split()
        else:
            words = found.setdefault(line, [])
    for name in RESOURCES:
        found[name] = [*COMMON.split(), *found[name]]
    return MappingProxyType({name: _shape(each) for name, each in found.items()})


SHAPES: Mapping[str, Shape] = _read()
