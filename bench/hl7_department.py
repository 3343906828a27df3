"""The department that the bench of HL7 speaks with: free slots, who waits for each, and its senders."""

import json
from datetime import UTC, datetime
from typing import Any

SENDERS = 4
MAPPING = """
[sender]
facility = "F{number}"
[codes.clinic]
"BACK-MON" = "back"
"""


def prepare(count: int) -> dict[str, list[str]]:
    """Fill the empty database; the slots and who waits for each are kept in bench_hl7."""
    from django.db import connection

    from bench.fhir_department import slots_of
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.models import Source
    from clearway.desks.outpatients.clinics.models import Session
    from clearway.desks.outpatients.exchange.actions import load_mapping
    from tests.beside import template_of
    from tests.therapies import a_department
    from tests.trust import a_trust, signed_in, somebody

    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    trust = a_trust("bench")
    physio = a_department(trust)
    made: list[dict[str, Any]] = slots_of(physio, count, now)
    Session.objects.filter(organisation=trust).update(template=template_of(physio))
    for number in range(SENDERS):
        source = Source.objects.create(
            organisation=trust, name=f"bench-{number}", kind="hl7", expected_interval_seconds=86400
        )
        load_mapping(source, MAPPING.format(number=number), "the bench", by=Actor("bench"), at=now)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_hl7 AS SELECT %s::jsonb AS values", [json.dumps(made)])
        cursor.execute("GRANT SELECT ON bench_hl7 TO PUBLIC")
    browser = signed_in(somebody("desk", "outpatient_coordinator", trust))
    return {"cookies": [browser.cookies["sessionid"].value]}
