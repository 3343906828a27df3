"""The roles and what each may do. Deny is the default: what a role does not name here, it may not do.

Roles and permissions are code, because a page and its permission change together and a reader can check
them side by side (docs/adr/0020). Who holds which role, where and for how long, is data: `RoleGrant`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "home.read": "sign in and open the first page",
        "account.keep": "keep one's own second factor",
        "concerns.report": "report a hazard, a risk, a near miss or an incident, and follow one's own",
        "concerns.read": "see every hazard, risk, near miss and incident that was reported",
        "concerns.work": "answer for reported hazards, risks and incidents: acknowledge, look into, close",
        "handovers.read": "see the handover board",
        "handovers.mark": "mark a crew as queuing or cohorting, or a patient as handed over",
        "handovers.release": "record that a crew is released at a hospital, why not, or who relieves it",
        "hospitals.say": "say how a hospital stands",
        "advice.read": "see conveyance advice, who is about to leave scene, and what advice was worth",
        "advice.give": "take conveyance advice for a crew, or another place with a reason, and tell the crew",
        "destinations.confirm": "answer for what destinations can do, and review the destination rules",
        "resources.read": "see the resource board",
        "cover.read": "see rosters, planned and actual unit-hours, and the cover gap",
        "cover.move": "accept and refuse moves of crews to standby points, and take one back",
        "barriers.work": "keep what can help crews that cannot respond, agree it and follow it",
        "rosters.load": "load a roster, which replaces the future shifts that it names",
        "breaks.read": "see how crews stand with their meal breaks",
        "breaks.plan": "plan when and where crews take their meal breaks, and take a plan back",
        "unavailability.record": "record what was asked and answered about an unavailable resource",
        "delays.record": "ask delayed crews for STACK reports, and record what was said and done",
        "unavailability.sign": "sign other limits of unavailability for a time",
        "contacts.read": "see who spoke with whom, why and with what result",
        "contacts.write": "write down a call, a radio message or a conversation",
        "desk_messages.answer": "read and answer the messages of the ambulance desk to oneself",
        "desk_messages.send": "write messages to crews, hospitals and posts",
        "safeguarding.raise": "raise a safeguarding concern, and see that there are some",
        "safeguarding.read": "read and acknowledge the safeguarding concerns of the queue of one's role",
        "pressure.read": "see how hard hospitals and the trust are pressed, and what levels ask",
        "pressure.report": "write down figures of a hospital's pressure",
        "pressure.answer": "tick an action that a level asks, or say why it is not done",
        "pressure.declare": "set the trust's level of REAP or of the clinical safety plan",
        "command.read": "read situation reports, shifts given, escalation calls and major incidents",
        "calls.chair": "open an escalation call, chair it and sign its minutes",
        "major.declare": "declare a major incident or put one on standby, report on it and end it",
        "shift.hand_over": "give a shift to the next person, and accept one",
        "sitreps.make": "make a situation report, and add to one",
        "downtime.read": "see what was entered by hand while the CAD was away, and the paper forms",
        "downtime.work": "declare a CAD failure, enter by hand and from paper, print forms, hold drills",
        "forecast.read": "see the forecast of handover waits and how good it has been",
        "map.read": "see the map",
        "roads.read": "see what hinders travel",
        "roads.write": "enter and end road disruptions",
        "incidents.read": "open an incident, with its identity masked",
        "identity.look": "look at who the patient of an incident is, giving a reason",
        "onward.read": "see what other services are asked to take on for patients who stay at home",
        "onward.ask": "ask a service to take a patient on, and take that back",
        "diverts.read": "see the diverts",
        "diverts.manage": "propose a divert, ask for agreement, start, review and end it",
        "diverts.agree": "agree to a divert for the ambulance service",
        "quality.read": "see what the feeds said that cannot be right, and what became of it",
        "quality.work": "take findings, propose a value, and record what was put right",
        "quality.answer": "accept or reject, for one's own hospital, a time that was proposed",
        "quality.sign": "freeze a month of handovers, and end findings that need a second person",
        "tasks.read": "see the worklist",
        "budget.read": "see how the alarm budget is kept",
        "tasks.work": "acknowledge, answer, shelve, hand over and escalate tasks",
        "decisions.read": "read the decision log",
        "decisions.write": "write in the decision log",
        "decisions.export": "take entries of the decision log out as a file, leaving parts out for a reason",
        "feeds.read": "see the feeds, their ages and their accounts",
        "feeds.replay": "replay messages that could not be read",
        "feeds.map": "see how each system beside ours writes, and change how its messages are read",
        "policies.read": "see the policies in force",
        "on_call.read": "see who is on call",
        "on_call.manage": "change who is on call",
        "screens.manage": "put boards on screens that hang on walls, and take them off",
        "people.read": "see who holds which role",
        "people.stand_in": "let somebody act up, for one shift, in a role no wider than one's own",
        "people.manage": "give and end roles, disable an account",
        "patients.read": "find outpatients and see their records",
        "patients.write": "register outpatients and change their records, needs and flags",
        "referrals.read": "see referrals, what they lack, and their ledger",
        "referrals.write": "register, complete and remove referrals",
        "referrals.triage": "enter a clinician's decision about a referral",
        "pathways.read": "see pathways with their clocks explained",
        "pathways.write": "record and correct what happened on a pathway",
        "outpatients.read": "see the day of the outpatient department at a glance",
        "waiting.read": "see the waiting list, its checks and its capacity, with the patients on it",
        "waiting.write": "add to the waiting list, remove from it, and record contacts",
        "waiting.lead": "take what the list checks found from the colleague who has it",
        "clinics.read": "see the diary, the weekly clinics and leave",
        "clinics.write": "change weekly clinics, freeze or cancel a clinic, and ask for leave",
        "clinics.approve": "grant or refuse leave",
        "bookings.read": "see which slots suit a patient, and appointments",
        "bookings.write": "hold, book, confirm, move and cancel appointments",
        "conversations.read": "read what patients text back",
        "conversations.answer": "answer patients by text, and act on what they wrote",
        "outcomes.write": "cash up clinics, and see to those who missed an appointment",
        "misses.read": "see who missed an appointment, and what was done and decided",
        "misses.decide": "decide, as a clinician, what follows after a missed appointment",
        "letters.read": "see letters, the outbox and the texts of letters",
        "letters.send": "print and post letters, and see to what holds one",
        "letters.write": "write versions of the texts of letters",
        "letters.approve": "approve the texts of letters, as the clinical lead",
        "reception.work": "see today's arrivals and check patients in",
        "office.read": "see the registers of the outpatient office",
        "enquiries.work": "take calls, messages and complaints, and close them",
        "enquiries.lead": "take over what was escalated to the team leader",
        "upkeep.work": "report faults of rooms and equipment, chase them, and call them mended",
        "loans.work": "lend equipment, ask for it, take it back, decontaminate and recall it",
        "records.work": "enter requests for records, gather what is held, and send what was reviewed",
        "records.review": "review a pack that somebody else gathered, and decide what is corrected",
        "holds.read": "see whose records are under a legal hold, and how long the others are kept",
        "holds.place": "place a legal hold on a patient's record",
        "holds.lift": "review legal holds, ask to lift one, and lift one that somebody else asked for",
        "reports.read": "see the register of reports and read what was sent",
        "reports.manage": "enter reports, send one now, name its recipient, and end it",
        "performance.read": "see the performance of the department and what its figures ask for",
        "performance.of_people": "see the performance of a single clinician",
        "performance.manage": "set targets, and draw the limits of a chart anew",
        "duties.read": "see recurring duties: training, appraisals, checks of an area, the green plan",
        "duties.work": "write down that a recurring duty was done, with what shows it",
        "duties.manage": "enter and end recurring duties",
        "filing.work": "take letters and scans, file them, and send paper notes out and back",
        "supervision.manage": "give juniors work, review it, and keep the record of their training",
        "cover.ask": "ask for leave of one's own from the office",
        "cover.manage": "say who covers what in the office, who stands in, and who is ill",
        "cover.decide": "grant or refuse leave of the office",
        "messages.answer": "read and answer the messages left for oneself as a clinician",
        "messages.of_all": "read and answer the messages of every clinician, and say whose account is whose",
        "audit.read": "read the audit",
        "looks.review": "review who looked at who a patient is, and why",
    }
)


class Binding(StrEnum):
    """What a grant of a role must name besides the organisation."""

    NONE = "none"
    SITE = "site"  # and the holder sees that site alone
    AREA = "area"  # whom an escalation from that area reaches; the holder sees the whole region


@dataclass(frozen=True, slots=True)
class Role:
    """One role. `code` is stored with every action done in it."""

    code: str
    name: str
    permissions: frozenset[str]
    binding: Binding = Binding.NONE

    @property
    def is_site_limited(self) -> bool:
        return self.binding is Binding.SITE


def _role(code: str, name: str, permissions: Iterable[str], binding: Binding = Binding.NONE) -> Role:
    held = frozenset(permissions) | {"home.read", "account.keep", "concerns.report"}
    if unknown := held - PERMISSIONS.keys():
        raise ValueError(f"Role {code} names permissions that do not exist: {sorted(unknown)}")
    return Role(code, name, held, binding)


_BOARDS = (
    "handovers.read",
    "resources.read",
    "breaks.read",
    "cover.read",
    "downtime.read",
    "forecast.read",
    "pressure.read",
    "map.read",
    "diverts.read",
    "roads.read",
    "tasks.read",
    "budget.read",
    "decisions.read",
    "advice.read",
    "command.read",
)
_DESK = (
    *_BOARDS,
    "incidents.read",
    "tasks.work",
    "pressure.answer",
    "decisions.write",
    "quality.read",
    "feeds.read",
    *("contacts.read", "contacts.write", "concerns.read"),
    *("desk_messages.answer", "safeguarding.raise"),
    *("duties.read", "duties.work"),
    "sitreps.make",
    "shift.hand_over",
)
_DESK_LISTS = ("on_call.read", "policies.read")
_COORDINATION = (
    *_DESK,
    *_DESK_LISTS,
    *("onward.read", "onward.ask"),
    *("advice.give", "handovers.mark", "hospitals.say", "identity.look", "diverts.manage", "roads.write"),
    "handovers.release",
    "desk_messages.send",
    *(
        "breaks.plan",
        "unavailability.record",
        "delays.record",
        "pressure.report",
        "downtime.work",
        "calls.chair",
        "major.declare",
    ),
    "quality.work",
    "rosters.load",
    "barriers.work",
    "cover.move",
    "screens.manage",
)
_COMMAND = (
    *_COORDINATION,
    "diverts.agree",
    "unavailability.sign",
    "pressure.declare",
    "decisions.export",
    "concerns.work",
    "duties.manage",
    "quality.sign",
    "feeds.replay",
    "on_call.manage",
    "people.read",
    "people.stand_in",
)

_INTAKE = (
    *("patients.read", "patients.write", "pathways.read", "pathways.write"),
    *("referrals.read", "referrals.write", "referrals.triage"),
)
_INTAKE_READ = ("outpatients.read", "patients.read", "pathways.read", "referrals.read")
_LISTS = (
    *("outpatients.read", "waiting.read", "waiting.write"),
    *("outcomes.write", "misses.read", "reception.work"),
)
_OFFICE = (
    "office.read",
    "enquiries.work",
    "upkeep.work",
    "loans.work",
    *("duties.read", "duties.work"),
    "cover.ask",
    "filing.work",
)
_CLINICS = ("clinics.read", "clinics.write", "bookings.read", "bookings.write")
_CONVERSATIONS = ("conversations.read", "conversations.answer")
_LETTERS = ("letters.read", "letters.send", "letters.write")

# In order of lead: who holds several roles acts in the first of them that may do what is asked.
ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.code: role
        for role in (
            _role("trust_incident_manager", "Trust incident manager", _COMMAND),
            _role(
                "service_delivery_officer", "Service delivery officer", (*_COMMAND, "destinations.confirm")
            ),
            _role("patient_flow_coordinator", "Patient flow coordinator", (*_COORDINATION, "feeds.replay")),
            _role(
                "clinical_lead",
                "Clinical lead",
                (
                    *(*_BOARDS, "policies.read", "on_call.read", "tasks.work", "destinations.confirm"),
                    "pressure.answer",
                    *(
                        "concerns.read",
                        "concerns.work",
                        "desk_messages.answer",
                        "safeguarding.raise",
                        "safeguarding.read",
                    ),
                ),
            ),
            _role(
                "local_commander", "Local commander", (*_DESK, *_DESK_LISTS, "delays.record"), Binding.AREA
            ),
            _role(
                "dispatcher",
                "Dispatcher",
                (
                    *(*_BOARDS, "incidents.read", "identity.look", "on_call.read", "roads.write"),
                    *("desk_messages.answer", "safeguarding.raise"),
                    *("onward.read", "contacts.read", "contacts.write", "pressure.answer"),
                ),
            ),
            _role(
                "operations_support",
                "Operations support",
                (*_DESK, *_DESK_LISTS, "concerns.work", "rosters.load", "barriers.work", "screens.manage"),
            ),
            _role(
                "community_response_coordinator",
                "Community response coordinator",
                (
                    *_BOARDS,
                    "tasks.work",
                    "desk_messages.answer",
                    "safeguarding.raise",
                    "on_call.read",
                    "onward.read",
                    "onward.ask",
                ),
            ),
            _role(
                "halo",
                "Hospital ambulance liaison officer",
                (
                    "handovers.read",
                    "forecast.read",
                    "handovers.mark",
                    "handovers.release",
                    "diverts.read",
                    "hospitals.say",
                    "pressure.read",
                    "pressure.report",
                    "incidents.read",
                    "identity.look",
                    *("quality.read", "quality.work"),
                    "tasks.read",
                    "tasks.work",
                    "on_call.read",
                    *("desk_messages.answer", "safeguarding.raise"),
                ),
                Binding.SITE,
            ),
            _role(
                "hospital_user",
                "Hospital user",
                (
                    "handovers.read",
                    "handovers.release",
                    "hospitals.say",
                    "desk_messages.answer",
                    "pressure.read",
                    "pressure.report",
                    "diverts.read",
                    "quality.answer",
                ),
                Binding.SITE,
            ),
            _role(
                "outpatient_team_leader",
                "Outpatient team leader",
                (
                    *_INTAKE,
                    *_LISTS,
                    *(*_CLINICS, "clinics.approve", *_LETTERS, *_CONVERSATIONS),
                    *("feeds.read", "feeds.replay", "feeds.map"),
                    *(*_OFFICE, "waiting.lead", "enquiries.lead", "messages.answer", "messages.of_all"),
                    *("records.work", "records.review", "holds.read", "holds.place", "holds.lift"),
                    *("duties.manage", "cover.manage", "cover.decide", "supervision.manage"),
                    *("reports.read", "reports.manage", "concerns.read", "concerns.work"),
                    *("performance.read", "performance.of_people", "performance.manage"),
                    *("tasks.read", "tasks.work", "decisions.read", "decisions.write", "on_call.read"),
                ),
            ),
            _role(
                "outpatient_coordinator",
                "Outpatient coordinator",
                (
                    *(*_INTAKE, *_LISTS, *_CLINICS, *_OFFICE, *_LETTERS, *_CONVERSATIONS),
                    *("records.work", "holds.read", "holds.place"),
                    *("cover.manage", "supervision.manage"),
                    *("reports.read", "reports.manage", "performance.read", "concerns.read"),
                    *("tasks.read", "tasks.work", "decisions.read", "decisions.write"),
                ),
            ),
            _role(
                "junior_coordinator",
                "Junior coordinator",
                (
                    *(*_INTAKE_READ, "tasks.read", "tasks.work", "waiting.read", "reception.work"),
                    # What a coordinator gives them to do, of which a sample is reviewed (docs/adr/0066).
                    *("patients.write", "referrals.write", "outcomes.write", "misses.read"),
                    *("clinics.read", "bookings.read", "bookings.write", *_OFFICE),
                    *("letters.read", "letters.send", *_CONVERSATIONS),
                ),
            ),
            _role(
                "therapies_lead",
                "Clinical lead of therapies",
                (
                    *(*_INTAKE_READ, "referrals.triage", "tasks.read", "tasks.work", "waiting.read"),
                    *("clinics.read", "bookings.read", "letters.read", "letters.approve", "reports.read"),
                    *("misses.read", "misses.decide", "performance.read", "holds.read", "holds.lift"),
                    *("concerns.read", "concerns.work"),
                ),
            ),
            _role(
                "clinician",
                "Clinician",
                (
                    *(*_INTAKE_READ, "referrals.triage", "tasks.read", "waiting.read"),
                    *("clinics.read", "bookings.read", "messages.answer", "letters.read"),
                    *("misses.read", "misses.decide"),
                ),
            ),
            _role("receptionist", "Receptionist", ("patients.read", "reception.work", *_OFFICE)),
            _role(
                "privacy_officer",
                "Privacy officer",
                (
                    *("audit.read", "looks.review", "people.read", "decisions.read", "decisions.export"),
                    *("tasks.read", "tasks.work"),
                    *("holds.read", "holds.place", "holds.lift", "concerns.read", "concerns.work"),
                ),
            ),
            _role(
                "administrator",
                "Administrator",
                (
                    *_BOARDS,
                    *_DESK_LISTS,
                    "feeds.read",
                    "feeds.replay",
                    "feeds.map",
                    "on_call.manage",
                    "people.read",
                    "people.stand_in",
                    "people.manage",
                    "screens.manage",
                    "audit.read",
                ),
            ),
        )
    }
)


def roles_with(permission: str) -> list[Role]:
    """The roles that may do this, in order of lead."""
    return [role for role in ROLES.values() if permission in role.permissions]


def name_of(code: str) -> str:
    """What people call the role; the code itself for one that no longer exists (an old audit row)."""
    return ROLES[code].name if code in ROLES else code
