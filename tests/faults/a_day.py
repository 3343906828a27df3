"""The demo department, as a trust has it on the first day beside its PAS, and the desk that works in it."""

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

ON = date(2026, 11, 23)  # a Monday
TRUSTS = ("plain", "mixed")
REGION, SEED = "worcestershire", 7
MAPPING = """
[sender]
application = "{name}"
withdrawn = "error"
[codes.clinic]
{clinics}
[codes.service]
{services}
[codes.cancel_reason]
"ILL" = "patient_ill"
[codes.referral_source]
"03" = "03"
[send]
host = "127.0.0.1"
port = {port}
to_facility = "RWP"
"""


def prepare(file: str, ports: list[int]) -> None:
    """Two trusts with the department of the region pack and no patients, each with its PAS to send to; what
    their clinics and the people referred to them are, into a file."""
    from clearway.config.migrate import migrate

    migrate()
    from clearway.config.regions import find
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.models import Source
    from clearway.core.organisation.actions import load_region
    from clearway.desks.outpatients.clinics import actions as clinics
    from clearway.desks.outpatients.clinics.loading import load_department
    from clearway.desks.outpatients.clinics.models import Service, Template
    from clearway.desks.outpatients.exchange import actions as exchange
    from clearway.interchange import department_pack, region_pack

    pack, by = find(REGION), Actor("test")
    at = datetime.combine(ON, datetime.min.time()).astimezone() + timedelta(hours=5)
    region = region_pack.parse(pack)
    department = department_pack.parse(pack, region)
    assert department is not None
    for name, port in zip(TRUSTS, ports, strict=True):
        trust = load_region(replace(region, slug=name, organisation_code=name, sources=()), by=by, at=at)
        who: dict[str, Any] = {"organisation_id": trust.pk, "by": by, "at": at}
        load_department(department, **who)
        clinics.make_sessions(until=ON + timedelta(days=9), **who)
        source = Source.objects.create(
            organisation=trust, name=name, kind="hl7", expected_interval_seconds=3600
        )
        own = {"organisation": trust}
        text = MAPPING.format(
            name=name,
            port=port,
            clinics=_table(Template.objects.filter(**own).values_list("code", flat=True).distinct()),
            services=_table(Service.objects.filter(**own).values_list("code", flat=True)),
        )
        exchange.load_mapping(source, text, "the first", by=by, at=at)
    Path(file).write_text(json.dumps({"slots": _slots(trust.pk), "referred": _referred(pack, department)}))
    print(json.dumps({"cookies": []}))


def _table(codes: Any) -> str:
    """Their codes are ours with a letter before them."""
    return "\n".join(f'"X-{code}" = "{code}"' for code in codes)


def _slots(trust: int) -> list[dict[str, Any]]:
    from clearway.desks.outpatients.clinics.models import Slot

    rows = Slot.objects.filter(organisation_id=trust, kind="new", held="", medium="01", seats=1, blocked="")
    rows = rows.select_related("session__template", "session__service").order_by("starts_at", "pk")
    return [
        {
            "clinic": f"X-{row.session.template.code}",
            "service": f"X-{row.session.service.code}",
            "start": row.starts_at.isoformat(),
            "minutes": round((row.ends_at - row.starts_at).total_seconds() / 60),
        }
        for row in rows
        if row.session.template is not None
    ]


def _referred(pack: Any, department: Any) -> list[dict[str, Any]]:
    """Whom the simulated department is referred on the days before, until the evening."""
    from clearway.interchange import region_pack
    from clearway.simulation.outpatients import parameters
    from clearway.simulation.outpatients.arrivals import arrivals

    behaves = parameters.read(region_pack.parse(pack).simulation, department)
    days = (ON - timedelta(days=day) for day in range(14, -1, -1))
    return [
        {
            "family": each.person.family_name,
            "given": each.person.given_names,
            "born": each.person.born_on.isoformat(),
            "sex": {"1": "M", "2": "F"}.get(each.person.sex, "U"),
            "nhs": each.person.nhs_number,
            "address": each.person.address.split(",")[0],
            "phone": each.person.phone,
            "service": f"X-{each.service}",
        }
        for on in days
        for each in arrivals(behaves, SEED, on)
    ]


