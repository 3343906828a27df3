"""The fixed vocabulary of the outpatient desk, with the codes of the NHS Data Dictionary.

The value of each word is its national code where there is one, so a code that a system sends is the word
itself: `Attended("3")`. Each word carries its meaning; docs/reference/outpatient-codes.md is made of them.
Source: NHS Data Dictionary, lists of attendances as of June 2026.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Self


class Code(StrEnum):
    """A word with a meaning: `Attended.MISSED.meaning`."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class MeasurementType(Code):
    """Which national measure a wait belongs to (waiting time measurement type)."""

    CONSULTANT_LED = "01", "referral to treatment, consultant-led"
    ALLIED_HEALTH = "02", "allied health professional referral to treatment"
    OTHER = "09", "another measure, local"


class RttStatus(Code):
    """Referral to treatment period status: what one activity says of the period."""

    FIRST_ACTIVITY = "10", "first activity of a period"
    FIRST_AFTER_MONITORING = "11", "first activity of a new period after active monitoring"
    FIRST_OF_SEPARATE_CONDITION = "12", "first activity of a new period for a separate condition"
    FURTHER_ACTIVITY = "20", "further activity, more is expected"
    EXPECTED_ELSEWHERE = "21", "activity is expected at another provider"
    TREATED = "30", "first definitive treatment started"
    MONITORING_BY_PATIENT = "31", "active monitoring, started by the patient"
    MONITORING_BY_CLINICIAN = "32", "active monitoring, started by the professional"
    FIRST_MISSED = "33", "did not attend the first activity after the referral"
    NOT_TO_TREAT = "34", "decided not to treat, or no further contact is needed"
    DECLINED = "35", "the patient declined the treatment offered"
    DIED = "36", "died before treatment"
    AFTER_TREATMENT = "90", "activity after treatment"
    DURING_MONITORING = "91", "activity during active monitoring"
    NOT_YET_REFERRED = "92", "not yet referred for treatment; tests by the general practice"
    NOT_APPLICABLE = "98", "referral to treatment does not apply"
    NOT_YET_KNOWN = "99", "not yet known; an error to resolve"

    @property
    def stops(self) -> bool:
        """Ends the clock and is counted as a completed period."""
        return self in _STOPS

    @property
    def may_be_outside_a_contact(self) -> bool:
        """May be sent as an administrative event, with first attendance 5."""
        return self in _STOPS and self is not RttStatus.TREATED


_STOPS = frozenset(
    {
        *(RttStatus.TREATED, RttStatus.MONITORING_BY_PATIENT, RttStatus.MONITORING_BY_CLINICIAN),
        *(RttStatus.NOT_TO_TREAT, RttStatus.DECLINED, RttStatus.DIED),
    }
)


class ClockState(Code):
    """Where a pathway or one of its periods stands."""

    NONE = "none", "no clock has started"
    TICKING = "ticking", "the clock runs"
    MONITORING = "monitoring", "the clock was stopped for active monitoring"
    STOPPED = "stopped", "the clock was stopped and counts as completed"
    NULLIFIED = "nullified", "the clock was removed from every count"
    TRANSFERRED = "transferred", "the clock goes on at another provider"
    UNKNOWN_START = "unknown_start", "the patient waits and nobody knows since when"

    @property
    def is_open(self) -> bool:
        """Somebody waits on our list."""
        return self in (ClockState.TICKING, ClockState.UNKNOWN_START)


class Attended(Code):
    """Attended or did not attend."""

    IN_THE_FUTURE = "0", "the appointment is in the future"
    CANCELLED_BY_PATIENT = "2", "cancelled by, or on behalf of, the patient"
    MISSED = "3", "did not attend, no warning"
    CANCELLED_BY_PROVIDER = "4", "cancelled or postponed by the provider"
    ON_TIME = "5", "attended on time, or before the professional was ready"
    LATE_SEEN = "6", "arrived late and was seen"
    LATE_NOT_SEEN = "7", "arrived too late and could not be seen"


class Outcome(Code):
    """Outcome of attendance."""

    DISCHARGED = "1", "discharged"
    ANOTHER_GIVEN = "2", "another appointment was given"
    ANOTHER_LATER = "3", "an appointment is to be made at a later date"


class FirstAttendance(Code):
    """First attendance: first or follow-up, in person or not."""

    FIRST_IN_PERSON = "1", "first, face to face"
    FOLLOW_UP_IN_PERSON = "2", "follow-up, face to face"
    FIRST_REMOTE = "3", "first, by telephone or video"
    FOLLOW_UP_REMOTE = "4", "follow-up, by telephone or video"
    ADMINISTRATIVE = "5", "clock stopped outside a contact"


