"""The tables of the ambulance desk, gathered for Django; each part of the desk keeps its own."""

from .advice.models import Advice, Call, CrewLink, CrewMessage
from .barriers.models import Aid, Barrier, BarrierStep
from .breaks.models import PlannedBreak, ShiftBreaks
from .command.models import (
    CallLine,
    CallMinutes,
    EscalationCall,
    MajorIncident,
    ShiftAcceptance,
    ShiftSheet,
    ShiftWord,
    Sitrep,
    SitrepAddendum,
)
from .contacts.models import Contact
from .coverage.models import CoverMove
from .delays.models import Delay, DelayWord, SceneNorm, StackReport
from .diverts.models import Divert
from .diverts.models import Step as DivertStep
from .downtime.models import CadFailure, HandEntry, PackFolder, PaperForm
from .facts.models import Fact
from .forecast.models import Kept as KeptForecast
from .forecast.models import Passing, Standing, Warned
from .incidents.models import Assignment, Identity, Incident
from .liaison.models import HospitalState
from .messages.models import DeskMessage, DeskMessageStep, DeskMessageTo
from .pressure.models import ActionAnswer, ActionCard, HospitalFigure, TrustLevel
from .quality.models import Feedback, Finding, FindingCase, FindingWord, HandoverMonth
from .release.models import Release
from .resources.models import Position, Resource
from .rosters.models import PlannedShift, Roster
from .safeguarding.models import Safeguarding, SafeguardingTaken
from .snapshots.models import Snapshot
from .travel.models import RoadDisruption
from .unavailability.models import SignedLimit, Unavailability, UnavailabilityWord

__all__ = [
    "ActionAnswer",
    "ActionCard",
    "Advice",
    "Aid",
    "Assignment",
    "Barrier",
    "BarrierStep",
    "CadFailure",
    "Call",
    "CallLine",
    "CallMinutes",
    "Contact",
    "CoverMove",
    "CrewLink",
    "CrewMessage",
    "Delay",
    "DelayWord",
    "DeskMessage",
    "DeskMessageStep",
    "DeskMessageTo",
    "Divert",
    "DivertStep",
    "EscalationCall",
    "Fact",
    "Feedback",
    "Finding",
    "FindingCase",
    "FindingWord",
    "HandEntry",
    "HandoverMonth",
    "HospitalFigure",
    "HospitalState",
    "Identity",
    "Incident",
    "KeptForecast",
    "MajorIncident",
    "PackFolder",
    "PaperForm",
    "Passing",
    "PlannedBreak",
    "PlannedShift",
    "Position",
    "Release",
    "Resource",
    "RoadDisruption",
    "Roster",
    "Safeguarding",
    "SafeguardingTaken",
    "SceneNorm",
    "ShiftAcceptance",
    "ShiftBreaks",
    "ShiftSheet",
    "ShiftWord",
    "SignedLimit",
    "Sitrep",
    "SitrepAddendum",
    "Snapshot",
    "StackReport",
    "Standing",
    "TrustLevel",
    "Unavailability",
    "UnavailabilityWord",
    "Warned",
]
