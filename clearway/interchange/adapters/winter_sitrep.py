"""NHS England's daily situation reports of winter: one row for each trust and day, of which beds are carried.

The columns are those of the cleaned series of matthewgthomas/NHSWinterSitreps. What is counted over a whole
day (delays, diverts, closures) says nothing of an instant and is left out: the desk counts its own. Beds are
as at 08:00 of the day of the report (NHS England, process and definitions for the daily situation report).
The file names trusts, and a report is of a site: where a trust has one hospital, name its code among that
site's former codes in the region pack; else the gateway keeps the row and says so.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from clearway.domain.ambulance.events import Event, HospitalEvent
from clearway.domain.ambulance.words import HospitalMeasure

from .adapter import Row, event, instant

NAME = "winter_sitrep"
TIMEZONE = ZoneInfo("Europe/London")
AS_AT = time(8)
ENGLAND = "-"
KNOWS: frozenset[str] = frozenset({HospitalMeasure.BEDS_FREE})
LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "said by another column": ("winter", "org_name", "region", "ga_occupancy_rate", "cc_occupancy_rate"),
    "of a whole day, not of an instant": (
        *("ed_diverts", "ed_closures", "ae_attendances"),
        *("handover_delay_30_60", "handover_delay_over_60"),
    ),
    "a report has no figure for it": (
        *("cc_adult_open", "cc_adult_occupied", "los_over_7_days", "los_over_21_days", "flu_ga", "flu_cc"),
    ),
    "whether these count among the open beds is not said": (
        *("beds_closed_norovirus", "beds_closed_norovirus_unoccupied", "ga_beds_void"),
    ),
}


def parse_row(row: Row) -> list[Event]:
    """Free general and acute beds of one trust on one day."""
    code = row.needed("org_code")
    if code == ENGLAND:
        raise row.cannot("org_code", "It is the sum of England, not a hospital.", "Leave the row out.")
    day = _day(row)
    open_, taken = row.count("ga_beds_open"), row.count("ga_beds_occupied")
    if open_ is None or taken is None:
        raise row.cannot("ga_beds_open", "Beds open or occupied are not said.", "Ask the trust for them.")
    if taken > open_:
        why = "More beds are occupied than open, so that nobody can tell how many are free."
        raise row.cannot("ga_beds_occupied", why, "Ask the trust which is right.")
    at = instant(datetime.combine(day, AS_AT), TIMEZONE)
    return [
        event(HospitalEvent, occurred_at=at, site=code, counts={HospitalMeasure.BEDS_FREE: open_ - taken})
    ]


def _day(row: Row) -> date:
    try:
        return date.fromisoformat(row.needed("date"))
    except ValueError:
        raise row.cannot("date", "Expected a day such as 2020-02-01.", "Mend it at the source.") from None
