"""Reading a message by its sender's mapping, with the trail of what was read where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from clearway.domain.shared.errors import CannotParse

from .mapping import PLACES, Ids, SenderMapping
from .reading import NULL, Message, Place


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked for. place: where it was found, or is looked for first."""

    name: str
    place: str
    holds: str
    said: str
    means: str


@dataclass
class Reader:
    """One message, read by a mapping. `trail` has every step that was taken, in order."""

    message: Message
    mapping: SenderMapping
    trail: list[Step] = field(default_factory=list)

    def text(self, name: str) -> str:
        """What is said of a thing of PLACES, at the first of its places that says something."""
        place, said = self._found(name)
        self._note(name, place, said, said)
        return "" if said == NULL else said

    def told(self, name: str) -> str | None:
        """As text, with None for what was not said: "" then means that it is to be empty."""
        place, said = self._found(name)
        self._note(name, place, said, said)
        return None if not said else "" if said == NULL else said

    def needed(self, name: str) -> str:
        """The id of something at the sender. Raises CannotParse where nothing is said."""
        if found := self.named(name):
            return found
        raise CannotParse(self.where(name), f"It is empty; it should hold: {PLACES[name].holds}.", MEND)

    def coded(self, name: str, table: str) -> str:
        """What its code means here; "" where nothing is said. Raises CannotParse for an unknown code."""
        place, said = self._found(name)
        if said in ("", NULL):
            self._note(name, place, said, "")
            return ""
        means = self.mapping.codes.get(table, {}).get(said)
        self._note(name, place, said, means or "unknown")
        if means is None:
            fix = f"Add the code to [codes.{table}] of the mapping, then replay the message."
            raise CannotParse(str(place), f"Its code is not in [codes.{table}].", fix)
        return means

    def instant(self, name: str) -> datetime | None:
        """The instant that is said. Raises CannotParse."""
        place, said = self._found(name)
        found = self.message.instant(place) if place else None
        self._note(
            name,
            place,
            said,
            f"{found.astimezone(self.message.zone):%a %-d %b %Y, %H:%M:%S %Z}" if found else "",
        )
        return found

    def day(self, name: str) -> date | None:
        """The civil date that is said. Raises CannotParse."""
        place, said = self._found(name)
        found = self.message.day(place) if place else None
        self._note(name, place, said, found.isoformat() if found else "")
        return found

    def named(self, name: str) -> str:
        """The id of something at the sender. Raises CannotParse where it is longer than one is kept."""
        found = self.text(name)
        if len(found) > LONGEST_ID:
            raise CannotParse(
                self.where(name), f"It is longer than {LONGEST_ID} characters.", "Send the id only."
            )
        return found

    def identifier(self, name: str, ids: Ids, field_: str = "PID-3") -> str:
        """The repetition of a list of identifiers that is meant."""
        found = ""
        whole = Place.of(field_)
        for repeat in range(1, self.message.repeats(whole) + 1):
            said = self.message.text(Place(whole.segment, whole.field, 1), repeat=repeat)
            assigner = self.message.text(Place(whole.segment, whole.field, 4), repeat=repeat)
            kind = self.message.text(Place(whole.segment, whole.field, 5), repeat=repeat)
            if said and _is_meant(ids, kind, assigner):
                found = said
                break
        self.trail.append(Step(name, f"{field_}.1", "identifier of the patient", found, found))
        if len(found) > LONGEST_ID:
            raise CannotParse(field_, TOO_LONG, "Send the id only.")
        return found

    def repeated(self, field_: str, table: str) -> Mapping[str, str]:
        """Texts of a repeated field by what the codes of component 2 or 3 mean; the first of each is kept."""
        found: dict[str, str] = {}
        whole = Place.of(field_)
        for repeat in range(1, self.message.repeats(whole) + 1):
            said, *kinds = (
                self.message.text(Place(whole.segment, whole.field, number), repeat=repeat)
                for number in (1, 2, 3, 4)
            )
            codes = self.mapping.codes.get(table, {})
            # The equipment (component 3) says more than the use (component 2): a mobile is a mobile at home.
            means = codes.get(kinds[1]) or codes.get(kinds[0]) or ""
            text = kinds[2] if means == "email" and kinds[2] else said
            self.trail.append(
                Step(table, f"{field_} repetition {repeat}", "telecom", text, means or "not kept")
            )
            if text and means:
                found.setdefault(means, text)
        return found

    def where(self, name: str) -> str:
        """The place, or places, at which a thing is looked for."""
        return " or ".join(map(str, self.mapping.where(name))) or f"[places] {name}"

    def _found(self, name: str) -> tuple[Place | None, str]:
        places = self.mapping.where(name)
        for place in places:
            if said := self.message.text(place):
                return place, said
        return (places[0] if places else None), ""

    def _note(self, name: str, place: Place | None, said: str, means: str) -> None:
        self.trail.append(Step(name, str(place or ""), PLACES[name].holds, said, means))


LONGEST_ID = 80  # characters of an id; 199 is the most that any version of the standard allows
TOO_LONG = f"It is longer than {LONGEST_ID} characters."
MEND = "Send it, or say in the mapping where it stands."


def _is_meant(ids: Ids, kind: str, assigner: str) -> bool:
    if not ids.types and not ids.assigners:
        return True
    return kind in ids.types or assigner in ids.assigners
