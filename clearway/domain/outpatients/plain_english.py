"""A check of letters for plain English: it finds, a person decides.

Sources: NHS digital service manual, "How we write" (sentences of up to 20 words; a reading age of 9 to 11);
J. P. Kincaid and others, Derivation of new readability formulas, 1975 (the grade: US school years, about the
reading age less five). The list of words is Clearway's own, after the same manual's advice to use everyday
words.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .letters import Style, blocks

MOST_WORDS: Mapping[Style, int] = MappingProxyType({Style.STANDARD: 20, Style.EASY_READ: 12})
MOST_GRADE: Mapping[Style, float] = MappingProxyType({Style.STANDARD: 6.5, Style.EASY_READ: 4.5})
MOST_PARAGRAPH = 60  # words
MANUAL = "NHS digital service manual, How we write"
OWN = "Clearway's list of everyday words"

# Word or phrase -> what to write instead. Whole words, any case; the longest that fits is named.
EVERYDAY: Mapping[str, str] = MappingProxyType(
    {
        "accordingly": "so",
        "additional": "more",
        "advise us": "tell us",
        "aforementioned": "this",
        "ascertain": "find out",
        "assistance": "help",
        "at your earliest convenience": "as soon as you can",
        "attend": "come to",
        "attendance": "visit",
        "clinician": "the name or the job, such as physiotherapist",
        "commence": "start",
        "consequently": "so",
        "discontinue": "stop",
        "dna": "did not come",
        "due to the fact that": "because",
        "e.g.": "for example",
        "endeavour": "try",
        "ensure": "make sure",
        "etc": "name them all",
        "expedite": "speed up",
        "facilitate": "help",
        "failure to": "if you do not",
        "forthwith": "now",
        "furthermore": "and",
        "hereby": "nothing: leave it out",
        "i.e.": "that is",
        "in the event of": "if",
        "in order to": "to",
        "inform": "tell",
        "modality": "in person, by telephone or by video",
        "musculoskeletal": "muscles, bones and joints",
        "notify": "tell",
        "obtain": "get",
        "outcome": "result",
        "pathway": "care",
        "prior to": "before",
        "purchase": "buy",
        "regarding": "about",
        "require": "need",
        "reside": "live",
        "subsequently": "then",
        "sufficient": "enough",
        "terminate": "end",
        "therapy input": "treatment",
        "triage": "read your referral",
        "upon": "on",
        "utilise": "use",
        "via": "by",
        "whilst": "while",
        "with regard to": "about",
    }
)
ANSWERS = frozenset(
    {"CONFIRM", "CANCEL", "CHANGE", "STOP", "START", "YES", "NO"}
)  # what texts ask patients to write
KNOWN_CAPITALS = ANSWERS | {"NHS", "GP", "A&E", "UK", "ID", "CD", "I"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[A-Z“\"(])")
_VOWELS = re.compile(r"[aeiouy]+")
_FIELD = re.compile(r"\{\w*\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that makes a text hard to read: where, what, what to do, and whose advice that is."""

    where: str
    says: str
    fix: str
    source: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the check sees it. grade: US school years; a reading age is about five more."""

    words: int
    sentences: int
    grade: float
    findings: tuple[Finding, ...]

    @property
    def age(self) -> int:
        """The reading age, about."""
        return max(5, round(self.grade + 5))


def check(text: str, style: Style = Style.STANDARD) -> Reading:
    """Read a text; fields count as one short word each."""
    pieces = [
        (each.kind, _FIELD.sub("this", each.text)) for each in blocks(text) if not _is_attached(each.text)
    ]
    sentences = [sentence for _, piece in pieces for sentence in _sentences(piece)]
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    grade = _grade(len(sentences), words)
    findings = [*_long_sentences(sentences, style), *_long_paragraphs(pieces), *_words(sentences)]
    findings += _capitals(sentences)
    if grade > MOST_GRADE[style]:
        findings.append(
            Finding(
                "the whole text",
                f"Reading age about {round(grade + 5)}; {round(MOST_GRADE[style] + 5)} is meant.",
                "Use shorter sentences and shorter words.",
                f"{MANUAL}; grade after Kincaid and others, 1975",
            )
        )
    return Reading(len(words), len(sentences), round(grade, 1), tuple(findings))


def _is_attached(text: str) -> bool:
    return text in ("{instructions}", "{language}")


def _sentences(piece: str) -> list[str]:
    return [each for each in _SENTENCE.split(piece) if _WORD.search(each)]


def _grade(sentences: int, words: list[str]) -> float:
    """Flesch-Kincaid grade; 0 for no words."""
    if not words:
        return 0.0
    syllables = sum(_syllables(word) for word in words)
    return max(0.0, 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59)


def _syllables(word: str) -> int:
    """Groups of vowels, an e at the end left out: right for most English words, one off for some."""
    low = word.lower()
    count = len(_VOWELS.findall(low))
    silent = low.endswith("e") and not low.endswith(("le", "ee", "ie", "ye")) and count > 1
    ending = low.endswith("ed") and not low.endswith(("ted", "ded")) and count > 1
    return max(1, count - silent - ending)


def _quote(sentence: str) -> str:
    short = " ".join(sentence.split()[:7])
    return f"“{short}…”" if len(sentence.split()) > 7 else f"“{sentence}”"


def _long_sentences(sentences: list[str], style: Style) -> Iterator[Finding]:
    for each in sentences:
        count = len(_WORD.findall(each))
        if count > MOST_WORDS[style]:
            says = f"{count} words; {MOST_WORDS[style]} at most."
            yield Finding(_quote(each), says, "Make two sentences of it.", MANUAL)


def _long_paragraphs(pieces: list[tuple[str, str]]) -> Iterator[Finding]:
    for kind, piece in pieces:
        count = len(_WORD.findall(piece))
        if kind == "paragraph" and count > MOST_PARAGRAPH:
            says = f"A paragraph of {count} words; {MOST_PARAGRAPH} at most."
            yield Finding(_quote(piece), says, "Begin a new paragraph, or make a list.", MANUAL)


def _words(sentences: list[str]) -> Iterator[Finding]:
    for each in sentences:
        low = each.lower()
        for phrase, instead in EVERYDAY.items():
            if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", low):
                yield Finding(_quote(each), f"“{phrase}” is not an everyday word.", f"Write: {instead}.", OWN)


def _capitals(sentences: list[str]) -> Iterator[Finding]:
    for each in sentences:
        for found in re.findall(r"\b[A-Z&]{2,}\b", each):
            if found not in KNOWN_CAPITALS:
                fix = "Write it out, or leave it out."
                yield Finding(_quote(each), f"“{found}” may not be understood.", fix, MANUAL)
