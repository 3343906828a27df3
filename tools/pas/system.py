"""What this system does when somebody types, and when a message comes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from . import messages
from .book import Appointment, Book, Patient, Referral, is_newer

STATUS = {"SIU^S12": "Booked", "SIU^S13": "Booked", "SIU^S15": "Cancelled", "SIU^S26": "Noshow"}
RTT = ("status", "pathway", "issuer", "started", "treat_by", "ended", "event", "event_on")


class CannotDo(Exception):
    """What was typed names something that is not in the book."""


class Pas:
    """The system: its book, and the messages that follow from what is done in it."""

    def __init__(self, path: Path, clock: Callable[[], datetime], application: str = "PAS") -> None:
        self.path, self.clock, self.application = path, clock, application
        self.book, self.lock = Book.load(path), RLock()

    def save(self) -> None:
        self.book.save(self.path)

    # What somebody types

    def register(self, patient: str, family: str, given: str, born: str, **more: str) -> str:
        made = self.book.patients[patient] = Patient(patient, family, given, born, **more)
        return self._tell("ADT^A28", messages.adt("A28", self.clock(), made))

    def update(self, patient: str, **said: str) -> str:
        made = self.book.patients[patient] = replace(self._patient(patient), **said)
        return self._tell("ADT^A31", messages.adt("A31", self.clock(), made))

    def die(self, patient: str, on: str) -> str:
        return self.update(patient, died=on)

    def merge(self, patient: str, prior: str) -> str:
        survivor, gone = self._patient(patient), self._patient(prior)
        gone.into = survivor.number
        rows: list[Any] = [*self.book.appointments.values(), *self.book.referrals.values()]
        for each in rows:
            each.patient = survivor.number if each.patient == prior else each.patient
        return self._tell("ADT^A40", messages.adt("A40", self.clock(), survivor, prior=prior))

    def refer(self, referral: str, patient: str, service: str, **more: str) -> str:
        made = self.book.referrals[referral] = Referral(referral, patient, service, **more)  # type: ignore[arg-type]
        return self._tell_of_referral("I12", made)

    def complete(self, referral: str, question: str) -> str:
        made = self.book.referrals[referral] = replace(self.book.referrals[referral], question=question)
        return self._tell_of_referral("I13", made)

    def withdraw(self, referral: str) -> str:
        self.book.referrals[referral].withdrawn = True
        return self._tell_of_referral("I14", self.book.referrals[referral])

    def book_(self, appointment: str, patient: str, clinic: str, start: str, **more: str) -> str:
        minutes = int(more.pop("minutes", "30"))
        at = self.clock().isoformat()
        made = Appointment(appointment, self._patient(patient).number, clinic, start, minutes, at, **more)
        self.book.appointments[appointment] = made
        return self._tell_of(made, "S12")

    def move(self, appointment: str, start: str, clinic: str = "") -> str:
        row = self._appointment(appointment)
        row.start, row.clinic = start, clinic or row.clinic
        return self._tell_of(row, "S13")

    def cancel(self, appointment: str, reason: str = "") -> str:
        row = self._appointment(appointment)
        row.status, row.reason = "Cancelled", reason
        return self._tell_of(row, "S15")

    def miss(self, appointment: str) -> str:
        row = self._appointment(appointment)
        row.status = "Noshow"
        return self._tell_of(row, "S26")

    def arrive(self, appointment: str) -> str:
        return self._visit(appointment, "A04", "Started")

    def leave(self, appointment: str) -> str:
        return self._visit(appointment, "A11", "Booked")

    def _visit(self, appointment: str, trigger: str, status: str) -> str:
        row = self._appointment(appointment)
        row.status, row.changed = status, self.clock().isoformat()
        said = messages.adt(trigger, self.clock(), self._patient(row.patient), visit=row.filler)
        return self._tell(f"ADT^{trigger}", said)

    def _patient(self, number: str) -> Patient:
        if (found := self.book.stands(number)) is None:
            raise CannotDo(f"There is no patient {number}.")
        return found

    def _appointment(self, filler: str) -> Appointment:
        if filler not in self.book.appointments:
            raise CannotDo(f"There is no appointment {filler}.")
        return self.book.appointments[filler]

    def _tell_of_referral(self, trigger: str, row: Referral) -> str:
        said = messages.ref(row, self._patient(row.patient), self.clock())
        return self._tell(f"REF^{trigger}", said)

    def _tell_of(self, row: Appointment, trigger: str) -> str:
        row.changed = self.clock().isoformat()
        return self._tell(f"SIU^{trigger}", messages.siu(row, self._patient(row.patient)))

    def _tell(self, kind: str, segments: list[str]) -> str:
        key = self.book.next_key()
        text = messages.message(kind, key, self.clock(), *segments, application=self.application)
        self.book.queue.append((key, text))
        self.save()
        return key

    # What comes

    def receive(self, text: str) -> str:
        """Take a message into the book; the acknowledgement. One that was taken before changes nothing."""
        at = self.clock()
        try:
            said = messages.Received(text)
        except Exception:
            return messages.acknowledgement("0", "AR", at, "It cannot be read")
        with self.lock:
            if said.key in self.book.taken:
                return messages.acknowledgement(said.key, "AA", at)
            if why := self._take(said):
                return messages.acknowledgement(said.key, "AE", at, why)
            self.book.taken[said.key] = said.kind
            self.save()
            return messages.acknowledgement(said.key, "AA", at)

    def _take(self, said: messages.Received) -> str:
        """Why it cannot be taken; "" where it was."""
        if said.kind == "ADT^A08":
            fields = {name: said.field("ZRT", place) for place, name in enumerate(RTT, 1)}
            self.book.clocks[fields["pathway"]] = fields
            return ""
        row = self.book.placed(said.field("SCH", 1), said.field("SCH", 2))
        if row is None:
            return self._placed_new(said)
        patient, owner = self.book.known_by(said.numbers()), self.book.stands(row.patient)
        if patient is not None and owner is not None and patient.number != owner.number:
            return "Another patient has this appointment"
        row.placer = row.placer or said.field("SCH", 1)
        if is_newer(said.at, row.changed):
            self._follow(row, said)
        return ""

    def _placed_new(self, said: messages.Received) -> str:
        patient = self.book.known_by(said.numbers())
        if patient is None:
            return "Unknown patient"
        filler = f"OURS{len(self.book.appointments) + 1}"
        minutes = int(said.field("SCH", 9) or 0)
        row = Appointment(filler, patient.number, "", "", minutes, said.at.isoformat(), said.field("SCH", 1))
        self.book.appointments[filler] = row
        row.referral = said.field("SCH", 27)
        self._follow(row, said)
        if row.status == "Booked":  # told back under both ids, as such systems do
            self._tell("SIU^S12", messages.siu(row, patient))
        return ""

    def _follow(self, row: Appointment, said: messages.Received) -> None:
        start = said.field("SCH", 11, 4)
        row.start = messages.moment(start).isoformat() if start else row.start
        row.clinic = said.field("AIL", 3) or row.clinic
        row.status = STATUS.get(said.kind) or said.field("SCH", 25) or row.status
        row.changed = said.at.isoformat()

    # What it gives

    def extract(self, file: str) -> int:
        """Write every appointment as a file for reconciling; how many."""
        rows = [
            ",".join((each.filler, each.placer, each.patient, each.clinic, each.start, each.status))
            for each in self.book.appointments.values()
        ]
        Path(file).write_text("\n".join(["filler,placer,patient,clinic,start,status", *rows]) + "\n")
        return len(rows)

    def state(self) -> dict[str, Any]:
        return self.book.summary()


def from_file(path: Path) -> Callable[[], datetime]:
    """A clock that stands at what a file says."""
    return lambda: datetime.fromisoformat(path.read_text())


def present() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
