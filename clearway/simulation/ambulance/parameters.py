"""How a region behaves: the typed form of its pack's simulation.toml, which explains every field."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from clearway.domain.ambulance.words import Category
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Region

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Lognormal = tuple[float, Annotated[float, Meta(ge=0)]]  # mean and deviation of the logarithm of minutes
Hours = Annotated[tuple[NotNegative, ...], Meta(min_length=24, max_length=24)]
ByCategory = dict[Category, float]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: nothing missing, nothing unknown."""


class Place(_Table, frozen=True):
    """The people around a station: where calls come from."""

    people: NotNegative
    spread_km: NotNegative


class Demand(_Table, frozen=True):
    hour: Hours
    weekday: Annotated[tuple[Positive, ...], Meta(min_length=7, max_length=7)]
    month: Annotated[tuple[Positive, ...], Meta(min_length=12, max_length=12)]
    region_daily_deviation: NotNegative
    area_daily_deviation: NotNegative
    areas: dict[str, NotNegative]
    categories: dict[Category, Share]
    hear_and_treat: dict[Category, Share]
    conveyed: dict[Category, Share]
    minor_unit_share: Share
    child_share: Share
    news2: dict[Category, tuple[Share, Share]]
    natures: dict[Category, tuple[str, ...]]
    places: dict[str, Place]


class Jobs(_Table, frozen=True):
    category_seconds: dict[Category, Positive]
    hear_and_treat: Lognormal
    mobilisation: Lognormal
    at_patient: Lognormal
    on_scene_conveyed: dict[Category, Lognormal]
    on_scene_treated: dict[Category, Lognormal]
    wrap_up: Lognormal
    hand_to_transport: Lognormal
    backup_after: Lognormal
    travel_deviation: NotNegative
    blue_light: dict[Category, Share]
    blue_light_to_hospital: dict[Category, Share]
    minor_unit_handover: Lognormal
    second_stood_down: Share
    third_sent: Share


class Dispatch(_Table, frozen=True):
    patience_minutes: dict[Category, Positive]
    furthest_minutes: dict[Category, Positive]
    travel_weight_minutes: Positive
    divert_gain_minutes: NotNegative
    car_gain_minutes: NotNegative


class Surge(_Table, frozen=True):
    """What a control room does when incidents wait; from nothing at `begins` to all of it at `full`.

    begins, full  incidents that wait, for each crew on duty
    closed        share of those waiting whom a clinician who calls back closes by telephone
    call_back     until the clinician calls
    wrap_up       what is left of the time from handover to clear, as crews are sent straight on
    unavailable   what is left of the chance to be unavailable after a job
    called_in     crews on overtime or hired, relative to those usually on duty; they come after
                  `notice_minutes` and stay for `called_in_hours`
    """

    begins: NotNegative
    full: Positive
    closed: dict[Category, Share]
    call_back: Lognormal
    wrap_up: Share
    unavailable: Share
    called_in: NotNegative
    notice_minutes: NotNegative
    called_in_hours: Positive


class Shift(_Table, frozen=True):
    start: Annotated[float, Meta(ge=0, lt=24)]
    hours: Annotated[float, Meta(gt=0, le=14)]
    share: Positive


class Fleet(_Table, frozen=True):
    average_units: Positive
    car_share: Share
    shifts: tuple[Shift, ...]
    vehicle_check: Lognormal
    unavailable_after_job: Share
    unavailable: Lognormal
    reasons: dict[str, Positive]
    break_opens_hours: Positive
    break_closes_hours: Positive
    break_minutes: Positive


class HospitalProcess(_Table, frozen=True):
    walk_in_hour: Hours
    ambulance_hour: Hours
    bed_hour: Hours
    bed_weekday: Annotated[tuple[Positive, ...], Meta(min_length=7, max_length=7)]
    registration: Lognormal
    receiving: Lognormal
    chair_share: Share
    treatment: Lognormal
    treatment_admitted: Lognormal
    admitted_ambulance: Share
    admitted_walk_in: Share
    nurse_share_at_shift_change: Share
    shift_changes: tuple[float, ...]
    walk_in_behind_minutes: NotNegative
    escalation_per_hour: NotNegative
    bed_stock_share: Share
    bed_day_deviation: NotNegative
    bed_day_memory: Share
    bed_day_shared: Share
    cohort_at: Annotated[int, Meta(ge=1)]
    cohort_after_minutes: NotNegative
    release_minutes: Positive
    released_share: Share


