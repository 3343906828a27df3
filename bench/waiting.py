"""How long a page of a waiting list of 100,000 takes, filtered, beside a plain join that sorts.

The baseline asks what a first version would ask: every entry joined with its patient and pathway, filtered,
ordered by the dates of the pathway, one page of it, and its count.

  python -m bench.waiting
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ENTRIES = 100_000
TIMES = 7
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

FILL = """
INSERT INTO outpatients_service (organisation_id, code, name, kind, function, is_open)
    SELECT 1, 's' || i, 'Service ' || i, 'therapy', '650', true FROM generate_series(1, 12) i;
INSERT INTO outpatients_patient (organisation_id, number, nhs_number_status, family_name, given_names,
        born_on, sex, address, postcode, practice, phone, mobile, email, may_text, sites, days, channel,
        opted_out, registered_at)
    SELECT 1, 'P' || i, '02', 'Family' || i, 'Pat', date '1950-01-01' + i %% 20000, '9', '', '', '', '', '',
        '', false, CASE i %% 4 WHEN 0 THEN '{RWP50}'::varchar[] WHEN 1 THEN '{RWP01}' ELSE '{}' END, '{}',
        'letter', false, now() FROM generate_series(1, %(n)s) i;
INSERT INTO outpatients_need (patient_id, kind, detail, for_carer, share, recorded_at)
    SELECT id, (ARRAY['interpreter', 'format', 'transport'])[1 + id %% 3], 'x', false, true, now()
    FROM outpatients_patient WHERE id %% 15 = 0;
INSERT INTO outpatients_pathway (organisation_id, patient_id, ppid, issuer, measurement, function, state,
        status, started_on, queue_from, treat_by)
    SELECT 1, id, lpad(id::text, 20, '0'), 'RWP00', '02', '650', 'ticking', '10', d, d, d + 126
    FROM (SELECT id, date '2026-11-20' - (hashint4(id::int) & 255) AS d FROM outpatients_patient) p;
INSERT INTO outpatients_entry (organisation_id, patient_id, service_id, pathway_id, kind, priority, minutes,
        skills, medium, series, added_at, state, why)
    SELECT 1, patient_id, 1 + (hashint4(id::int) & 1023) %% 12
            + (SELECT min(id) - 1 FROM outpatients_service), id,
        CASE WHEN id %% 3 = 0 THEN 'new' ELSE 'follow_up' END,
        CASE WHEN id %% 8 = 0 THEN '2' ELSE '1' END, 45, '{}', '01', 1, started_on, 'waiting', ''
    FROM outpatients_pathway;
"""

PLAIN = """
SELECT entry.id FROM outpatients_entry entry
JOIN outpatients_patient patient ON patient.id = entry.patient_id
JOIN outpatients_pathway pathway ON pathway.id = entry.pathway_id
WHERE entry.organisation_id = 1 AND entry.state = 'waiting' {where}
ORDER BY entry.priority DESC, pathway.treat_by, pathway.queue_from, entry.id LIMIT 50
"""
PLAIN_COUNT = """
SELECT count(*) FROM outpatients_entry entry
JOIN outpatients_patient patient ON patient.id = entry.patient_id
JOIN outpatients_pathway pathway ON pathway.id = entry.pathway_id
WHERE entry.organisation_id = 1 AND entry.state = 'waiting' {where}
"""
# Places in the line, as a plain version counts them for the rows of a page.
PLAIN_PLACES = """
SELECT * FROM (SELECT entry.id, row_number() OVER (PARTITION BY entry.service_id, entry.kind
    ORDER BY entry.priority DESC, pathway.treat_by, pathway.queue_from, entry.id) AS place
  FROM outpatients_entry entry JOIN outpatients_pathway pathway ON pathway.id = entry.pathway_id
  WHERE entry.organisation_id = 1 AND entry.state = 'waiting') line WHERE id < 50
"""
RECENT = (
    "SELECT 1 FROM outpatients_contact c WHERE c.entry_id = entry.id AND c.at > now() - interval '14 days'"
)
NEED = "EXISTS (SELECT 1 FROM outpatients_need n WHERE n.patient_id = patient.id AND n.kind = 'interpreter')"


def median_ms(ask: Callable[[], object]) -> float:
    ask()
    waits = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        waits.append(1000 * (time.perf_counter() - began))
    return statistics.median(waits)


def measure() -> None:
    from django.db import connection

    from clearway.desks.outpatients.waiting import queries

    first = queries.services(1)[0][0]
    cases = (
        ("everybody", queries.Filters(), "", 1),
        ("everybody, page 1000", queries.Filters(), "", 1000),
        ("one service", queries.Filters(service=first), f"AND entry.service_id = {first}", 1),
        (
            "a site and a need",
            queries.Filters(site="RWP50", need="interpreter"),
            f"AND (patient.sites = '{{}}' OR patient.sites @> '{{RWP50}}') AND {NEED}",
            1,
        ),
        ("breached", queries.Filters(breached=True), "AND pathway.treat_by < '2026-11-20'", 1),
        (
            "urgent, no next step",
            queries.Filters(priority="2", no_step=True),
            f"AND entry.priority = '2' AND NOT EXISTS ({RECENT})",
            1,
        ),
    )

    def plain(where: str, page: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(PLAIN.format(where=where) + f" OFFSET {(page - 1) * 50}")
            cursor.fetchall()
            cursor.execute(PLAIN_COUNT.format(where=where))
            cursor.fetchall()
            cursor.execute(PLAIN_PLACES)
            cursor.fetchall()

    print(f"{ENTRIES} entries; median of {TIMES}, in ms, of all queries of one page")
    for name, filters, where, page in cases:
        ours = median_ms(lambda f=filters, p=page: queries.ptl(f, p, organisation_id=1, at=AT))  # type: ignore[misc]
        theirs = median_ms(lambda w=where, p=page: plain(w, p))  # type: ignore[misc]
        print(f"{name:<22} ours {ours:7.1f}   plain join {theirs:7.1f}   ratio {theirs / ours:4.1f}")


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="clearway-bench-"))
    home.chmod(0o711)
    os.environ |= {"CLEARWAY_HOME": str(home), "CLEARWAY_SECRET_KEY": "for a benchmark"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "clearway.config.settings"
    from clearway.config import database, postgres
    from clearway.config.migrate import prepare_embedded

    server = postgres.start(database.home() / "postgres")
    try:
        prepare_embedded(str(server.sockets))
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from clearway.core.organisation.models import Organisation

        call_command("migrate", verbosity=0)
        Organisation.objects.create(id=1, code="RWP", slug="w", name="W", timezone="Europe/London")
        with connection.cursor() as cursor:
            cursor.execute(FILL, {"n": ENTRIES})
            cursor.execute("VACUUM ANALYZE")
        measure()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
