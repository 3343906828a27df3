"""Which wait is measured how: decided once, when a referral is registered, and kept with it.

`TABLE` is read from top to bottom; the first row whose conditions all hold decides.
Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0, sections 5
to 9.
"""

from dataclasses import dataclass

from .clock_events import EventKind
from .words import Code, MeasurementType, RttStatus


class ServiceKind(Code):
    """What sort of service a referral asks for."""

    CONSULTANT_LED = "consultant_led", "consultant-led, in any setting"
    CONSULTANT_LED_COMMUNITY = "consultant_led_community", "consultant-led community service"
    INTERFACE = "interface", "takes work that consultants did, and can refer on to them"
    THERAPY = "therapy", "therapy service that is not consultant-led"
    OTHER = "other", "another service that is not consultant-led"


@dataclass(frozen=True, slots=True)
class Asked:
    """What must be known of a referral to say how its wait is measured.

    is_emergency     the patient came as an emergency and nobody has decided to refer for elective care
    is_planned       on the planned list and not past the planned date
    on_open_pathway  sent by a consultant whose own clock for the same condition is running
    """

    service: ServiceKind
    is_emergency: bool = False
    is_planned: bool = False
    on_open_pathway: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """How a wait is measured.

    measurement   None: no clock of its own
    rtt_applies   the national consultant-led rules decide
    in_rtt_return counted in the monthly and weekly returns
    status        status code before anything has happened, where no national clock runs
    starts_on     the event that starts its clock
    on_parent     the clock is that of the pathway it came from, and goes on there
    """

    measurement: MeasurementType | None
    rtt_applies: bool
    in_rtt_return: bool
    starts_on: EventKind | None
    reference: str
    says: str
    status: RttStatus | None = None
    on_parent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: the conditions that must hold, None for either, and the measure."""

    measure: Measure
    services: frozenset[ServiceKind] = frozenset(ServiceKind)
    is_emergency: bool | None = None
    is_planned: bool | None = None
    on_open_pathway: bool | None = None

    def holds(self, asked: Asked) -> bool:
        return (
            asked.service in self.services
            and self.is_emergency in (None, asked.is_emergency)
            and self.is_planned in (None, asked.is_planned)
            and self.on_open_pathway in (None, asked.on_open_pathway)
        )


_NOT_CONSULTANT_LED = frozenset({ServiceKind.THERAPY, ServiceKind.OTHER})

TABLE: tuple[Row, ...] = (
    Row(
        Measure(
            None,
            False,
            False,
            None,
            "9.1",
            "Emergency care: no clock until somebody decides to refer for elective care.",
            RttStatus.NOT_APPLICABLE,
        ),
        is_emergency=True,
    ),
    Row(
        Measure(
            None,
            False,
            False,
            EventKind.MOVED_TO_ACTIVE_LIST,
            "5",
            "Planned care: no clock until the planned date is past and the patient joins the waiting list.",
            RttStatus.NOT_APPLICABLE,
        ),
        is_planned=True,
    ),
    Row(
        Measure(
            MeasurementType.CONSULTANT_LED,
            True,
            True,
            None,
            "4a iii",
            "Sent for treatment on an open consultant-led pathway: its clock goes on until treatment here.",
            on_parent=True,
        ),
        services=frozenset({ServiceKind.THERAPY, ServiceKind.OTHER, ServiceKind.INTERFACE}),
        on_open_pathway=True,
    ),
    Row(
        Measure(
            MeasurementType.CONSULTANT_LED,
            True,
            True,
            EventKind.REFERRAL_RECEIVED,
            "1a",
            "Consultant-led: the clock starts on the day the provider has notice of the referral.",
        ),
        services=frozenset({ServiceKind.CONSULTANT_LED}),
    ),
    Row(
        Measure(
            MeasurementType.CONSULTANT_LED,
            True,
            False,
            EventKind.REFERRAL_RECEIVED,
            "7.2",
            "Consultant-led community service: the rules apply, and it is reported with community data.",
        ),
        services=frozenset({ServiceKind.CONSULTANT_LED_COMMUNITY}),
    ),
    Row(
        Measure(
            MeasurementType.CONSULTANT_LED,
            True,
            True,
            EventKind.INTERFACE_RECEIVED,
            "1b, 6",
            "Interface service: the clock starts on the day it received the referral.",
        ),
        services=frozenset({ServiceKind.INTERFACE}),
    ),
    Row(
        Measure(
            MeasurementType.ALLIED_HEALTH,
            False,
            False,
            EventKind.REFERRAL_RECEIVED,
            "6.1, 7.1",
            "Straight to a therapy that is not consultant-led: no national clock; it has its own.",
            RttStatus.NOT_APPLICABLE,
        ),
        services=frozenset({ServiceKind.THERAPY}),
    ),
    Row(
        Measure(
            MeasurementType.OTHER,
            False,
            False,
            EventKind.REFERRAL_RECEIVED,
            "6.1",
            "A service that is not consultant-led: the national clock does not apply; a local one may.",
            RttStatus.NOT_APPLICABLE,
        ),
        services=frozenset({ServiceKind.OTHER}),
    ),
)


def measure(asked: Asked) -> Measure:
    """How the wait of such a referral is measured. Every combination has an answer."""
    return next(row.measure for row in TABLE if row.holds(asked))
