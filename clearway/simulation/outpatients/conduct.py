"""What patients and clinicians do about one visit, drawn from the seed and the visit alone.

The same visit ends the same way whoever asks and whenever, so a department that is played on needs no memory.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from clearway.domain.outpatients.words import Attended, Outcome

from ..shared.chance import Chance, normal
from .parameters import Parameters

NEW, FOLLOW_UP, GROUP = "new", "follow_up", "group"
LATE = timedelta(hours=72)
PATIENTS_REASONS = {
    "patient_ill": 0.3,
    "patient_work": 0.25,
    "patient_other_engagement": 0.2,
    "patient_carer": 0.1,
    "patient_holiday": 0.1,
    "patient_better": 0.05,
}
PROVIDERS_REASONS = {"staff_sickness": 0.6, "clinic_cancelled": 0.3, "room": 0.1}


# How unlike people are in missing visits: the standard deviation of the logarithm of a person's factor, whose
# mean is 1. Assumed, and set so that who knew every habit would find 37% of misses in a tenth of the visits,
# with an area under the curve of 0.78. Published models know the past alone: they find 28.7% (Philpott-Morgan
# 2021, national data and a trust's) and reach 0.76 (Holdship 2022, all specialties of a London hospital).
HABITS_DIFFER = 1.0
MOST_LIKELY = 0.9  # nobody misses more than this share of visits; assumed


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancellation. by: patient or provider."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """How a visit ended. treats: the first definitive treatment begins; next_in: days until a follow-up."""

    attended: Attended
    outcome: Outcome
    treats: bool
    next_in: int | None


def cancellation(
    key: str, kind: str, made_at: datetime, starts_at: datetime, parameters: Parameters, seed: int
) -> Cancelled | None:
    """Whether and when a booking is cancelled; None when it stands. key names the booking."""
    shares, chance = parameters.shares, Chance(seed, f"cancels/{key}")
    by = chance.share()
    if by >= shares.cancelled_by_patient + shares.cancelled_by_provider:
        return None
    is_patient = by < shares.cancelled_by_patient
    is_late = chance.happens(shares.cancelled_late)
    earliest = max(made_at, starts_at - LATE) if is_late else made_at
    latest = starts_at - timedelta(hours=1) if is_late else starts_at - LATE
    if latest <= earliest:
        earliest, latest = made_at, starts_at - timedelta(minutes=30)
    if latest <= earliest:
        return None
    at = earliest + (latest - earliest) * chance.share()
    reasons = PATIENTS_REASONS if is_patient else PROVIDERS_REASONS
    return Cancelled(
        at.replace(microsecond=0), "patient" if is_patient else "provider", chance.one_of(reasons)
    )


def risk(who: str, kind: str, service: str, parameters: Parameters, seed: int) -> float:
    """How likely somebody misses a visit: the share of the service's visits times a habit of their own.

    who  the person's NHS number, by which the habit is drawn: the same at every visit
    """
    volume = parameters.services[service]
    share = volume.missed_new if kind == NEW else volume.missed_follow_up
    drawn = normal(Chance(seed, f"habit/{who}").share())
    return min(MOST_LIKELY, share * exp(HABITS_DIFFER * drawn - HABITS_DIFFER**2 / 2))


def seen(
    key: str, who: str, kind: str, service: str, is_child: bool, parameters: Parameters, seed: int
) -> Seen:
    """How a visit of somebody that was not cancelled ends."""
    shares = parameters.shares
    chance = Chance(seed, f"comes/{key}")
    if chance.happens(risk(who, kind, service, parameters, seed)):
        return Seen(Attended.MISSED, Outcome.ANOTHER_LATER, False, None)
    attended = Attended.LATE_SEEN if chance.happens(0.06) else Attended.ON_TIME
    ends = chance.happens(shares.discharged_at_first if kind == NEW else shares.discharged_at_follow_up)
    treats = kind != NEW or chance.happens(shares.treated_at_first)
    if ends:
        return Seen(attended, Outcome.DISCHARGED, treats and kind != NEW, None)
    return Seen(attended, Outcome.ANOTHER_LATER, treats, int(chance.between(14, 36)))
