"""A small region of its own for a whole shift: the invented valley under another name, with two people.

Its control room is the simulator, which plays a past day as if it were now: the same day at every hour at
which the tests run.
"""

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clearway.config.regions import find
from clearway.domain.ambulance.events import AvailabilityEvent, Event, JobEvent, Position
from clearway.domain.ambulance.words import JobStatus, ResourceKind
from clearway.gateway import feeder
from clearway.interchange.region_pack import parse

SLUG = "moor"
KEYS = {name: f"the key of {name}" for name in ("moor-cad", "moor-avl", "moor-hospitals")}
# On this day the queue of Fordham begins to grow, as the forecast sees; Millbrook can take patients.
REGIME, SEED = "busy", 6
BEGINS = datetime(2026, 1, 12, 6, tzinfo=UTC)
NOW = BEGINS + timedelta(minutes=340)
OFTEN_WRONG = ("M77", 6)  # a crew, and its jobs of the last days that never had a handover time
RENAMED = {
    "region.toml": {
        'slug = "test-valley"': f'slug = "{SLUG}"',
        'organisation_code = "TVX"': 'organisation_code = "MOOR"',
        "Test Valley Ambulance Trust": "Moor Ambulance Trust",
        '"valley-': '"moor-',
        "expected_interval_seconds = 120": "expected_interval_seconds = 3",  # one that speaks all the time
        'knows = ["destination"]': 'knows = ["destination", "handover"]',
    },
    "emergency_departments.csv": {"07:00,23:00,assumed": ",,"},  # open at whatever hour this runs
}


def pack(slug: str) -> Mapping[str, bytes]:
    """The files of a pack: of this region, or of any other one."""
    if slug != SLUG:
        return find(slug)
    files = dict(find("test-valley"))
    for name, words in RENAMED.items():
        said = files[name].decode()
        for old, new in words.items():
            assert old in said, f"{name} does not say {old!r} any more"
            said = said.replace(old, new)
        files[name] = said.encode()
    return files


def fill(now: datetime, password: str) -> None:
    """The region, a coordinator, and an officer who gives the shift."""
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import key_hash, store
    from clearway.core.organisation.actions import load_region
    from clearway.core.people.models import RoleGrant, User
    from clearway.desks.ambulance.command.actions import give_shift
    from clearway.desks.ambulance.quality import casework
    from clearway.gateway import inbox
    from clearway.interchange import native

    began = now - timedelta(days=1)
    trust = load_region(parse(pack(SLUG)), by=Actor("test"), at=began)
    for source in trust.sources.filter(name__in=KEYS):
        source.key_hash = key_hash(KEYS[source.name])
        source.save(update_fields=["key_hash"])
    officer: Any = None
    for name, shown, role in (
        ("moira", "Moira Penn", "patient_flow_coordinator"),
        ("oscar", "Oscar Reed", "service_delivery_officer"),
    ):
        officer = User.objects.create_user(name, password, display_name=shown, theme="light")
        RoleGrant.objects.create(user=officer, role=role, organisation=trust, starts_at=began)
    by = Actor("oscar", officer.pk, "service_delivery_officer")
    give_shift("Fordham was full at noon yesterday", organisation_id=trust.pk, by=by, at=now)
    store(trust.sources.get(name="moor-cad"), native.dump(without_handover(now)), at=now)
    while inbox.process(lambda: datetime.now(UTC)):
        pass
    casework.follow(trust.pk, at=datetime.now(UTC))


def without_handover(now: datetime) -> list[Event]:
    """Jobs of one crew, one after the other, that ended without a handover time."""
    call_sign, count = OFTEN_WRONG
    steps = {"allocated": 60, "mobile": 59, "at_scene": 50, "left_scene": 35, "at_hospital": 20, "clear": 0}
    return [
        JobEvent(
            message_id=f"{call_sign}/{number}/{status}",
            occurred_at=now - timedelta(hours=20 + 2 * number, minutes=minutes),
            incident=f"W{number}",
            call_sign=call_sign,
            status=JobStatus(status),
            destination="TVH01",
            kind=ResourceKind.DCA,
        )
        for number in range(count)
        for status, minutes in steps.items()
    ]


class ControlRoom(feeder.Gateway):
    """What the simulator sends, moved to now. Its CAD may fail: what it would have sent then comes after.

    A CAD with nothing new says its last again, so that it is heard; the gateway knows what comes twice.
    """

    def __init__(self, to: str, stop: threading.Event) -> None:
        super().__init__(to, KEYS, stop)
        self.is_down = False
        self.is_level = threading.Event()
        self.numbers: list[str] = []  # of the paper forms of the day
        self.crew = ""  # whose status was entered by hand
        self._by = datetime.now(UTC) - NOW
        self._held: list[Event | Position] = []
        self._last: list[Event | Position] = []
        self._stop_all = stop

    def deliver(self, kind: str, source: str, values: Iterable[Event | Position]) -> None:
        """Send values, or hold those of a CAD that fails."""
        moved = [self._moved(each) for each in values]
        if kind == "cad":
            self._held += moved
            if self.is_down:
                return
            moved, self._held = self._held or self._last, []
            self._last = moved[-1:]
        super().deliver(kind, source, moved)

    def play(self) -> None:
        """Everything of the day up to now, and then as the clock goes, until told to stop."""
        region = parse(pack(SLUG))
        journey = feeder.Journey(SLUG, REGIME, SEED, start=BEGINS, sent_until=BEGINS)
        feeder.play(region, journey, self, clock=self._clock, stop=self._stop_all, remember=self._remember)

    def _clock(self) -> datetime:
        return datetime.now(UTC) - self._by

    def _remember(self, journey: feeder.Journey) -> None:
        if journey.live:
            self.is_level.set()

    def _moved(self, each: Event | Position) -> Event | Position:
        times = {"occurred_at": each.occurred_at + self._by}
        if isinstance(each, AvailabilityEvent):
            for name in ("shift_start", "shift_end"):
                if (at := getattr(each, name)) is not None:
                    times[name] = at + self._by
        return msgspec.structs.replace(each, **times)
