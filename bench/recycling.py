"""How long it takes to find who is asked about a freed slot, of 100,000 who wait for it, and to fill slots.

Everybody waits for the same service and kind, the hardest list there is; 2,000 of them are booked for much
later and would gain. Timed is what the desk does when it asks: the database, the ranking, and the words for
those who are asked. Beside it, in the same run, what a first version would ask: every entry joined with its
patient, filtered by what SQL can say and sorted, the first 24, and no ranking.
Then slots are given back, offered and accepted through the desk's own actions, one after the other.

  python -m bench.recycling [--slots 200] [--explain]
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ENTRIES, TIMES = 100_000, 200
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

FILL = """
INSERT INTO outpatients_patient (organisation_id, number, nhs_number_status, family_name, given_names,
        born_on, sex, address, postcode, practice, phone, mobile, email, may_text, sites, days, channel,
        opted_out, registered_at, notice_hours)
    SELECT %(trust)s, 'Q' || i, '02', 'Family' || i, 'Pat', date '1950-01-01' + i %% 20000, '9', '', '', '',
        '01632 960000', '', '', false, CASE i %% 5 WHEN 0 THEN '{ELSE}'::varchar[] ELSE '{}' END,
        CASE i %% 10 WHEN 3 THEN '{1,3}'::smallint[] ELSE '{}' END, 'letter', false, now(),
        CASE WHEN hashint4(i) %% 10 IN (0, 4, -3) THEN 24 END
    FROM generate_series(1, %(n)s) i;
INSERT INTO outpatients_need (patient_id, kind, detail, for_carer, share, recorded_at)
    SELECT id, (ARRAY['interpreter', 'format', 'transport'])[1 + id %% 3], 'x', false, true, now()
    FROM outpatients_patient WHERE number LIKE 'Q%%' AND id %% 15 = 0;
INSERT INTO outpatients_pathway (organisation_id, patient_id, ppid, issuer, measurement, function, state,
        status, started_on, queue_from, treat_by)
    SELECT %(trust)s, id, lpad(id::text, 20, '0'), 'RWP00', '02', '650', 'ticking', '10', d, d, d + 126
    FROM (SELECT id, date '2026-11-20' - (hashint4(id::int) & 255) AS d FROM outpatients_patient
          WHERE number LIKE 'Q%%') p;
INSERT INTO outpatients_entry (organisation_id, patient_id, service_id, pathway_id, kind, priority, minutes,
        skills, medium, series, added_at, state, why)
    SELECT %(trust)s, patient_id, %(service)s, id, 'new', CASE WHEN id %% 8 = 0 THEN '2' ELSE '1' END, 30,
        CASE WHEN id %% 10 = 0 THEN '{hands}'::varchar[] ELSE '{}' END,
        CASE WHEN id %% 8 = 1 THEN '02' ELSE '01' END, 1, started_on, 'waiting', ''
    FROM outpatients_pathway WHERE patient_id IN (SELECT id FROM outpatients_patient WHERE number LIKE 'Q%%');
"""
BOOK = """
INSERT INTO outpatients_appointment (organisation_id, slot_id, seat, patient_id, person_id, entry_id,
        starts_at, ends_at, state, made_at, made_by, cancelled_by, cancel_reason, attended, outcome, status,
        outcomed_by)
    SELECT organisation_id, %(slot)s, row_number() OVER (), patient_id, patient_id, id, %(starts)s, %(ends)s,
        'booked', added_at, 'bench', '', '', '', '', '', ''
    FROM outpatients_entry WHERE state = 'waiting' AND hashint4(id::int) %% 49 = 0 ORDER BY id LIMIT 2000;
UPDATE outpatients_entry SET state = 'booked'
    WHERE id IN (SELECT entry_id FROM outpatients_appointment WHERE slot_id = %(slot)s);
"""
PLAIN = """
SELECT entry.id FROM outpatients_entry entry
JOIN outpatients_patient patient ON patient.id = entry.patient_id
WHERE entry.organisation_id = %s AND entry.service_id = %s AND entry.kind = 'new' AND entry.state = 'waiting'
  AND entry.medium = '01' AND entry.minutes <= 30 AND entry.skills = '{}' AND patient.sites = '{}'
  AND (patient.notice_hours <= %s OR patient.notice_hours IS NULL AND %s >= 72)
ORDER BY entry.priority || '' DESC, entry.treat_by, entry.waits_from, entry.id LIMIT 24
"""


def milliseconds(work: Callable[[Any], object], on: Sequence[Any]) -> list[float]:
    times = []
    for each in on:
        began = time.perf_counter()
        work(each)
        times.append(1000 * (time.perf_counter() - began))
    return times


def explain(ask: Callable[[], object]) -> None:
    """Print each query of one asking with its milliseconds, the slowest first."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        ask()
    for each in sorted(seen.captured_queries, key=lambda query: -float(query["time"])):
        print(f"    {1000 * float(each['time']):6.1f} ms  {each['sql'][:90]} ... {each['sql'][-200:]}")


