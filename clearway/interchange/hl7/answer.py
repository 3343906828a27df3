"""What a sender is answered: AA taken, AE kept for a person, AR not taken at all."""

from dataclasses import dataclass
from datetime import datetime

from clearway.domain.shared.errors import CannotParse

from .reading import Header

AA, AE, AR = "AA", "AE", "AR"
UNSUPPORTED, UNREADABLE, FAULT = "200", "100", "207"  # HL7 table 0357, error codes


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement. code: AA, AE or AR; error: HL7 table 0357, where something was wrong"""

    code: str
    error: str = ""
    refused: CannotParse | None = None


def write(answer: Answer, to: Header | None, *, key: str, at: datetime) -> bytes:
    """The acknowledgement as bytes, for a message whose header is `to` (None: it has none).

    key  our own control id
    """
    trigger = to.kind.partition("^")[2] if to else ""
    version = to.version if to and to.version else "2.5.1"
    kind = "^".join(filter(None, ("ACK", trigger)))
    sender = [to.application, to.facility] if to else ["", ""]
    head = ["MSH", r"^~\&", "CLEARWAY", "", *map(escaped, sender), f"{at:%Y%m%d%H%M%S}+0000", ""]
    head += [kind, escaped(key), (to and to.processing) or "P", version]
    lines = ["|".join(head), "|".join(["MSA", answer.code, escaped(to.key if to else "")])]
    if answer.refused is not None:
        said = answer.refused
        lines.append("|".join(["ERR", "", _place(said.where), answer.error, "E", "", "", *_words(said)]))
    return ("\r".join(lines) + "\r").encode()


def _place(where: str) -> str:
    """ERR-2, the location: segment, its number, field."""
    segment, _, field = where.partition("-")
    number = field.split(".")[0].split(" ")[0]
    return f"{segment}^1^{number}" if segment.isalnum() and number.isdigit() else ""


def _words(said: CannotParse) -> list[str]:
    return [escaped(f"{said.where}: {said.why}"), escaped(said.fix)]


def escaped(text: str) -> str:
    r"""Text with its separators as escapes: \F\ for a bar and so on; line ends become spaces."""
    signs = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\r": " ", "\n": " "}
    return "".join(signs.get(letter, letter) for letter in text)
