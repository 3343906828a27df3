"""The department that bench/booking.py books: 20 clinicians with four weeks of half-hour slots."""

import json
import statistics
import time
from datetime import UTC, datetime, timedelta

CLINICIANS, WEEKS, A_DAY = 20, 4, 14
SEARCHES = 60


def prepare(bookings: int, racers: int) -> dict[str, list[str]]:
    """Fill the empty database; the slots and entries to book are kept in bench_prepared."""
    from django.db import connection

    from clearway.desks.outpatients.clinics.models import Clinician, Room, Session, Slot
    from clearway.desks.outpatients.patients.models import Patient
    from clearway.desks.outpatients.waiting.models import Entry
    from tests.therapies import a_department
    from tests.trust import a_trust, signed_in, somebody

    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    physio = a_department(a_trust("bench"))
    sessions, slots = [], []
    for number in range(CLINICIANS):
        code = f"b{number}"
        who = Clinician.objects.create(
            organisation=physio.trust, code=code, name=f"Clinician {number}", profession="physiotherapist"
        )
        room = Room.objects.create(organisation=physio.trust, site=physio.site, name=code)
        for day in (7 * week + each for week in range(WEEKS) for each in range(5)):
            begins = now + timedelta(days=1 + day)
            session = Session(
                organisation=physio.trust,
                service=physio.service,
                clinician=who,
                room=room,
                starts_at=begins,
                ends_at=begins + A_DAY * timedelta(minutes=30),
            )
            sessions.append(session)
            slots += [
                Slot(
                    organisation=physio.trust,
                    session=session,
                    starts_at=begins + place * timedelta(minutes=30),
                    ends_at=begins + (place + 1) * timedelta(minutes=30),
                    kind="new",
                )
                for place in range(A_DAY)
            ]
    Session.objects.bulk_create(sessions)
    Slot.objects.bulk_create(slots)
    patients = Patient.objects.bulk_create(
        Patient(
            organisation=physio.trust,
            number=f"B{number:06}",
            family_name="Bench",
            given_names="Pat",
            born_on=datetime(1980, 1, 1, tzinfo=UTC).date(),
            registered_at=now,
        )
        for number in range(bookings + racers)
    )
    common = {"organisation": physio.trust, "service": physio.service, "kind": "new", "priority": "1"}
    entries = Entry.objects.bulk_create(
        Entry(**common, patient=patient, minutes=30, added_at=now) for patient in patients
    )
    made = {"slots": [slot.pk for slot in slots], "entries": [entry.pk for entry in entries]}
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_prepared (values jsonb)")
        cursor.execute("INSERT INTO bench_prepared VALUES (%s)", [json.dumps(made)])
    browser = signed_in(somebody("desk", "outpatient_coordinator", physio.trust))
    return {"cookies": [browser.cookies["sessionid"].value]}


def search() -> None:
    """Print what one slot search takes, the queries with it, beside the engine alone."""
    from clearway.desks.outpatients.booking import queries
    from clearway.desks.outpatients.waiting.models import Entry
    from clearway.engine.outpatients import slots as engine

    entries = list(Entry.objects.filter(state="waiting").order_by("pk")[:SEARCHES])
    now = datetime.now(UTC)
    columns, _ = queries.columns(entries[0].organisation_id, entries[0].service_id, now, now + queries.AHEAD)
    wanted = queries.wanted(entries[0], now)
    timed = []
    for name, work in (
        ("slot search with its queries", lambda each: queries.suitable(each.pk, each.organisation_id, now)),
        ("the engine alone", lambda each: engine.suit(columns, wanted, now)),
    ):
        times, cpu = [], time.process_time()
        for entry in entries:
            began = time.perf_counter()
            work(entry)
            times.append(1000 * (time.perf_counter() - began))
        cpu = 1000 * (time.process_time() - cpu) / len(entries)
        timed.append(f"{name:<30} median {statistics.median(times):6.2f} ms   processor {cpu:6.2f} ms")
    print(f"{len(columns)} slots of {CLINICIANS} clinicians in {WEEKS} weeks", *timed, sep="\n")
