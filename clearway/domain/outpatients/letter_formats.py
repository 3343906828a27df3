"""In which format and language a letter has to be, by the patient's recorded needs.

Needs are written by people in their own words. What is not understood is held for a person, never guessed: a
letter that cannot be read is no letter. Source: Accessible Information Standard (DAPB1605), step "meet".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .words import Code


class Format(Code):
    """What a patient can read."""

    STANDARD = "standard", "ordinary print, 12 point"
    LARGE_PRINT = "large_print", "large print, 18 point"
    EASY_READ = "easy_read", "easy read"
    BRAILLE = "braille", "braille, made by a transcription provider"
    AUDIO = "audio", "a recording, made by a transcription provider"


POINTS: Mapping[Format, int] = MappingProxyType(
    {Format.STANDARD: 12, Format.LARGE_PRINT: 18, Format.EASY_READ: 16}
)
MADE_ELSEWHERE = frozenset({Format.BRAILLE, Format.AUDIO})
# Words of recorded needs, the first that is found counts: what cannot be printed before what can.
_WORDS: tuple[tuple[str, Format], ...] = (
    (r"braille", Format.BRAILLE),
    (r"audio|recording|\bcd\b|tape", Format.AUDIO),
    (r"easy.?read", Format.EASY_READ),
    (r"large|big print|\b(1[6-9]|2[0-9]) ?(pt|point)", Format.LARGE_PRINT),
)
# Languages that are written, by their names; signed ones ask for an interpreter and for no other letter.
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "arabic": "ar",
        "bengali": "bn",
        "bulgarian": "bg",
        "chinese": "zh",
        "french": "fr",
        "gujarati": "gu",
        "hungarian": "hu",
        "italian": "it",
        "kurdish": "ku",
        "lithuanian": "lt",
        "pashto": "ps",
        "persian": "fa",
        "polish": "pl",
        "portuguese": "pt",
        "punjabi": "pa",
        "romanian": "ro",
        "russian": "ru",
        "slovak": "sk",
        "somali": "so",
        "spanish": "es",
        "turkish": "tr",
        "ukrainian": "uk",
        "urdu": "ur",
        "vietnamese": "vi",
    }
)
SIGNED = re.compile(r"sign|bsl|lip.?speak|makaton", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Needed:
    """What the letters to a patient have to be.

    languages  codes of the passages that are added
    unknown    words of a need that nobody can act on by itself: "" where everything was understood
    """

    format: Format = Format.STANDARD
    languages: tuple[str, ...] = ()
    unknown: str = ""


def needed(needs: Iterable[tuple[str, str]]) -> Needed:
    """From recorded needs, each kind and detail; the kinds "format" and "interpreter" count here."""
    formats, languages, unknown = [], [], ""
    for kind, detail in needs:
        if kind == "format":
            found = _format(detail)
            formats += [found] if found else []
            unknown = unknown or ("" if found else detail)
        elif kind == "interpreter" and not SIGNED.search(detail):
            codes = [code for name, code in LANGUAGES.items() if name in detail.casefold()]
            languages += codes
            unknown = unknown or ("" if codes else detail)
    order = [each for _, each in _WORDS]
    chosen = min(formats, key=order.index, default=Format.STANDARD)
    return Needed(chosen, tuple(dict.fromkeys(languages)), unknown)


def _format(detail: str) -> Format | None:
    return next((each for words, each in _WORDS if re.search(words, detail, re.IGNORECASE)), None)


def language_name(code: str) -> str:
    """ "Polish" for "pl"; the code itself where it is not known."""
    return next((name.capitalize() for name, each in LANGUAGES.items() if each == code), code)