def said(name: str, times: Sequence[float]) -> None:
    centiles = statistics.quantiles(times, n=100)
    print(f"  {name:<44} p50 {statistics.median(times):7.1f} ms   p99 {centiles[98]:7.1f} ms")


def a_full_list(slots: int) -> tuple[Any, list[Any]]:
    """The department, with 100,000 who wait and slots that are booked."""
    from django.db import connection

    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients.booking import actions as booking
    from tests.therapies import a_department
    from tests.trust import a_trust

    physio = a_department(a_trust("bench"))
    booked = []
    for number in range(slots):
        slot = physio.session(AT + timedelta(hours=26 + 3 * number), slots=1).slots.get()
        entry = physio.entry(minutes=30)
        booked.append(
            booking.book(
                slot.pk,
                entry.pk,
                organisation_id=physio.trust.pk,
                by=Actor("bench"),
                at=AT - timedelta(days=1),
            )
        )
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"n": ENTRIES, "trust": physio.trust.pk, "service": physio.service.pk})
        late = physio.session(AT + timedelta(days=120), slots=1, seats=2000).slots.get()
        cursor.execute(BOOK, {"slot": late.pk, "starts": late.starts_at, "ends": late.ends_at})
        cursor.execute("VACUUM ANALYZE")
    return physio, booked


def measure(slots: int, *, explained: bool) -> None:
    from django.db import connection

    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients import policy
    from clearway.desks.outpatients.booking import actions as booking
    from clearway.desks.outpatients.recycling import actions, queries
    from clearway.desks.outpatients.recycling.models import FreedSlot
    from clearway.domain.outpatients.recycling import Said
    from clearway.domain.outpatients.words import CancelledBy
    from clearway.engine.outpatients.recycling import with_words

    physio, booked = a_full_list(slots)
    who: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": Actor("bench"), "at": AT}
    gave_back = milliseconds(
        lambda row: booking.cancel(row.pk, by_whom=CancelledBy.PATIENT, reason="patient_work", **who), booked
    )
    held = policy.recycling(physio.trust.pk, AT)
    keys = list(FreedSlot.objects.values_list("pk", flat=True))
    rows = [queries.one(key, physio.trust.pk) for key in keys]

    def ask(row: FreedSlot) -> None:
        found = queries.asked_first(row, held, AT)
        with_words(found.slot, found.chosen[: held.most_at_once], AT)

    def plain(row: FreedSlot) -> None:
        with connection.cursor() as cursor:
            cursor.execute(PLAIN, [physio.trust.pk, physio.service.pk, row.notice, row.notice])
            cursor.fetchall()

    for row in rows[:4]:
        queries.suited(row, held, AT)
        ask(row)
    if explained:
        explain(lambda: ask(rows[0]))
    print(f"{ENTRIES} wait for the same; {len(rows)} slots, from 26 hours of notice on")
    said("who is asked", milliseconds(ask, rows))
    said(
        "everybody, with why not, as the page shows",
        milliseconds(lambda row: queries.suited(row, held, AT), rows),
    )
    said("plain scan and sort, no ranking", milliseconds(plain, rows[:40]))

    began = time.perf_counter()
    asked = milliseconds(lambda key: actions.ask(key, **who), keys)

    def accept(key: int) -> None:
        offer = queries.SlotOffer.objects.filter(freed_id=key, state="out").first()
        if offer is not None:
            actions.answer(offer.pk, Said.YES, **who)

    accepted = milliseconds(accept, keys)
    seconds = time.perf_counter() - began + sum(gave_back) / 1000
    filled = FreedSlot.objects.filter(state="filled").count()
    said("giving back", gave_back)
    said("asking", asked)
    said("accepting", accepted)
    rate = 60 * filled / seconds
    print(f"  {filled} of {len(keys)} filled in {seconds:.1f} s: {rate:.0f} a minute, one process")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--slots", type=int, default=TIMES, help="how many are given back")
    asked.add_argument("--explain", action="store_true", help="print the queries of one asking")
    given = asked.parse_args()
    home = Path(tempfile.mkdtemp(prefix="clearway-bench-"))
    home.chmod(0o711)
    os.environ |= {"CLEARWAY_HOME": str(home), "CLEARWAY_SECRET_KEY": "for a benchmark"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "clearway.config.settings"
    from clearway.config import database, postgres
    from clearway.config.migrate import prepare_embedded

    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    server = postgres.start(database.home() / "postgres")
    try:
        prepare_embedded(str(server.sockets))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        measure(given.slots, explained=given.explain)
    finally:
        server.stop()
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))


if __name__ == "__main__":
    main()