class Priority(Code):
    """Priority type."""

    ROUTINE = "1", "routine"
    URGENT = "2", "urgent"
    TWO_WEEK_WAIT = "3", "two week wait"


class Medium(Code):
    """Consultation medium used."""

    FACE_TO_FACE = "01", "face to face"
    TELEPHONE = "02", "telephone"
    VIDEO = "03", "video"
    TALK_TYPE = "04", "talk type for somebody who cannot speak"
    EMAIL = "05", "email"
    TEXT_MESSAGE = "06", "text message"
    ONLINE_TRIAGE = "07", "online triage"
    ONLINE_MESSAGES = "08", "online messaging"
    OTHER = "98", "another medium"


class ReferralSource(Code):
    """Source of referral for outpatients. It alone never decides whether a clock starts."""

    OWN_AFTER_EMERGENCY_ADMISSION = "01", "this provider, after an emergency admission"
    OWN_AFTER_HOME_VISIT = "02", "this provider, after a domiciliary visit"
    GENERAL_PRACTITIONER = "03", "general practitioner"
    EMERGENCY_DEPARTMENT = "04", "emergency department elsewhere"
    CONSULTANT = "05", "consultant elsewhere"
    SELF = "06", "the patient"
    PROSTHETIST = "07", "prosthetist"
    OWN_AFTER_EMERGENCY_DEPARTMENT = "10", "this provider, after an emergency department attendance"
    OWN_OTHER = "11", "this provider, otherwise"
    EXTENDED_ROLE_PRACTITIONER = "12", "general practitioner or dentist with an extended role"
    SPECIALIST_NURSE = "13", "specialist nurse"
    ALLIED_HEALTH_PROFESSIONAL = "14", "allied health professional"
    OPTOMETRIST = "15", "optometrist"
    ORTHOPTIST = "16", "orthoptist"
    SCREENING = "17", "national screening programme"
    DENTIST = "92", "general dental practitioner"
    COMMUNITY_DENTAL = "93", "community dental service"
    OTHER = "97", "another source"


class ServiceRequested(Code):
    """Service type requested."""

    ADVICE = "1", "advice or consultation"
    PROCEDURE = "2", "a specific procedure"
    OTHER = "3", "other"


class ProfessionalMix(Code):
    """Who sees a group or a patient."""

    ONE_PROFESSION = "1", "one profession"
    SEVERAL_PROFESSIONS = "2", "several professions"
    TEAM = "3", "multidisciplinary team"
    UNKNOWN = "9", "not known"


class NhsNumberStatus(Code):
    """NHS number status indicator."""

    VERIFIED = "01", "present and verified"
    NOT_TRACED = "02", "present, not traced"
    TRACE_REQUIRED = "03", "trace required"
    NO_OR_SEVERAL_MATCHES = "04", "traced: no match, or several"
    CONFLICT = "05", "trace needs to be resolved: conflict"
    IN_PROGRESS = "06", "trace in progress"
    NOT_REQUIRED = "07", "absent, not required"
    POSTPONED = "08", "trace postponed: baby under six weeks"


class CancelledBy(Code):
    """Which side cancelled; neither touches the clock."""

    PATIENT = "patient", "the patient or somebody for them"
    PROVIDER = "provider", "the service"


TREATMENT_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "108": "Spinal surgery",
        "110": "Trauma and orthopaedics",
        "111": "Orthopaedics",
        "115": "Trauma surgery",
        "191": "Pain management",
        "214": "Paediatric trauma and orthopaedics",
        "290": "Community paediatrics",
        "291": "Paediatric neurodisability",
        "327": "Cardiac rehabilitation",
        "342": "Pulmonary rehabilitation",
        "344": "Complex specialised rehabilitation",
        "345": "Specialist rehabilitation",
        "346": "Local specialist rehabilitation",
        "348": "Post-COVID-19 syndrome",
        "410": "Rheumatology",
        "430": "Elderly medicine",
        "650": "Physiotherapy",
        "651": "Occupational therapy",
        "652": "Speech and language therapy",
        "653": "Podiatry",
        "654": "Dietetics",
        "655": "Orthoptics",
        "656": "Clinical psychology",
        "657": "Prosthetics",
        "658": "Orthotics",
        "659": "Drama therapy",
        "660": "Art therapy",
        "661": "Music therapy",
        "662": "Optometry",
        "663": "Podiatric surgery",
        "840": "Audiology",
    }
)
# In the monthly return these are counted as trauma and orthopaedics (recording guidance, section 10.1.4).
RETURNED_AS: Mapping[str, str] = MappingProxyType({"108": "110", "111": "110", "115": "110"})
