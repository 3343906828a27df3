"""Recording ethnic categories as patients say them, and taking in which postcode is how deprived."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_fields
from clearway.domain.outpatients.equality import DECILES, EthnicCategory
from clearway.domain.outpatients.identity import postcode
from clearway.domain.shared.errors import NotAllowed

from . import queries
from .models import Background, DeprivedArea, Patient

AT_ONCE = 5000
RECORDING = "Recording an ethnic category"


@transaction.atomic
def record(
    said: Mapping[int, str],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    seen: Mapping[int, str] | None = None,
) -> None:
    """Record ethnic categories (patient -> code). The audit says that it was recorded, and not what.

    seen  what was recorded when the page was opened, NOT_KNOWN where nothing was
    Raises NotAllowed for a code there is not, or a stranger, and ChangedMeanwhile where another was recorded
    since.
    """
    event = RECORDING
    if any(code not in EthnicCategory._value2member_map_ for code in said.values()):
        raise NotAllowed("not one of the list", event, "Choose one of the categories of the list.")
    known = Patient.objects.filter(organisation_id=organisation_id, pk__in=said).values_list("pk", flat=True)
    if strangers := set(said) - set(known):
        raise NotAllowed("not registered", event, f"There is no patient {min(strangers)} here.")
    if seen is not None:
        _check_seen(said, seen)
    rows = [
        Background(patient_id=key, ethnicity=code, recorded_at=at, recorded_by=by.name)
        for key, code in said.items()
    ]
    Background.objects.bulk_create(
        rows,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["patient"],
        update_fields=["ethnicity", "recorded_at", "recorded_by"],
    )
    entries = [Entry("equality.record", f"patient:{key}", {}) for key in said]
    audit(entries, organisation_id=organisation_id, by=by, at=at)


def _check_seen(said: Mapping[int, str], seen: Mapping[int, str]) -> None:
    list(Patient.objects.select_for_update().filter(pk__in=said).order_by("pk").values_list("pk"))
    for key, code in said.items():
        check_fields({"ethnicity": code}, {"ethnicity": seen[key]}, queries.says(key), RECORDING)


@transaction.atomic
def load_areas(
    areas: Iterable[tuple[str, int]], edition: str, *, organisation_id: int, by: Actor, at: datetime
) -> int:
    """Take in deciles by postcode; the newest of a postcode counts. Returns how many were taken in.

    Raises NotAllowed for a decile there is not, and ValueError for what is no postcode.
    """
    rows: dict[str, DeprivedArea] = {}
    for text, decile in areas:
        if decile not in DECILES:
            raise NotAllowed(f"{text}: {decile}", "Taking in deprivation", "A decile is 1 to 10.")
        code = postcode(text)
        rows[code] = DeprivedArea(
            organisation_id=organisation_id, postcode=code, decile=decile, edition=edition
        )
    DeprivedArea.objects.bulk_create(
        rows.values(),
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["organisation", "postcode"],
        update_fields=["decile", "edition"],
    )
    entry = Entry(
        "equality.load_areas", f"organisation:{organisation_id}", {"count": len(rows), "edition": edition}
    )
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return len(rows)
