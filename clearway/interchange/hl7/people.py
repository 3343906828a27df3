"""ADT: who a patient is, which records are one person, and what happens at the door."""

from types import MappingProxyType

from clearway.domain.outpatients.identity import nhs_number, postcode
from clearway.domain.outpatients.told import Identity, PeopleMerged, PersonTold, VisitStep, VisitTold
from clearway.domain.shared.errors import CannotParse

from ..referral_file import FIELDS
from .trail import MEND, Reader

LONGEST = MappingProxyType({name: FIELDS[name].most for name in FIELDS})
WHERE = MappingProxyType(
    {
        "family_name": "PID-5.1",
        "given_names": "PID-5.2",
        "sex": "PID-8",
        "address": "PID-11",
        "postcode": "PID-11.5",
        "practice": "PD1-3",
        "phone": "PID-13",
        "mobile": "PID-13",
        "email": "PID-13",
    }
)


def identity(reader: Reader) -> Identity:
    """Who the message is about (PID). Raises CannotParse without the sender's number of the patient."""
    number = reader.identifier("number", reader.mapping.number)
    if not number:
        why = "No identifier is the sender's own number of the patient ([ids] number)."
        raise CannotParse("PID-3", why, MEND)
    try:
        national = nhs_number(reader.identifier("nhs_number", reader.mapping.nhs_number)) or ""
    except ValueError as wrong:
        raise CannotParse(
            "PID-3", f"The NHS number cannot be one: {wrong}.", "Mend it at its source."
        ) from None
    given = " ".join(filter(None, (reader.text("given_name"), reader.text("other_names"))))
    return Identity(number, national, reader.text("family_name"), given, reader.day("born_on"))


def person(reader: Reader) -> PersonTold:
    """A patient as PID and PD1 have them. Raises CannotParse."""
    who = identity(reader)
    said = {
        "sex": reader.coded("sex", "sex") or None,
        "address": _address(reader),
        "postcode": _postcode(reader),
        "practice": reader.told("practice"),
        **reader.repeated("PID-13", "telecom"),
    }
    details = {name: text for name, text in said.items() if text is not None}
    for name, text in (*details.items(), ("family_name", who.family_name), ("given_names", who.given_names)):
        if len(text) > (most := LONGEST.get(name, 300)):
            raise CannotParse(
                WHERE[name],
                f"It is longer than {most} characters.",
                "Shorten it at its source, or leave it out in [places] of the mapping.",
            )
    died_on = reader.day("died_on")
    flag = reader.text("is_dead")
    creates = reader.message.header.kind in reader.mapping.creates
    is_dead = died_on is not None or flag == "Y"
    return PersonTold(who, details, is_dead, died_on, is_alive=flag == "N", creates=creates)


def _address(reader: Reader) -> str | None:
    parts = [reader.told(f"address_{number}") for number in (1, 2, 3)]
    if all(part is None for part in parts):
        return None
    return ", ".join(filter(None, parts))


def _postcode(reader: Reader) -> str | None:
    said = reader.told("postcode")
    if not said:
        return said
    try:
        return postcode(said)
    except ValueError:
        return None  # an address abroad or in part must not stop what else is told of the patient


def merged(reader: Reader) -> PeopleMerged:
    """A40, in version 2.3 also A34: the number in MRG-1 is merged into that of PID-3. Raises CannotParse."""
    if reader.message.count("PID") > 1 or reader.message.count("MRG") > 1:
        why = "It merges several patients at once."
        raise CannotParse("MRG", why, "Send one merger in each message.")
    return PeopleMerged(person(reader), reader.needed("prior_number"))


def arrived(reader: Reader) -> PersonTold | VisitTold:
    """A04: of an outpatient visit, that the patient has come; of any other, who the patient is."""
    if reader.text("visit_class") not in reader.mapping.outpatient or not reader.text("visit"):
        return person(reader)
    return _visit(reader, VisitStep.ARRIVED)


def arrival_cancelled(reader: Reader) -> VisitTold:
    """A11: the patient had not come after all."""
    return _visit(reader, VisitStep.ARRIVAL_CANCELLED)


def discharge_cancelled(reader: Reader) -> VisitTold:
    """A13: the patient had not been discharged after all."""
    return _visit(reader, VisitStep.DISCHARGE_CANCELLED)


def _visit(reader: Reader, step: VisitStep) -> VisitTold:
    if reader.text("visit_class") not in reader.mapping.outpatient:
        why = "It is no visit of outpatients ([sender] outpatient)."
        raise CannotParse(
            reader.where("visit_class"), why, "Nothing: stays of other classes are not kept here."
        )
    happened_at = reader.instant("happened_at")
    if happened_at is None:
        raise CannotParse(reader.where("happened_at"), "It says no time.", MEND)
    return VisitTold(step, identity(reader), happened_at, reader.named("visit"))
