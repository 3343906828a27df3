"""The fixed vocabulary of the ambulance desk; each word is explained in docs/glossary.md."""

from enum import StrEnum


class Category(StrEnum):
    """Response category of an incident (Ambulance Response Programme; HCP and IFT as AmbSYS counts them)."""

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    C4 = "C4"
    C5 = "C5"
    HCP = "HCP"
    IFT = "IFT"


class ResourceKind(StrEnum):
    """What a resource is, as far as flow is concerned: whether it carries patients and how many staff."""

    DCA = "DCA"
    DSV = "DSV"
    RRV = "RRV"
    HEMS = "HEMS"
    HART = "HART"
    CFR = "CFR"
    PTS = "PTS"
    UCS = "UCS"
    OFFICER = "OFFICER"
    OTHER = "OTHER"

    @property
    def conveys(self) -> bool:
        """Can take a patient to hospital. A rapid response vehicle cannot (rule HQ23)."""
        return self in (
            ResourceKind.DCA,
            ResourceKind.DSV,
            ResourceKind.HEMS,
            ResourceKind.PTS,
            ResourceKind.UCS,
        )


class CallStatus(StrEnum):
    """What happened to an incident, apart from the resources sent to it."""

    CALL_CONNECT = "call_connect"
    CALL_ANSWER = "call_answer"
    NATURE_OF_CALL = "nature_of_call"
    CATEGORY_SET = "category_set"
    CLOCK_START = "clock_start"
    LOCATED = "located"
    CLOSED = "incident_closed"


class JobStatus(StrEnum):
    """A status that a crew, the control room, a hospital or a rule reports on one resource assignment.

    Declared in the order of the job cycle; that order is used wherever statuses are listed.
    """

    ALLOCATED = "allocated"
    MOBILE = "mobile"
    AT_RVP = "at_rvp"
    AT_SCENE = "at_scene"
    AT_PATIENT = "at_patient"
    BACKUP_REQUESTED = "backup_requested"
    DESTINATION_SELECTED = "destination_selected"
    PREALERT = "prealert"
    LEFT_SCENE = "left_scene"
    AT_HOSPITAL = "at_hospital"
    NOTIFIED = "notified"
    QUEUING = "queuing"
    OFFLOADED = "offloaded"
    COHORT_STARTED = "cohort_started"
    COHORT_ENDED = "cohort_ended"
    HANDOVER = "handover"
    RELEASED = "released"
    STOOD_DOWN = "stood_down"
    CLEAR = "clear"


class JobState(StrEnum):
    """Where one assignment stands on the job axis of its resource."""

    NONE = "none"
    ALLOCATED = "allocated"
    MOBILE = "mobile"
    AT_RVP = "at_rvp"
    ON_SCENE = "on_scene"
    CONVEYING = "conveying"
    ARRIVED = "arrived"
    QUEUING = "queuing"
    COHORTING = "cohorting"
    WRAP_UP = "wrap_up"
    STOOD_DOWN = "stood_down"
    RELEASED = "released"
    CLEAR = "clear"

    @property
    def is_over(self) -> bool:
        """The resource is no longer held by the assignment (its patient may still be waiting)."""
        return self in (JobState.NONE, JobState.STOOD_DOWN, JobState.RELEASED, JobState.CLEAR)

    @property
    def is_at_hospital_with_patient(self) -> bool:
        """The crew is at hospital and still responsible for the patient."""
        return self in (JobState.ARRIVED, JobState.QUEUING, JobState.COHORTING)


class Availability(StrEnum):
    """Where a resource stands on the availability axis, whatever job it holds."""

    OFF = "off"
    BOOKING_ON = "booking_on"
    AVAILABLE = "available"
    RESTRICTED = "restricted"
    UNAVAILABLE = "unavailable"
    BREAK_TRAVEL = "break_travel"
    ON_BREAK = "on_break"


class Standing(StrEnum):
    """How an available resource is standing."""

    BASE = "base"
    STANDBY = "standby"
    ROAMING = "roaming"
    RETURNING = "returning"
    PROTECTED = "protected"
    INTERRUPTIBLE = "interruptible"
    END_OF_SHIFT = "end_of_shift"
    SKILL = "skill"
    VEHICLE = "vehicle"


class StatusSource(StrEnum):
    """Who or what pressed: decides whom to ask when a time is doubted."""

    CREW = "crew"
    AVL = "avl"
    EOC = "eoc"
    HALO = "halo"
    HOSPITAL = "hospital"
    RULE = "rule"
    CAD = "cad"
    MANUAL = "manual"  # entered by hand while the CAD was away; gives way to every other word


class FormKind(StrEnum):
    """The paper forms on which a control room works without its CAD. The letter stands before the number."""

    INCIDENT = "incident"
    STATUS = "status"
    HOSPITAL_QUEUE = "hospital_queue"
    DECISION = "decision"

    @property
    def letter(self) -> str:
        return {"incident": "I", "status": "S", "hospital_queue": "Q", "decision": "D"}[self.value]


class HospitalMeasure(StrEnum):
    """One figure of how a hospital stands now. Counts, except the level."""

    IN_DEPARTMENT = "in_department"
    BOARDING = "boarding"
    BOARDING_OVER_8H = "boarding_over_8h"
    MAJORS_PLACES = "majors_places"
    MAJORS_TAKEN = "majors_taken"
    RESUS_PLACES = "resus_places"
    RESUS_TAKEN = "resus_taken"
    COHORT_PLACES = "cohort_places"
    BEDS_FREE = "beds_free"
    DISCHARGES_EXPECTED = "discharges_expected"
    RECEIVING_STAFF = "receiving_staff"
    PRESSURE_LEVEL = "pressure_level"


class ReceivingUnit(StrEnum):
    """Which part of a receiving site takes a patient: only the first is an emergency department."""

    EMERGENCY_DEPARTMENT = "emergency_department"
    URGENT_TREATMENT = "urgent_treatment"
    SAME_DAY_CARE = "same_day_care"
    ASSESSMENT_UNIT = "assessment_unit"
    WARD = "ward"
    MATERNITY = "maternity"
    CATH_LAB = "cath_lab"
    OTHER = "other"


class Need(StrEnum):
    """What a patient may need of the place they are taken to, or of the journey.

    The words of the destination rules; a patient may have several. Nothing here is a diagnosis: the treating
    clinician says it.
    """

    MAJOR_TRAUMA = "major_trauma"
    STROKE = "stroke"
    STEMI = "stemi"
    RETURN_OF_CIRCULATION = "return_of_circulation"
    CARDIAC_ARREST = "cardiac_arrest"
    UNSAFE_AIRWAY = "unsafe_airway"
    SEPSIS = "sepsis"
    GI_BLEED = "gi_bleed"
    VASCULAR = "vascular"
    MATERNITY = "maternity"
    BURNS = "burns"
    SPINAL = "spinal"
    EYE = "eye"
    DIALYSIS = "dialysis"
    MENTAL_HEALTH = "mental_health"
    DETAINED = "detained"
    MINOR = "minor"
    FRAILTY = "frailty"
    FALL = "fall"
    END_OF_LIFE = "end_of_life"
