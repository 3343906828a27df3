"""A whole Clearway in one process for the browser tests: pages, live stream, workers and a winter night.

Run as a program: python -m tests.browser.serve PORT PHONES, with DATABASE_URL naming an empty database.
PHONES is the port of the local provider, on whose pages patients' telephones are.
"""

import os
import sys
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import django
import uvicorn

from clearway.cli.provider import DEMO_KEY

PASSWORD = "a long enough password"
SEED = 7
LONG_IN_WRAP_UP = "Q3"  # a crew that has not said for forty minutes that it is clear
KEY = "the key of the provider's callbacks"
CALMER = {"inbox": 0.12, "tailer": 0.12}
"""Duty -> seconds between two looks: looking oftener took the server more time than all pages together."""
WORKS_IN = {"light": "flow", "dark": "night"}  # theme -> the coordinator who chose it


def months_back(day: date, count: int) -> date:
    """The first day of the month so many months before."""
    month = day.year * 12 + day.month - 1 - count
    return date(month // 12, month % 12 + 1, 1)


TWO_MONTHS_BACK = months_back(datetime.now(UTC).date(), 2)  # its figures are to be published at every date


def now() -> datetime:
    return datetime.now(UTC)


def fill() -> None:
    """The South West, a coordinator, somebody of one hospital, and a night's events up to now."""
    from django.core.management import call_command

    from clearway.config.regions import find
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import store
    from clearway.core.feeds.models import Source
    from clearway.core.organisation.actions import load_region
    from clearway.core.organisation.models import Site
    from clearway.core.people.models import RoleGrant, User
    from clearway.desks.ambulance import housekeeping
    from clearway.desks.ambulance.quality import casework
    from clearway.gateway import inbox
    from clearway.interchange import native
    from clearway.interchange.region_pack import parse
    from tests.browser import calling, diaries, journeys, moor
    from tests.letters import with_letters
    from tests.night import Night, Place
    from tests.outpatients import a_service

    call_command("migrate", verbosity=0)
    for days in range(-2, 2):
        housekeeping.make_partitions(now() + timedelta(days=days))
    region = load_region(parse(find("south-west")), by=Actor("test"), at=now() - timedelta(days=2))
    empty = load_region(parse(find("test-valley")), by=Actor("test"), at=now() - timedelta(days=2))
    coordinator, torbay = "patient_flow_coordinator", Site.objects.get(organisation=region, code="RA901")
    people = [(region, name, coordinator, None, theme) for theme, name in WORKS_IN.items()]
    for organisation, name, role, site, theme in (
        *people,
        (region, "liaison", "halo", torbay, "light"),
        (region, "ward", "hospital_user", torbay, "light"),
        (region, "keeper", "administrator", None, "dark"),
        (region, "guard", "privacy_officer", None, "light"),
        (region, "lead", "clinical_lead", None, "dark"),
        (region, "officer", "service_delivery_officer", None, "light"),
        (empty, "quiet", coordinator, None, "light"),
        (empty, "petra", "administrator", None, "light"),
        (empty, "opal", "outpatient_coordinator", None, "light"),
        (empty, "olga", "outpatient_coordinator", None, "dark"),
        (empty, "carla", "clinician", None, "light"),
        (empty, "lena", "outpatient_team_leader", None, "light"),
        (empty, "june", "junior_coordinator", None, "light"),
    ):
        user = User.objects.create_user(name, PASSWORD, display_name="Sam Tanner", theme=theme)
        RoleGrant.objects.create(
            user=user,
            role=role,
            organisation=organisation,
            site=site,
            starts_at=now() - timedelta(days=1),
        )

    def places(kind: str) -> list[Place]:
        sites = Site.objects.filter(organisation=region, kind=kind).order_by("code")
        return [Place(site.code, site.latitude, site.longitude) for site in sites]

    night = Night(now(), SEED, places("emergency_department"), places("station"))
    sources = {source.kind: source for source in Source.objects.filter(organisation=region)}
    store(sources["cad"], native.dump(night.events), at=now())
    store(sources["positions"], native.dump(night.positions), at=now())
    while inbox.process(now):
        pass
    store(sources["cad"], native.dump(wrong_times()), at=now())
    while inbox.process(now):
        pass
    casework.follow(region.pk, at=now())
    near_and_little(region)
    diaries.fill(now(), SEED, PASSWORD)

    a_service(empty, "HANDS", name="Hand therapy")
    with_letters(empty)
    clinics(empty)
    journeys.fill(empty, now(), PASSWORD)
    calling.fill(now(), PASSWORD)
    moor.fill(now(), PASSWORD)
    somebody_to_remind(KEY)


def near_and_little(region: Any) -> None:
    """The night knows no place of a call and little help: small gains and far help are proposed too."""
    from clearway.core.organisation.models import PolicyVersion

    for name, values in (("standby", {"least_gain": 0.01}), ("barriers", {"farthest": 600})):
        row = PolicyVersion.objects.get(organisation=region, name=name)
        row.values |= values
        row.save(update_fields=["values"])


def wrong_times() -> list[Any]:
    """At one hospital a patient handed over before arriving; two months ago one of whom nobody said when.

    And a crew that has not said for forty minutes that it is clear; and the call of a patient of whom all has
    long been over.
    """
    from clearway.domain.ambulance.events import CallEvent, JobEvent, Patient
    from clearway.domain.ambulance.words import CallStatus, JobStatus, ResourceKind

    def job(call_sign: str, steps: dict[str, float], end: datetime) -> list[JobEvent]:
        return [
            JobEvent(
                message_id=f"{call_sign}/{status}",
                occurred_at=end - timedelta(minutes=before),
                incident=f"W-{call_sign}",
                call_sign=call_sign,
                status=JobStatus(status),
                destination="RA901",
                kind=ResourceKind.DCA,
            )
            for status, before in steps.items()
        ]

    steps = {"allocated": 190, "mobile": 189, "at_scene": 180, "left_scene": 150, "at_hospital": 125}
    called = CallEvent(
        message_id="W-Q1",
        occurred_at=now() - timedelta(minutes=195),
        incident="W-Q1",
        status=CallStatus.CATEGORY_SET,
        patient=Patient(age=67, sex="female"),
    )
    over = CallEvent(
        message_id="W-OVER",
        occurred_at=now() - timedelta(days=40),
        incident="W-OVER",
        status=CallStatus.NATURE_OF_CALL,
        patient=Patient(age=71, sex="female", name="Jo Formerly", nhs_number="9990000018"),
    )
    then = datetime.combine(TWO_MONTHS_BACK.replace(day=10), time(14), tzinfo=UTC)
    return [
        called,
        over,
        *job("Q1", {**steps, "handover": 140, "clear": 100}, now()),
        *job("Q2", {**steps, "clear": 60}, then),
        *job(LONG_IN_WRAP_UP, {**steps, "handover": 40}, now()),
    ]


def somebody_to_remind(key: str) -> None:
    """A department that reminds at every hour, who works there, and a patient who comes in four days."""
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import key_hash
    from clearway.core.feeds.models import Source
    from clearway.core.organisation.models import Organisation
    from clearway.core.people.models import RoleGrant, User
    from clearway.desks.outpatients.reminders import actions as reminders
    from tests.letters import with_letters
    from tests.therapies import a_department
    from tests.trust import a_trust, set_policy

    trust = a_trust("texting")
    Organisation.objects.filter(pk=trust.pk).update(desks=["outpatients"], name="Invented texting")
    with_letters(trust)
    set_policy(trust, "reminders", {"is_on": True, "from_hour": 0, "to_hour": 24})
    source = {"kind": "notify", "key_hash": key_hash(key), "expected_interval_seconds": 86400}
    Source.objects.create(organisation=trust, name="texting-notify", **source)
    coordinator, leader = "outpatient_coordinator", "outpatient_team_leader"
    for name, theme, role in (
        ("tess", "light", coordinator),
        ("toby", "dark", coordinator),
        ("tina", "light", leader),
    ):
        user = User.objects.create_user(name, PASSWORD, display_name="Tess Text", theme=theme)
        RoleGrant.objects.create(
            user=user, role=role, organisation=trust, starts_at=now() - timedelta(days=1)
        )
    physio = a_department(trust)
    known = {"family_name": "Answerby", "mobile": "07700 900123", "may_text": True, "channel": "text"}
    entry = physio.entry(physio.referral(patient=physio.patient(**known)), minutes=30)
    comes_at = (now() + timedelta(days=4)).replace(hour=10, minute=0, second=0, microsecond=0)
    physio.booked(physio.session(comes_at, slots=4).slots.earliest("pk"), entry)
    physio.booked(  # whom no text reaches
        physio.session(comes_at + timedelta(hours=3), slots=2).slots.earliest("pk"),
        physio.entry(physio.referral(patient=physio.patient(family_name="Ringer")), minutes=30),
    )
    by, at = Actor("test"), now() - timedelta(minutes=1)  # past the seconds in which it can be taken back
    reminders.send_due(organisation_id=trust.pk, connected={"text"}, by=by, at=at)


def clinics(organisation: Any) -> None:
    """A clinic of twenty that has ended today, one that is to come, and people who wait."""
    from clearway.core.people.models import User
    from tests.therapies import a_department

    physio = a_department(organisation)
    physio.clinician.user = User.objects.get(username="carla")
    physio.clinician.save(update_fields=["user"])
    hour = now().replace(minute=0, second=0, microsecond=0)
    received = (now() - timedelta(days=40)).date()
    for starts_at, count in ((hour - timedelta(hours=12), 20), (hour - timedelta(minutes=30), 4)):
        for slot in physio.session(starts_at, slots=count).slots.all():
            physio.booked(slot, physio.entry(physio.referral(received)))
    physio.session(hour + timedelta(days=3), slots=6)
    a_miss(physio, hour - timedelta(days=2))
    physio.patient(family_name="Formerly", registered_at=now() - timedelta(days=400))
    for days in range(3, 200, 9):
        referral = physio.referral((now() - timedelta(days=days)).date())
        entry = physio.entry(referral, priority="2" if days % 4 == 0 else "1", added_at=now())
        if days % 5 == 0:
            entry.patient.needs.create(kind="interpreter", detail="Polish", recorded_at=now())
        if days % 7 == 0:
            entry.patient.flags.create(kind="safeguarding", words="ask first", recorded_at=now())


def a_miss(physio: Any, starts_at: datetime) -> None:
    """Somebody who did not come, of whom nobody has decided."""
    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients.outcomes.actions import cash_up
    from clearway.domain.outpatients.outcomes import NextStep, Said
    from clearway.domain.outpatients.words import Attended

    slot = physio.session(starts_at, slots=1).slots.get()
    referral = physio.referral(patient=physio.patient(family_name="Achterberg"))
    row = physio.booked(slot, physio.entry(referral))
    said = Said(Attended.MISSED, None, None, NextStep.DECIDE)
    cash_up([(row.pk, said)], organisation_id=physio.trust.pk, by=Actor("test"), at=now())


def work(stop: threading.Event) -> None:
    """Read the inbox and tell the boards, as the workers do; the feeds of the night do not fall silent."""
    from clearway.gateway import duties, worker

    told = [
        replace(duty, every=max(duty.every, CALMER.get(duty.name, 0)))
        for group in duties.groups().values()
        for duty in group()
    ]
    crews = worker.Duty("crews", _crews_with_what_they_lacked, 1.0)
    worker.run([*told, worker.Duty("still-heard", _still_heard, 30.0), crews], stop)


def _crews_with_what_they_lacked(at: datetime) -> bool:
    """A crew that has had what it lacked for some seconds says that it is available, as crews do."""
    from clearway.core.feeds.actions import store
    from clearway.core.feeds.models import Source
    from clearway.desks.ambulance.barriers.models import BarrierStep
    from clearway.desks.ambulance.resources.models import Resource
    from clearway.domain.ambulance.events import AvailabilityEvent
    from clearway.domain.ambulance.words import Availability
    from clearway.interchange import native

    since = at - timedelta(seconds=8)
    for step in BarrierStep.objects.filter(step="fixed", at__lt=since).select_related("of"):
        crew = step.of.call_sign
        rows = Resource.objects.filter(organisation=step.of.organisation_id, call_sign=crew)
        if rows.filter(availability=Availability.UNAVAILABLE).exists():
            ready = AvailabilityEvent(f"{crew}/{step.pk}", at, crew, Availability.AVAILABLE)
            source = Source.objects.get(organisation=step.of.organisation_id, kind="cad")
            store(source, native.dump([ready]), at=at)
    return False


def _still_heard(at: datetime) -> bool:
    """A control room is never silent for minutes, and an advice that rests on a silent one abstains."""
    from clearway.core.feeds.actions import heard
    from clearway.core.feeds.models import Source

    for source in Source.objects.filter(organisation__slug="south-west", kind__in=("cad", "positions")):
        heard(source, at=at)
    return False


def provide(port: int, phones: int) -> None:
    """The local provider: a server of its own, which tells this one what became of messages."""
    from clearway.gateway.local_provider import LocalProvider, post_to
    from clearway.simulation.provider import Faults, Provider

    tell = post_to(f"http://127.0.0.1:{port}/api/v1/notify", KEY)
    LocalProvider(Provider(SEED, Faults(seconds=0.2)), tell, DEMO_KEY, phones).start()


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "clearway.config.settings"
    port, phones = (int(each) for each in sys.argv[1:3])
    os.environ |= {
        "CLEARWAY_NOTIFY_KEY": DEMO_KEY,
        "CLEARWAY_NOTIFY_ADDRESS": f"http://127.0.0.1:{phones}",
        "CLEARWAY_NOTIFY_TEXT": "text",
        "CLEARWAY_NOTIFY_EMAIL": "email",
        "CLEARWAY_PATIENT_ADDRESS": f"http://127.0.0.1:{port}",
    }
    django.setup()
    from django.conf import settings

    from tests.browser.moor import pack

    settings.REGION_PACKS = pack  # a rehearsal asks for the pack of its region
    provide(port, phones)
    fill()
    threading.Thread(target=work, args=[threading.Event()], daemon=True).start()
    uvicorn.run(
        "clearway.config.asgi:application",
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
