"""The book of this system: its patients, referrals and appointments, kept in one file.

Nothing here is Clearway's: what both hold alike, they hold alike because they told each other.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass
class Patient:
    """number  this system's own; into: the number that it was merged into; died: the day, "" while alive"""

    number: str
    family: str
    given: str
    born: str
    sex: str = "U"
    nhs: str = ""
    address: str = ""
    phone: str = ""
    died: str = ""
    into: str = ""


@dataclass
class Referral:
    id: str
    patient: str
    service: str
    priority: str = "R"
    question: str = ""
    withdrawn: bool = False


@dataclass
class Appointment:
    """filler  this system's id; placer: theirs, once it was told; changed: when what stands here happened

    start, changed  ISO 8601 with offset; status: of HL7 table 0278
    """

    filler: str
    patient: str
    clinic: str
    start: str
    minutes: int
    changed: str
    placer: str = ""
    referral: str = ""
    status: str = "Booked"
    reason: str = ""


@dataclass
class Book:
    """queue  messages that were not acknowledged yet, as pairs of control id and text, the oldest first

    taken    control ids that were received: each is taken once
    refused  what they answered AE or AR, with their words
    clocks   pathway -> what was told of it last
    """

    patients: dict[str, Patient] = field(default_factory=dict)
    referrals: dict[str, Referral] = field(default_factory=dict)
    appointments: dict[str, Appointment] = field(default_factory=dict)
    clocks: dict[str, dict[str, str]] = field(default_factory=dict)
    queue: list[tuple[str, str]] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)
    acknowledged: int = 0
    number: int = 0

    @classmethod
    def load(cls, path: Path) -> "Book":
        """The book of a file; an empty one where there is none."""
        if not path.exists():
            return cls()
        kept = json.loads(path.read_text())
        return cls(
            **kept
            | {
                "patients": {key: Patient(**each) for key, each in kept["patients"].items()},
                "referrals": {key: Referral(**each) for key, each in kept["referrals"].items()},
                "appointments": {key: Appointment(**each) for key, each in kept["appointments"].items()},
                "queue": [(key, text) for key, text in kept["queue"]],
            }
        )

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    def next_key(self) -> str:
        """A control id that was never used."""
        self.number += 1
        return f"PAS{self.number}"

    def stands(self, number: str) -> Patient | None:
        """The patient of a number, after every merger."""
        found = self.patients.get(number)
        while found is not None and found.into:
            found = self.patients.get(found.into)
        return found

    def known_by(self, numbers: list[tuple[str, str]]) -> Patient | None:
        """The patient of any of these identifiers: pairs of value and type."""
        for value, kind in numbers:
            if kind == "MR" and (found := self.stands(value)) is not None:
                return found
        nhs = {value for value, kind in numbers if kind == "NH"}
        alive = (each for each in self.patients.values() if each.nhs in nhs and each.nhs and not each.into)
        return next(alive, None)

    def placed(self, placer: str, filler: str) -> Appointment | None:
        """The appointment of our id, or of theirs."""
        if filler in self.appointments:
            return self.appointments[filler]
        return next((each for each in self.appointments.values() if placer and each.placer == placer), None)

    def summary(self) -> dict[str, Any]:
        """What stands, for whoever compares."""
        return {
            "appointments": {
                each.filler: [each.patient, each.clinic, each.start, each.status]
                for each in self.appointments.values()
            },
            "waiting": len(self.queue),
            "acknowledged": self.acknowledged,
            "received": len(self.taken),
            "refused": self.refused,
            "clocks": self.clocks,
        }


def is_newer(at: datetime, than: str) -> bool:
    """Whether something happened after what stands."""
    return at >= datetime.fromisoformat(than)