class HospitalSite(_Table, frozen=True):
    """bays, nurses, cohort_places  counts; the rest per day. strain multiplies the regime's boarding."""

    bays: Annotated[int, Meta(ge=1)]
    nurses: Annotated[int, Meta(ge=1)]
    walk_ins: NotNegative
    ambulances: NotNegative
    strain: NotNegative
    cohort_places: Annotated[int, Meta(ge=0)]


class Published(_Table, frozen=True):
    """What was published for the month that a regime stands for. Minutes and shares; None is not known.

    begins     first day of the month
    responses  the period and source of the mean responses C1 to C4, which may be a whole year's
    """

    what: str
    source: str
    begins: date | None = None
    incidents_per_day: NotNegative | None = None
    mean: NotNegative | None = None
    ninetieth: NotNegative | None = None
    over_15: Share | None = None
    over_30: Share | None = None
    over_60: Share | None = None
    responses: str = "not known for this month"
    C1: NotNegative | None = None
    C2: NotNegative | None = None
    C3: NotNegative | None = None
    C4: NotNegative | None = None


class Regime(_Table, frozen=True):
    """One state of the system. See simulation.toml for the meaning of each figure."""

    incidents_per_day: Positive
    by_phone: Share
    units: Positive
    beds: Positive
    boarding: NotNegative
    receiving_pace: Positive
    release_kept: Share
    corridor: NotNegative
    published: Published


class FaultRates(_Table, frozen=True):
    missed_press: Share
    late_press: Share
    late_press_minutes: Lognormal
    handover_with_clear: Share
    duplicated: Share
    delayed: Share
    delayed_minutes: Lognormal


class ReportRates(_Table, frozen=True):
    """How hospitals tell of themselves, and how unevenly. Shares are of reports; `left_out` is of figures."""

    interval_minutes: Positive
    missing: Share
    left_out: Share
    late: Share
    late_minutes: Lognormal
    falls_silent: Share
    silent_hours: Lognormal


class Parameters(_Table, frozen=True):
    demand: Demand
    jobs: Jobs
    dispatch: Dispatch
    surge: Surge
    fleet: Fleet
    process: HospitalProcess
    sites: dict[str, HospitalSite]
    regimes: dict[str, Regime]
    faults: FaultRates
    reports: ReportRates

    def regime(self, name: str) -> Regime:
        """The regime of this name. Raises LookupError naming those there are."""
        if name not in self.regimes:
            raise LookupError(f"There is no regime {name!r}. Choose one of: {', '.join(self.regimes)}.")
        return self.regimes[name]


def read(region: Region) -> Parameters:
    """The parameters of the region. Raises CannotParse naming the field of simulation.toml."""
    if not region.simulation:
        raise CannotParse("simulation.toml", f"The pack {region.slug!r} has none.", "Add it to simulate.")
    try:
        parameters = msgspec.convert(_thawed(region.simulation), Parameters)
    except msgspec.ValidationError as error:
        why, _, path = str(error).partition(" - at `")
        field = path.rstrip("`").removeprefix("$.") or "file"
        raise CannotParse(f"simulation.toml, field {field}", f"{why}.", "Correct it.") from None
    _check_names(region, parameters)
    return parameters


def _check_names(region: Region, parameters: Parameters) -> None:
    codes = {site.code for site in region.sites}
    for table, names, known in (
        ("sites", parameters.sites, codes),
        ("demand.places", parameters.demand.places, codes),
        ("demand.areas", parameters.demand.areas, {area.code for area in region.areas}),
    ):
        for name in names:
            if name not in known:
                raise CannotParse(
                    f"simulation.toml, field {table}.{name}", "Nothing has that code.", "Correct it."
                )


def _thawed(value: Any) -> Any:
    return {name: _thawed(each) for name, each in value.items()} if isinstance(value, Mapping) else value
