"""Which kinds of message are read, and by what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clearway.domain.outpatients.told import Told
from clearway.domain.shared.errors import CannotParse

from . import appointments, people, referrals
from .mapping import SenderMapping
from .reading import Message
from .trail import Reader, Step


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message. does: what follows from it, for the reference and the doctor of a feed."""

    read: Callable[[Reader], Told]
    does: str


def _of(read: Callable[[Reader], Told], does: str) -> Kind:
    return Kind(read, does)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "ADT^A04": _of(
            people.arrived, "an outpatient visit checks the patient in; else registers or updates"
        ),
        "ADT^A08": _of(people.person, "updates the patient"),
        "ADT^A11": _of(people.arrival_cancelled, "takes a check-in back"),
        "ADT^A13": _of(people.discharge_cancelled, "asks a person to look at the referral that was ended"),
        "ADT^A28": _of(people.person, "registers or updates the patient"),
        "ADT^A31": _of(people.person, "updates the patient"),
        "ADT^A34": _of(people.merged, "merges two records of one person, as version 2.3 says it"),
        "ADT^A40": _of(people.merged, "merges two records of one person"),
        "SIU^S12": _of(appointments.appointment, "books"),
        "SIU^S13": _of(appointments.appointment, "moves"),
        "SIU^S14": _of(
            appointments.appointment, "by its status: checks in, cancels, marks as missed, or moves"
        ),
        "SIU^S15": _of(appointments.appointment, "cancels"),
        "SIU^S16": _of(appointments.appointment, "cancels what is to come"),
        "SIU^S17": _of(appointments.appointment, "cancels what was made in error"),
        "SIU^S26": _of(appointments.appointment, "marks as missed"),
        "REF^I12": _of(referrals.referral, "registers a referral"),
        "REF^I13": _of(referrals.referral, "supplies what the referral lacked"),
        "REF^I14": _of(referrals.referral, "removes the referral"),
    }
)


@dataclass(frozen=True, slots=True)
class Translated:
    """What a message tells, or why it cannot be told; and every step of reading it."""

    told: Told | None
    refused: CannotParse | None
    trail: tuple[Step, ...]


def translate(message: Message, mapping: SenderMapping) -> Translated:
    """Read a message by its sender's mapping."""
    reader = Reader(message, mapping)
    try:
        return Translated(_told(reader), None, tuple(reader.trail))
    except CannotParse as refused:
        return Translated(None, refused, tuple(reader.trail))


def out_of_scope(kind: str) -> CannotParse:
    """Why a kind that nobody reads is not taken."""
    why = f"{kind.replace('^', ' ')} is not read here."
    return CannotParse("MSH-9", why, "Leave it out of the feed, or list it in [sender] set_aside.")


def _told(reader: Reader) -> Told:
    kind = KINDS.get(reader.message.header.kind)
    if kind is None:
        raise out_of_scope(reader.message.header.kind)
    return kind.read(reader)