class Desk:
    """What people at the desk of a trust do, by its own actions."""

    def __init__(self, clock: Path) -> None:
        self.clock = clock

    def do(self, trust: str, what: str, **said: Any) -> Any:
        from clearway.core.audit.actions import Actor
        from clearway.core.feeds.models import Source

        source = Source.objects.get(name=trust)
        at = datetime.fromisoformat(self.clock.read_text())
        who = {"organisation_id": source.organisation_id, "by": Actor("clerk"), "at": at}
        return getattr(self, what)(source, who, **said)

    def triage(self, source: Any, who: dict[str, Any], minutes: dict[str, int], priority: str = "1") -> int:
        """Onto the list, by their id of the referral; how many."""
        from clearway.desks.outpatients.exchange.models import Counterpart
        from clearway.desks.outpatients.referrals import actions as referrals

        for theirs, length in minutes.items():
            ours = Counterpart.objects.get(source=source, kind="referral", theirs=theirs).ours
            assert ours is not None
            referrals.triage(ours, referrals.Decision("accept", priority, minutes=length), **who)
        return len(minutes)

    def book(self, source: Any, who: dict[str, Any], referral: str, clinic: str, start: str) -> int:
        from clearway.desks.outpatients.booking import actions as booking
        from clearway.desks.outpatients.exchange.models import Counterpart
        from clearway.desks.outpatients.waiting.models import Entry

        ours = Counterpart.objects.get(source=source, kind="referral", theirs=referral).ours
        entry = Entry.objects.get(referral_id=ours, state="waiting")
        return int(booking.book(self._slot(who, clinic, start), entry.pk, **who).pk)

    def cancel(self, source: Any, who: dict[str, Any], appointment: str) -> None:
        from clearway.desks.outpatients.booking import actions as booking
        from clearway.domain.outpatients.words import CancelledBy

        row = self._appointment(source, appointment)
        booking.cancel(row.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who)

    def move(self, source: Any, who: dict[str, Any], appointment: str, clinic: str, start: str) -> None:
        from clearway.desks.outpatients.booking import actions as booking
        from clearway.domain.outpatients.words import CancelledBy

        row = self._appointment(source, appointment)
        slot = self._slot(who, clinic, start)
        booking.move(row.pk, slot, by_whom=CancelledBy.PROVIDER, reason="slot_cancelled", **who)

    def fill(self, source: Any, who: dict[str, Any], appointment: str) -> int:
        """Offer the seat that this cancelled appointment freed, and take the first yes."""
        from clearway.desks.outpatients.recycling import actions as recycling
        from clearway.desks.outpatients.recycling.models import FreedSlot
        from clearway.domain.outpatients.recycling import Said

        freed = FreedSlot.objects.get(appointment_id=self._appointment(source, appointment).pk)
        offers = recycling.ask(freed.pk, **who)
        return int(recycling.answer(offers[0].pk, Said.YES, **who).pk)

    def attended(self, source: Any, who: dict[str, Any], appointments: list[str]) -> list[str]:
        """Cash up: seen, and discharged; why not, of each that was refused."""
        return self._cash_up(source, who, appointments, "5")

    def missed(self, source: Any, who: dict[str, Any], appointments: list[str]) -> list[str]:
        return self._cash_up(source, who, appointments, "3")

    def _cash_up(self, source: Any, who: dict[str, Any], appointments: list[str], code: str) -> list[str]:
        from clearway.desks.outpatients.outcomes import actions as outcomes
        from clearway.domain.outpatients.outcomes import NextStep, Said
        from clearway.domain.outpatients.words import Attended, Outcome

        said = Said(Attended(code), None, None, NextStep.DECIDE)
        if code == "5":
            said = Said(Attended(code), Outcome.DISCHARGED, None, NextStep.DISCHARGE)
        sheet = [(self._appointment(source, each).pk, said) for each in appointments]
        return [each.why for each in outcomes.cash_up(sheet, **who) if not each.is_saved]

    def waiting(self, source: Any, who: dict[str, Any]) -> list[str]:
        """What waits in quarantine, and why."""
        from clearway.core.feeds.models import Quarantined

        rows = Quarantined.objects.filter(source=source, state="waiting").order_by("id")
        return [f"{row.place}: {row.why} {bytes(row.body)[:90]!r}" for row in rows]

    def on_the_way(self, source: Any, who: dict[str, Any]) -> dict[str, int]:
        """How many messages to it are in which state."""
        from collections import Counter

        from clearway.desks.outpatients.exchange.models import Telling

        rows = Telling.objects.filter(source=source)
        return dict(Counter(rows.values_list("outgoing__state", flat=True)))

    def reconcile(self, source: Any, who: dict[str, Any], file: str) -> Any:
        """What the command finds with a file."""
        from clearway.cli import main as command

        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            command(["exchange", "reconcile", source.name, file, "--json"])
        return json.loads(said.getvalue())

    def state(self, source: Any, who: dict[str, Any]) -> list[Any]:
        """Everything that stands, by what the PAS calls it: people, referrals, appointments, clocks."""
        from clearway.desks.outpatients.exchange.models import Counterpart
        from clearway.desks.outpatients.patients.models import Patient

        rows = Counterpart.objects.filter(source=source, kind="patient")
        theirs = dict(rows.order_by("-theirs").values_list("ours", "theirs"))
        people = Patient.objects.filter(organisation_id=source.organisation_id)
        names = {each.pk: theirs[each.pk] for each in people}
        return sorted(self._standing(source.organisation_id, people, names), key=str)

    def _standing(self, trust: int, people: Any, names: dict[int, str]) -> Iterator[list[Any]]:
        from clearway.desks.outpatients.booking.models import Appointment
        from clearway.desks.outpatients.clocks.models import Pathway
        from clearway.desks.outpatients.referrals.models import Referral

        for row in people:
            into = row.merged_into_id and names[row.merged_into_id]
            yield ["patient", names[row.pk], row.family_name, row.address, str(row.died_on), into]
        for referral in Referral.objects.filter(organisation_id=trust).select_related("service", "patient"):
            entries = sorted(referral.entries.values_list("kind", "state"))
            name = names[referral.patient.person_id]
            yield ["referral", name, referral.service.code, referral.state, referral.question, entries]
        for each in Appointment.objects.filter(organisation_id=trust, moved_to=None).select_related(
            "patient"
        ):
            name, start = names[each.patient.person_id], each.starts_at.isoformat()
            yield ["appointment", name, start, each.state, each.attended, each.outcome, each.cancelled_by]
        for pathway in Pathway.objects.filter(organisation_id=trust).select_related("patient"):
            yield ["clock", names[pathway.patient.person_id], pathway.state, str(pathway.ended_on)]

    def _appointment(self, source: Any, theirs: str) -> Any:
        from clearway.desks.outpatients.booking import queries as booked
        from clearway.desks.outpatients.exchange.models import Counterpart

        ours = Counterpart.objects.get(source=source, kind="appointment", theirs=theirs).ours
        assert ours is not None
        found = booked.newest(ours, source.organisation_id)
        assert found is not None
        return found

    def _slot(self, who: dict[str, Any], clinic: str, start: str) -> int:
        from clearway.desks.outpatients.clinics import queries as clinics

        found = clinics.slot_at(who["organisation_id"], clinic[2:], datetime.fromisoformat(start))
        assert found is not None
        return int(found.pk)


def main() -> None:
    """A line of JSON for each thing to do, a line of JSON for what came of it."""
    import django

    django.setup()
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2], [int(port) for port in sys.argv[3:]])
        return
    from clearway.cli import sources
    from tests.faults.at_time import standing_at

    desk = Desk(clock := Path(sys.argv[1]))
    sources.datetime = standing_at(clock)  # type: ignore[misc]
    for line in sys.stdin:
        said = json.loads(line)
        try:
            answer = {"came": desk.do(said.pop("trust"), said.pop("what"), **said)}
        except Exception as problem:
            answer = {"failed": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
