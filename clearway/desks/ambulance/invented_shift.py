"""An invented hour of a control room for demonstrations: what people say and write, which no feed knows.

Everything is entered by the actions that people use, about whoever is on the boards at that moment.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.concerns import actions as concerns
from clearway.core.layout.times import local
from clearway.core.people.queries import holding
from clearway.core.recurring import actions as recurring
from clearway.core.recurring.policy import recurring_policy
from clearway.domain.ambulance.contacts import Partner, With, usual
from clearway.domain.ambulance.release import Kind, Record
from clearway.domain.shared.concerns import Step
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.recurring import Found
from clearway.domain.shared.region import Desk

from . import models
from .command import calling
from .contacts import actions as contacts
from .contacts import whom
from .handovers import queries as handovers
from .messages import actions as messages
from .release import actions as release
from .release import presenters as waiting
from .safeguarding import actions as safeguarding

COORDINATOR, OFFICER = "patient_flow_coordinator", "service_delivery_officer"
LEAD, SUPPORT = "clinical_lead", "operations_support"
TOLD = "Local commander, by telephone"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CALLS = (  # whom: a crew, a hospital or a role; reason and result by the policy's codes
    (With.CREW, "delay", "told", "Stairs: a second crew carries"),
    (With.HOSPITAL, "capacity", "later", "Site manager looks for two beds"),
    (With.HALO, "handover", "agreed", "Two crews cohort from now"),
    (With.CREW, "break", "agreed", "Break at the station after this patient"),
    (With.MANAGER, "handover", "told", "Queue and releases gone through"),
)
CONCERNS = (
    ("hazard", "moderate", "Ambulance bay", "The ramp of the second bay is slippery when it rains"),
    ("near_miss", "high", "Corridor", "A patient was nearly moved under another patient's name"),
    ("risk", "low", "Control room", "Two of six headsets are worn through"),
)
DUTIES = (  # name, kind, owner, area, days until it is due
    ("Infection control, control room", "infection", "Coordinator on duty", "Control room", 9),
    ("Basic life support", "training", "Jo Osei", "", 40),
    ("Yearly appraisal", "review", "Jo Osei", "", -6),
    ("Engines off in ambulance bays", "green", "Operations support", "Ambulance bays", 25),
)


@dataclass(frozen=True, slots=True)
class _Room:
    """Who works in the room, and when it is. people  role -> who acts in it"""

    organisation_id: int
    people: Mapping[str, Actor]
    at: datetime

    def who(self, role: str, minutes: float = 0) -> dict[str, Any]:
        """Who acts, so many minutes ago."""
        by = self.people[role]
        return {"organisation_id": self.organisation_id, "by": by, "at": self.at - minutes * MINUTE}


def begin(*, organisation_id: int, at: datetime) -> bool:
    """Enter everything, once: whether anything was. Of whom nobody is on the boards, nothing is said."""
    if models.Contact.objects.filter(organisation_id=organisation_id).exists():
        return False
    people = {}
    for role in (COORDINATOR, OFFICER, LEAD):
        user = holding(organisation_id, [role], at).first()
        if user is None:
            return False
        people[role] = Actor(user.username, user.pk, role)
    room = _Room(organisation_id, people, at)
    for step in _steps(room):
        with suppress(NotAllowed):  # somebody has done it meanwhile, or the boards have moved on
            step()
    return True


def _steps(room: _Room) -> Iterator[Any]:
    for place, (kind, *said) in enumerate(CALLS):
        yield lambda place=place, kind=kind, said=said: _contact(room, place, kind, *said)
    yield lambda: _messages(room)
    for place, concern in enumerate(CONCERNS):
        yield lambda place=place, concern=concern: _concern(room, place, *concern)
    yield lambda: _safeguarding(room)
    yield lambda: _releases(room)
    for duty in DUTIES:
        yield lambda duty=duty: _duty(room, *duty)
    yield lambda: _call(room)


def _contact(room: _Room, place: int, kind: With, reason: str, result: str, words: str) -> None:
    known = whom.known(room.organisation_id, room.at)
    names = {
        With.CREW: [(each, each) for each in known.call_signs],
        With.HOSPITAL: list(known.hospitals.items()),
        With.HALO: [(code, f"HALO {name}") for code, name in known.hospitals.items()],
        With.MANAGER: [(OFFICER, known.roles[OFFICER])],
    }[kind]
    if names:
        key, name = names[place % len(names)]
        spoken = contacts.Spoken(Partner(kind, key, name), usual(kind), reason, result, words)
        contacts.write(spoken, **room.who(COORDINATOR, 50 - 9 * place))


def _messages(room: _Room) -> None:
    """One that the officer has acknowledged, and one that waits for its crews."""
    told = "Bed meeting at the quarter: figures of the queue by then, please"
    officer = ("role", OFFICER, whom.known(room.organisation_id, room.at).roles[OFFICER])
    row = messages.send(told, [officer], **room.who(COORDINATOR, 24))
    messages.came(models.DeskMessageTo.objects.get(of=row).pk, "acknowledged", **room.who(OFFICER, 21))
    crews = whom.known(room.organisation_id, room.at).call_signs[:2]
    if crews:
        to = [("crew", each, each) for each in crews]
        messages.send("The road by the river is flooded: take the bypass", to, **room.who(COORDINATOR, 4))


def _concern(room: _Room, place: int, kind: str, severity: str, where: str, what: str) -> None:
    given = concerns.Report(Desk.AMBULANCE, kind, severity, where, what)
    row = concerns.report(given, **room.who(COORDINATOR, 55 - 10 * place))
    if row.owner in room.people:
        looked = concerns.Next(Step.ACKNOWLEDGED, "Thank you: I look into it")
        concerns.take(row.pk, looked, (row.owner,), **room.who(row.owner, 40 - 10 * place))


def _safeguarding(room: _Room) -> None:
    words = "Invented: an older patient alone at home without heating, and afraid of a lodger"
    row = safeguarding.concern("adult", words, "", **room.who(COORDINATOR, 35))
    who = room.who(LEAD, 30)
    safeguarding.take(row, (LEAD,), by=who["by"], at=who["at"])


def _releases(room: _Room) -> None:
    """Of those who wait longest: one is released, of one somebody decides why the crew stays."""
    who = room.who(COORDINATOR)
    rows = waiting.rows_of(handovers.board(room.organisation_id, room.at), room.at)
    late = [row for row in rows if row.crew_is_there and room.at - row.since >= 45 * MINUTE]
    for row, said in zip(
        late,
        (
            Record(
                Kind.EXCEPTION,
                reason="no_trolley",
                decided_by="Service delivery officer",
                look_at=room.at + 15 * MINUTE,
                commander=TOLD,
            ),
            Record(
                Kind.RELEASE,
                stable_by="Paramedic of the crew",
                news2=2,
                news2_at=room.at - 5 * MINUTE,
                nurse="Nurse in charge",
                place="chair",
                verbal=True,
                epcr=True,
                accepted=True,
                commander=TOLD,
            ),
        ),
        strict=False,
    ):
        with suppress(NotAllowed):
            release.record(row.key, said, seen=None, site_code=row.site, **who)


def _duty(room: _Room, name: str, kind: str, owner: str, area: str, due: int) -> None:
    """What is not due yet was done before, as far as it has to be."""
    today = local(room.at).date()
    policy = recurring_policy(room.organisation_id, room.at).kind(kind)
    own = {"person_id": room.people[COORDINATOR].user_id} if not area else {}
    new = recurring.New(name, kind, owner, None, today + due * DAY, Desk.AMBULANCE, place=area, **own)
    row = recurring.enter(new, **room.who(OFFICER))
    if policy.items:
        found = [
            Found(item, place != 1, "" if place != 1 else "Two headsets without a cover")
            for place, item in enumerate(policy.items)
        ]
        recurring.done(row.pk, today - 21 * DAY, "Walked round with the list", found, **room.who(COORDINATOR))


def _call(room: _Room) -> None:
    """An escalation call with its minutes signed."""
    who = room.who(OFFICER)
    number = calling.open_call("", **who).number
    until = f"{local(room.at + 90 * MINUTE):%H:%M}"
    for line in (
        "p Jo Osei; patient flow coordinator",
        "p Kit Larsen; tactical commander",
        "s 1; Actions of the last call are done",
        f"a Ask the two longest queues for their release plan; patient flow coordinator; {until}",
        "d Two crews cohort at the longest queue; it frees a crew for calls that wait",
    ):
        calling.say(number, line, **who)
    calling.sign(number, **who)
