"""The tables of the outpatient desk, gathered for Django; each part of the desk keeps its own."""

from .attendance.models import AttendanceModel, AttendanceScore, AttendanceUse, SetAside
from .booking.models import Appointment, Offer
from .clinics.models import Clinician, Equipment, Leave, Room, Service, Session, Slot, Template
from .clocks.models import ClockEvent, Pathway
from .conversations.models import Answer, Conversation, Knock, Message
from .cover.models import Absence, OfficePost, StandIn
from .directory.models import DirectoryLoad, ListedOrganisation, ListedSuccession, SuccessorChoice
from .enquiries.models import Enquiry
from .equality.models import Background, DeprivedArea
from .exchange.models import Counterpart, FeedMapping, Reconciliation, Telling
from .filing.models import Document, Filing, Volume, VolumeOut
from .intake.models import AskedWorklist, GivenFile, Layout, TakenReferral
from .keeping.models import PatientHold
from .letters.models import Correspondent, Letter, LetterBatch, LetterText
from .loans.models import Item, Loan
from .outcomes.models import Miss, OnRequest
from .patients.models import Carer, Flag, Need, Patient
from .performance.models import Baseline, Target
from .records.models import DisclosurePack, Recipient, RecordsRequest, Rectification
from .recycling.models import FreedSlot, SlotOffer
from .referrals.models import Gap, Referral, Triage
from .reminders.models import Reminder
from .replanning.models import Displaced, Replan
from .reports.models import Report, SentReport
from .supervision.models import Batch, BatchItem, Training
from .support.models import Arrangement
from .trials.models import Trial, TrialArm, TrialPlace, TrialService
from .upkeep.models import Fault
from .waiting.models import Checked, Contact, Entry, Finding, ValidationPack

__all__ = [
    "Absence",
    "Answer",
    "Appointment",
    "Arrangement",
    "AskedWorklist",
    "AttendanceModel",
    "AttendanceScore",
    "AttendanceUse",
    "Background",
    "Baseline",
    "Batch",
    "BatchItem",
    "Carer",
    "Checked",
    "Clinician",
    "ClockEvent",
    "Contact",
    "Conversation",
    "Correspondent",
    "Counterpart",
    "DeprivedArea",
    "DirectoryLoad",
    "DisclosurePack",
    "Displaced",
    "Document",
    "Enquiry",
    "Entry",
    "Equipment",
    "Fault",
    "FeedMapping",
    "Filing",
    "Finding",
    "Flag",
    "FreedSlot",
    "Gap",
    "GivenFile",
    "Item",
    "Knock",
    "Layout",
    "Leave",
    "Letter",
    "LetterBatch",
    "LetterText",
    "ListedOrganisation",
    "ListedSuccession",
    "Loan",
    "Message",
    "Miss",
    "Need",
    "Offer",
    "OfficePost",
    "OnRequest",
    "Pathway",
    "Patient",
    "PatientHold",
    "Recipient",
    "Reconciliation",
    "RecordsRequest",
    "Rectification",
    "Referral",
    "Reminder",
    "Replan",
    "Report",
    "Room",
    "SentReport",
    "Service",
    "Session",
    "SetAside",
    "Slot",
    "SlotOffer",
    "StandIn",
    "SuccessorChoice",
    "TakenReferral",
    "Target",
    "Telling",
    "Template",
    "Training",
    "Triage",
    "Trial",
    "TrialArm",
    "TrialPlace",
    "TrialService",
    "ValidationPack",
    "Volume",
    "VolumeOut",
]
