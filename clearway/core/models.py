"""The tables of the core, gathered for Django; each part of the core keeps its own."""

from .audit.models import Action, CheckpointPlace, Seal
from .concerns.models import Concern, ConcernStep
from .decisions.models import Decision, DecisionExport, DecisionNote
from .decisions.models import Told as DecisionTold
from .factors.models import Factor, RecoveryCode, WrongCodes
from .feeds.models import Answer, Batch, Message, Quarantined, Source
from .live.models import Change, Heartbeat, Push
from .notices.models import Notice
from .onward.models import OnwardPerson, OnwardRequest, OnwardStep
from .openings.models import Opening
from .organisation.models import Area, Organisation, PolicyVersion, Site
from .outbox.models import Outgoing
from .people.models import OnCall, RoleGrant, SavedView, User
from .people.provider.models import ProviderPerson, ProviderSession, SpentLogout
from .recurring.models import DutyDone, RecurringDuty
from .repeats.models import SentForm
from .retention.models import LegalHold
from .screens.models import Screen
from .worklist.models import Task

__all__ = [
    "Action",
    "Answer",
    "Area",
    "Batch",
    "Change",
    "CheckpointPlace",
    "Concern",
    "ConcernStep",
    "Decision",
    "DecisionExport",
    "DecisionNote",
    "DecisionTold",
    "DutyDone",
    "Factor",
    "Heartbeat",
    "LegalHold",
    "Message",
    "Notice",
    "OnCall",
    "OnwardPerson",
    "OnwardRequest",
    "OnwardStep",
    "Opening",
    "Organisation",
    "Outgoing",
    "PolicyVersion",
    "ProviderPerson",
    "ProviderSession",
    "Push",
    "Quarantined",
    "RecoveryCode",
    "RecurringDuty",
    "RoleGrant",
    "SavedView",
    "Screen",
    "Seal",
    "SentForm",
    "Site",
    "Source",
    "SpentLogout",
    "Task",
    "User",
    "WrongCodes",
]
