"""The codes of FHIR R4 and UK Core beside the words of the desk, each map with its source.

Where a map is not one to one, the way back is written out. A code without a word here is refused by its
place; none is guessed.
"""

from collections.abc import Mapping
from types import MappingProxyType

UKCORE = "https://fhir.hl7.org.uk/StructureDefinition/"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_ORGANISATION = "https://fhir.nhs.uk/Id/ods-organization-code"
ODS_SITE = "https://fhir.nhs.uk/Id/ods-site-code"
UBRN = "https://fhir.nhs.uk/Id/UBRN"
DOS_SERVICE = "https://fhir.nhs.uk/Id/dos-service-id"
# The trust's own numbers, which mean nothing outside it.
PATIENT_NUMBER = "urn:clearway:patient-number"
REFERRAL_NUMBER = "urn:clearway:referral-number"
SERVICE_CODE = "urn:clearway:service-code"
CLINICIAN_CODE = "urn:clearway:clinician-code"
CANCEL_REASON = "urn:clearway:cancellation-reason"
GAP = "urn:clearway:referral-gap"
MESSAGE_EVENTS = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
MESSAGE_REASONS = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
TREATMENT_FUNCTION = "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
APPOINTMENT_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0276"

# Appointment.status by our state. Source: UK Core Appointment, appointmentstatus. A hold is `pending`: the
# seat is kept and somebody has still to say yes. One that has lapsed was never booked, so it is `cancelled`.
APPOINTMENT_STATUS: Mapping[str, str] = MappingProxyType(
    {
        "held": "pending",
        "booked": "booked",
        "arrived": "arrived",
        "attended": "fulfilled",
        "missed": "noshow",
        "cancelled": "cancelled",
        "lapsed": "cancelled",
    }
)

# Source: HL7 FHIR R4, appointment-cancellation-reason, to the words of domain/outpatients/booking.REASONS.
CANCELLATION = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
CANCELLED_FOR: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "pat": ("patient", "patient_other"),
        "pat-crs": ("patient", "patient_unaware"),
        "pat-cpp": ("patient", "patient_other"),
        "pat-dec": ("patient", "patient_other"),
        "pat-fb": ("patient", "patient_better"),
        "pat-lt": ("patient", "patient_transport"),
        "pat-mt": ("patient", "patient_other"),
        "pat-mv": ("patient", "patient_other"),
        "pat-preg": ("patient", "patient_other"),
        "pat-swl": ("patient", "patient_other"),
        "pat-uwp": ("patient", "patient_other"),
        "prov": ("provider", "provider_other"),
        "prov-pers": ("provider", "staff_leave"),
        "prov-dch": ("provider", "provider_other"),
        "prov-edu": ("provider", "staff_leave"),
        "prov-hosp": ("provider", "staff_sickness"),
        "prov-labs": ("provider", "provider_other"),
        "prov-mci": ("provider", "provider_other"),
        "maint": ("provider", "room"),
        "other": ("provider", "provider_other"),
        "oth-err": ("provider", "wrong_patient"),
        "oth-weath": ("provider", "provider_other"),
    }
)
# Our reason -> theirs, where one says it; else what is said of the side that cancelled.
CANCELLATION_OF: Mapping[str, str] = MappingProxyType(
    {
        "patient_better": "pat-fb",
        "patient_transport": "pat-lt",
        "patient_unaware": "pat-crs",
        "staff_sickness": "prov-hosp",
        "staff_leave": "prov-pers",
        "room": "maint",
        "wrong_patient": "oth-err",
    }
)
OF_SIDE: Mapping[str, str] = MappingProxyType({"patient": "pat", "provider": "prov"})

# Source: UK Core DeliveryChannel, to consultation medium used (NHS Data Dictionary). Others have none.
DELIVERY_CHANNEL = "https://fhir.hl7.org.uk/CodeSystem/UKCore-DeliveryChannel"
CHANNEL_OF_MEDIUM: Mapping[str, str] = MappingProxyType({"01": "In-person", "02": "Telephone", "03": "Video"})

