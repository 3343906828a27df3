"""What a system answers of a message that it was sent."""

from dataclasses import dataclass

from clearway.domain.shared.errors import CannotParse

from . import reading
from .answer import AA, AE, AR
from .mapping import HERE
from .reading import Message, Place

CODES = {AA: AA, AE: AE, AR: AR, "CA": AA, "CE": AE, "CR": AR}  # the enhanced mode's mean the same here
MOST = 250  # characters of what it says
# Where versions say what was wrong: MSA-3 until 2.7, ERR-1 until 2.4, ERR-2 to ERR-8 since.
WORDS = ("MSA-3", "MSA-6.2", "ERR-2", "ERR-3.2", "ERR-3", "ERR-7", "ERR-8", "ERR-1.4.2", "ERR-1")


@dataclass(frozen=True, slots=True)
class Answered:
    """An acknowledgement. code: AA, AE or AR; of: the control id it names; key: its own"""

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
    said = dict.fromkeys(filter(None, (found.text(Place.of(place)) for place in WORDS)))
    return "; ".join(said)[:MOST]
