"""The department that the benches of FHIR speak with: free slots, who waits for each, and a key."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

A_DAY = 14


def prepare(count: int, sources: int = 1) -> dict[str, list[str]]:
    """Fill the empty database; the slots, the patients and the key are kept in bench_fhir."""
    from django.db import connection

    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import issue_key
    from clearway.core.feeds.models import Source
    from tests.therapies import a_department
    from tests.trust import a_trust, signed_in, somebody

    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    trust = a_trust("bench")
    made = slots_of(a_department(trust), count, now)
    keys = []
    for number in range(sources):
        source = Source.objects.create(
            organisation=trust, name=f"bench-fhir-{number}", kind="fhir", expected_interval_seconds=86400
        )
        keys.append(issue_key(source, by=Actor("bench"), at=now))
    values = {"key": keys[0], "keys": keys, "slots": made}
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_fhir AS SELECT %s::jsonb AS values", [json.dumps(values)])
        cursor.execute("GRANT SELECT ON bench_fhir TO PUBLIC")
    browser = signed_in(somebody("desk", "outpatient_coordinator", trust))
    return {"cookies": [browser.cookies["sessionid"].value]}


def slots_of(physio: Any, count: int, now: datetime) -> list[dict[str, Any]]:
    """So many free slots, each with somebody who waits for it."""
    from clearway.desks.outpatients.clinics.models import Slot

    day = 0
    while Slot.objects.filter(organisation=physio.trust).count() < count:
        day += 1
        physio.session(now + timedelta(days=day), slots=A_DAY)
    found, numbers = [], nhs_numbers()
    for slot in Slot.objects.filter(organisation=physio.trust).order_by("pk")[:count]:
        patient = physio.patient(nhs_number=next(numbers), born_on=date(1980, 5, 1))
        entry = physio.entry(physio.referral(patient=patient), minutes=30)
        found.append(
            {
                "id": str(slot.pk),
                "start": slot.starts_at.isoformat(),
                "end": slot.ends_at.isoformat(),
                "patient": patient.pk,
                "entry": entry.pk,
                "nhs_number": patient.nhs_number,
                "family_name": patient.family_name,
                "given_names": patient.given_names,
                "told_at": now.isoformat(),
                "born_on": patient.born_on.isoformat(),
            }
        )
    return found


def nhs_numbers() -> Iterator[str]:
    """Numbers of the range for tests, each with its check digit."""
    for offset in range(1_000_000):
        digits = f"999{offset:06}"
        check = 11 - sum((10 - place) * int(each) for place, each in enumerate(digits)) % 11
        if check != 10:
            yield f"{digits}{check % 11}"