# Source: HL7 v2 table 0276, of the kinds of a slot: a first visit is routine there, a later one a follow-up.
TYPE_OF_KIND: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "new": ("ROUTINE", "Routine appointment - default if not valued"),
        "follow_up": ("FOLLOWUP", "A follow up visit from a previous appointment"),
        "group": ("ROUTINE", "Routine appointment - default if not valued"),
    }
)

# Source: UK Core NHSNumberVerificationStatus, by the NHS number status indicator (NHS Data Dictionary).
VERIFICATION = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"
VERIFICATION_OF: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "01": ("number-present-and-verified", "Number present and verified"),
        "02": ("number-present-but-not-traced", "Number present but not traced"),
        "03": ("trace-required", "Trace required"),
        "04": (
            "trace-attempted-no-match-or-multiple-match-found",
            "Trace attempted - No match or multiple match found",
        ),
        "05": (
            "trace-needs-to-be-resolved",
            "Trace needs to be resolved - (NHS Number or patient detail conflict)",
        ),
        "06": ("trace-in-progress", "Trace in progress"),
        "07": (
            "number-not-present-and-trace-not-required",
            "Number not present and trace not required",
        ),
        "08": ("trace-postponed-baby-under-six-weeks-old", "Trace postponed (baby under six weeks old)"),
    }
)

# Source: HL7 FHIR R4, administrative-gender, by person stated gender (NHS Data Dictionary).
GENDER_OF: Mapping[str, str] = MappingProxyType({"1": "male", "2": "female", "9": "unknown"})
SEX_OF: Mapping[str, str] = MappingProxyType(
    {"male": "1", "female": "2", "other": "9", "unknown": "9", "": "9"}
)

# ServiceRequest.status by the state of a referral. Source: HL7 FHIR R4, request-status.
REQUEST_STATUS: Mapping[str, str] = MappingProxyType(
    {
        "triage": "active",
        "held": "on-hold",
        "waiting": "active",
        "seen": "completed",
        "removed": "revoked",
    }
)
# Source: HL7 FHIR R4, request-priority, by priority type. There is no word for two weeks: it is `urgent`.
PRIORITY_OF: Mapping[str, str] = MappingProxyType({"1": "routine", "2": "urgent", "3": "urgent"})
PRIORITY_WORD: Mapping[str, str] = MappingProxyType({"routine": "1", "urgent": "2", "asap": "2", "stat": "2"})

# Encounter.status by the state of an appointment whose patient came. Source: HL7 FHIR R4, encounter-status.
ENCOUNTER_STATUS: Mapping[str, str] = MappingProxyType({"arrived": "arrived", "attended": "finished"})
# Source: UK Core OutcomeOfAttendance (outcome of attendance, NHS Data Dictionary).
OUTCOME_OF_ATTENDANCE = "https://fhir.hl7.org.uk/CodeSystem/UKCore-OutcomeOfAttendance"
OUTCOME_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "1": "Discharged from CONSULTANT's care (last attendance)",
        "2": "Another APPOINTMENT given",
        "3": "APPOINTMENT to be made at a later date",
    }
)

# Communication.status by what became of a contact, and its medium. Source: HL7 FHIR R4, event-status, and
# v3-ParticipationMode.
COMMUNICATION_STATUS: Mapping[str, str] = MappingProxyType(
    {
        "queued": "preparation",
        "sent": "completed",
        "delivered": "completed",
        "answered": "completed",
        "failed": "not-done",
        "no_answer": "not-done",
        "returned": "not-done",
    }
)
PARTICIPATION_MODE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
MODE_OF_CHANNEL: Mapping[str, str] = MappingProxyType(
    {"letter": "MAILWRIT", "text": "SMSWRIT", "phone": "PHONE", "email": "EMAILWRIT", "desk": "FACE"}
)

# Events of the Booking and Referral Standard that are taken, and the reasons of a message.
BOOKING, REFERRAL = "booking-request", "servicerequest-request"
EVENTS = (BOOKING, REFERRAL)
REASONS = ("new", "update", "delete")
# What a request is for, where it says so: others ask for a clinical validation or hand a case over.
CATEGORIES = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"
TAKEN_CATEGORIES = ("referral",)
