"""Clinics that are not cashed up as figures, for their page and for reports."""

from collections.abc import Sequence
from datetime import datetime

from clearway.core.layout.times import clock, day
from clearway.domain.shared.figures import Figures

from . import queries
from .queries import Clinic, Unoutcomed

COLUMNS = ("Clinic", "Service", "Clinician", "Site and room", "To be said", "Of them ended", "Oldest")


def unoutcomed(organisation_id: int, at: datetime) -> Figures:
    """Every clinic of today and before in which an outcome is still to be said."""
    return of_clinics(queries.clinics(organisation_id, at), queries.unoutcomed(organisation_id, at))


def of_clinics(clinics: Sequence[Clinic], found: Unoutcomed) -> Figures:
    """One row for each clinic, in the order given."""
    several = "appointment that has" if found.count == 1 else "appointments that have"
    sentence = f"{found.count} {several} ended without an outcome"
    if found.oldest is not None:
        sentence += f", the oldest of {_moment(found.oldest)}; {found.over_a_week} older than a week"
    return Figures(f"{sentence}.", COLUMNS, tuple(_row(each) for each in clinics), frozenset({4, 5}))


def _row(each: Clinic) -> tuple[str, ...]:
    place = f"{each.site}, {each.room}"
    who = (_moment(each.starts_at), each.service, each.clinician, place)
    return (*who, str(each.open), str(each.over), _moment(each.oldest))


def _moment(at: datetime) -> str:
    return f"{day(at)}, {clock(at)}"
