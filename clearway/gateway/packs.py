"""What the outpatient desk puts into a trust's downtime pack: the desks do not know each other."""

from collections.abc import Sequence
from datetime import datetime

from clearway.core.organisation.models import Organisation
from clearway.core.organisation.queries import with_desk
from clearway.desks.ambulance.downtime.carried import ClinicList
from clearway.desks.outpatients.reception import carried
from clearway.domain.shared.region import Desk


def with_packs() -> list[int]:
    """The trusts for which packs are written: those with either desk. Two queries."""
    return sorted({*with_desk(Desk.AMBULANCE), *with_desk(Desk.OUTPATIENTS)})


def lists(organisation: Organisation, at: datetime) -> Sequence[ClinicList]:
    """The clinic lists of its outpatient desk; none where it has no such desk."""
    if Desk.OUTPATIENTS.value not in organisation.desks:
        return ()
    return [
        ClinicList(each.title, each.where, each.headings, each.rows)
        for each in carried.lists(organisation.pk, at)
    ]
