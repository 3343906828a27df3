"""What a system answers of a message that it was sent."""

import re
from dataclasses import dataclass

from clearway.domain.shared.errors import CannotParse

from . import reading
from .answer import AA, AE, AR
from .mapping import HERE
from .reading import Message, Place

CODES = {AA: AA, AE: AE, AR: AR, "CA": AA, "CE": AE, "CR": AR}  # the enhanced mode's mean the same here
# Where versions say which error it is and where, never its words, which may name a patient: ERR-3 and ERR-2
# since 2.5, all within ERR-1 before. A code is a number, with a few letters before it where it is their own.
ERRORS = ("ERR-3", "ERR-5", "ERR-1.4", "MSA-6")
PLACES = (("ERR-2", "ERR-2.3"), ("ERR-1", "ERR-1.3"))
CODE = re.compile(r"[A-Za-z]{0,4}[-_]?[0-9]{1,6}")
SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Answered:
    """An acknowledgement. code: AA, AE or AR; of: the control id it names; key: its own

    words  which error it names, and where: none of its sentences
    """

    code: str
    of: str
    key: str
    words: str


def read(raw: bytes) -> Answered:
    """Read an acknowledgement. Raises CannotParse for anything else."""
    found = reading.take_apart(raw, zone=HERE)
    code = CODES.get(found.text(Place.of("MSA-1")))
    if code is None:
        raise CannotParse("MSA-1", "It says neither AA, AE nor AR.", "Answer each message with an ACK.")
    return Answered(code, found.text(Place.of("MSA-2")), found.text(Place.of("MSH-10")), _words(found))


def _words(found: Message) -> str:
    codes = [found.text(Place.of(place)) for place in ERRORS]
    code = next(filter(CODE.fullmatch, codes), "")
    places = (_place(*(found.text(Place.of(part)) for part in parts)) for parts in PLACES)
    place = next(filter(None, places), "")
    return " at ".join(filter(None, (code and f"error {code}", place)))


def _place(segment: str, field: str) -> str:
    if SEGMENT.fullmatch(segment) is None:
        return ""
    return f"{segment}-{field}" if NUMBER.fullmatch(field) else segment
