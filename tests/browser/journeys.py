"""What journeys of the outpatient desk begin with: a service of their own, so that no other test meets it."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import key_hash
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import RoleGrant, User
from clearway.desks.outpatients.clinics.models import Clinician
from clearway.desks.outpatients.directory import actions as directory
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.waiting import actions as packs
from clearway.desks.outpatients.waiting.models import Entry
from clearway.gateway import hl7
from tests.beside import slots_of
from tests.directory import file, practice, successor
from tests.pas import adt, siu
from tests.therapies import Department, a_department
from tests.trust import set_policy

SERVICE, FALLS = "Speech", "falls"
SENDER = "hill-pas"
CLINICIAN = "Toni Marsh"
KEY = "a key that a practice system would have"
DAY = timedelta(days=1)
LEAVE_IN, BROKEN_IN = 20, 2  # days until the clinics that leave and a fault touch
PLACE = {"address": "3 Ferry Road, Worcester", "postcode": "WR1 1AA"}
MOBILE = {"mobile": "07700 900321"}


def fill(organisation: Organisation, now: datetime, password: str) -> None:
    """A clinical lead, a system that sends referrals, and speech therapy with somebody for each journey."""
    user = User.objects.create_user("thea", password, display_name="Thea Lowe", theme="light")
    RoleGrant.objects.create(user=user, role="therapies_lead", organisation=organisation, starts_at=now - DAY)
    sends = {"kind": "referrals", "key_hash": key_hash(KEY), "expected_interval_seconds": 86400}
    Source.objects.create(organisation=organisation, name="hill-surgery", **sends)
    speech = a_department(organisation, SERVICE.lower())
    speech.numbers = count(5001)  # the trust has others of these numbers
    Clinician.objects.filter(pk=speech.clinician.pk).update(name=CLINICIAN)
    hour = now.replace(minute=0, second=0, microsecond=0)
    for name, days in (("Quist", 4), ("Wicks", BROKEN_IN), ("Hasty", 1), ("Latimer", -8), ("Errol", -9)):
        (slot,) = speech.session(hour + days * DAY, slots=1).slots.all()
        speech.booked(slot, waits(speech, now, name, 30, **MOBILE, **PLACE))
    speech.session(hour + LEAVE_IN * DAY, slots=2, kind="follow_up")
    speech.session(hour + (LEAVE_IN + 5) * DAY, slots=2)
    for name, days in (("Ready", 60), ("Steady", 50)):
        waits(speech, now, name, days, **MOBILE)
    waits(speech, now, "Stillwell", 90, **PLACE)
    waits(speech, now, "Longman", 130, **PLACE)
    waits(speech, now, "Tolley", 40, practice="M81001", **PLACE)
    list_practices({"organisation_id": organisation.pk, "by": Actor("test"), "at": now})
    packs.make_packs(organisation_id=organisation.pk, by=Actor("duty:packs"), at=now)
    _accepted(speech, "Invers", now - 100 * DAY)
    takes_falls(organisation, now)
    beside(organisation, now)


def beside(organisation: Organisation, now: datetime) -> None:
    """A patient administration system that has told of a clinic by a code which nobody has mapped, and of
    somebody who looks like a patient here: what it said of them waits.
    """
    hearing = a_department(organisation, "hearing")
    hearing.numbers = count(9001)
    source = Source.objects.create(
        organisation=organisation, name=SENDER, kind="hl7", expected_interval_seconds=86400
    )
    by = Actor("test")
    exchange.load_mapping(source, '[codes.clinic]\n"EARS-MON" = "back"\n', "the first", by=by, at=now)
    slots = slots_of(hearing, now.replace(minute=0, second=0, microsecond=0) + DAY)
    for name, born_on in (("Listener", "1961-02-03"), ("Whisper", "1948-05-06")):
        patient = hearing.patient(family_name=name, given_names="Ann", born_on=date.fromisoformat(born_on))
        hearing.entry(hearing.referral(patient=patient), minutes=30, added_at=now)
    known, alike = (
        "PID|1||P09001^^^RWP^MR||Listener^Ann||19610203|F",
        "PID|1||PAS-77^^^RWP^MR||Whisper^Anne||19480506|F|||7 Quay Street^^Worcester^^WR1 1AA",
    )
    sent = now - timedelta(minutes=5)
    for raw in (
        siu("S12", sent, filler="E1", clinic="EARS-TUE", starts_at=slots[0].starts_at, pid=known),
        adt("A28", sent, pid=alike),
        siu("S12", sent, filler="E2", clinic="EARS-MON", starts_at=slots[1].starts_at, pid=alike),
    ):
        hl7.deliver(source, raw, lambda: now)


def list_practices(who: dict[str, Any]) -> None:
    """A directory: one practice that closed, and two that took its place."""
    closed = practice("M81001", "HILL SURGERY", closed="20240331")
    others = (practice("M81002", "VALE SURGERY"), practice("M81003", "DALE SURGERY"))
    directory.load(file(closed, *others), "epraccur.csv", **who)
    directory.load(file(*(successor("M81001", each[0]) for each in others)), "succ.csv", **who)


def takes_falls(organisation: Organisation, now: datetime, also: tuple[str, ...] = ("RYF",)) -> None:
    """A falls service that crews of this trust may ask, and of others (the South West), with a clinic
    tomorrow."""
    falls = a_department(organisation, FALLS)
    falls.numbers = count(7001)
    falls.session(now.replace(minute=0, second=0, microsecond=0) + DAY, slots=4)
    said = {
        "name": "Falls and balance",
        "kinds": {"falls": "After a fall"},
        "target_hours": 48,
        "days": [1, 2, 3, 4, 5, 6, 7],
        "accepts": {"priority": "2", "minutes": 30},
    }
    values = {"from": [*also, organisation.code], "services": {FALLS: said}}
    set_policy(organisation, "onward_services", values)


def _accepted(speech: Department, name: str, at: datetime) -> None:
    """Somebody of this name whose referral was registered and accepted at an instant."""
    scope: dict[str, Any] = {"organisation_id": speech.trust.pk, "by": Actor("test"), "at": at}
    who = speech.patient(family_name=name, given_names="Jo", **PLACE)
    said = {"source": "03", "sender": "Dr Field", "condition": "Voice", "question": "Please treat"}
    row = referrals.register(
        referrals.New(who.pk, speech.service.pk, at.date(), priority="routine", **said), **scope
    )
    referrals.triage(row.pk, referrals.Decision("accept", priority="1", minutes=30), **scope)


def waits(speech: Department, now: datetime, name: str, days: int, **more: Any) -> Entry:
    """Somebody of this name who has waited for so many days."""
    received = (now - days * DAY).date()
    patient = speech.patient(family_name=name, given_names="Jo", **more)
    return speech.entry(speech.referral(received, patient), minutes=30, added_at=now - days * DAY)
