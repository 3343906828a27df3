"""Reading what patients answer to a text, and what may be done with it.

A meaning is certain only when nothing else is in the words: "yes please" is, "yes but I may be late" is not.
What is uncertain waits for a person, and nothing that costs somebody a slot happens on one word alone: a
cancellation is confirmed back first.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Meaning(StrEnum):
    """What an answer says, whatever was asked."""

    YES = "yes"
    NO = "no"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    CHANGE = "change"
    STOP = "stop"
    START = "start"
    UNKNOWN = "unknown"


class Asks(StrEnum):
    """What the newest text to a number asks."""

    NOTHING = ""
    ATTEND = "attend"  # will you come: CONFIRM, CANCEL or CHANGE
    CANCEL = "cancel"  # is it really to be cancelled: YES or NO
    OFFER = "offer"  # do you want this earlier slot: YES or NO
    SEVERAL = "several"  # more than one question stands: an answer could be to either


class Act(StrEnum):
    """What is done with an answer."""

    CONFIRM = "confirm"  # the appointment is confirmed
    CHECK = "check"  # they are asked whether it is really to be cancelled
    CANCEL = "cancel"  # it is cancelled
    KEEP = "keep"  # it stays as it is
    CHANGE = "change"  # they get the address of the page where they choose another time
    STOP = "stop"  # they get no more texts
    START = "start"  # they get texts again
    ACCEPT = "accept"  # the slot that was offered is theirs, if it is still free
    DECLINE = "decline"  # it is not
    PERSON = "person"  # somebody reads it


@dataclass(frozen=True, slots=True)
class Reading:
    """What words mean, whether that is certain, and what in them says so."""

    meaning: Meaning
    is_certain: bool
    because: str = ""


# Whole answers, by meaning: English, Welsh and Polish. Without accents and signs, in small letters.
_SAID: Mapping[Meaning, str] = MappingProxyType(
    {
        Meaning.YES: """yes|y|yep|yeah|yea|yes i do|yes i will|ok|okay|k|sure|fine|thats fine|thumbs up
            ie|ydw|iawn|tak|dobrze""",
        Meaning.NO: "no|n|nope|nah|na|nac ydw|nage|nie|no i dont|i dont",
        Meaning.CONFIRM: """confirm|confirmed|i confirm|i will come|i will be there|ill be there|i can come
            ill come|see you then|coming|i am coming|im coming|will be there|will attend|i will attend
            ill attend|attending|cadarnhau|cadarnhaf|byddaf yno|potwierdzam|potwierdzic|bede|przyjde""",
        Meaning.CANCEL: """cancel|cancelled|cancel it|cancel appointment|cancel my appointment
            cancel the appointment
            i cant come|cant come|i cannot come|cannot come|cant make it|i cant make it|cannot make it
            i cannot make it|unable to attend|i am unable to attend|im unable to attend|i cant attend
            cant attend|cannot attend|i cannot attend|i wont come|not coming|im not coming|i am not coming
            wont be there|i wont be there|no i cant come|no cancel|no i cant make it|want to cancel
            i want to cancel|i need to cancel|need to cancel
            canslo|alla i ddim dod|methu dod|odwolac|odwoluje|odwolaj|anuluj|anuluje|nie moge przyjsc
            nie przyjde""",
        Meaning.CHANGE: """change|change it|change appointment|change my appointment|another time|another day
            another date|different time|different day|different date|rearrange|reschedule|rebook|move it
            can i change it|can i change|can we change it|can i rearrange|can i reschedule|i want to change
            i need to change|need another time|i need another time|newid|amser arall|zmiana|zmien|zmienic
            inny termin""",
        Meaning.STOP: """stop|stopall|stop texting|stop texting me|stop messages|unsubscribe|opt out|optout
            no more texts|please stop texting me|stopiwch|stopio""",
        Meaning.START: """start|unstop|start texting|start texting me|start texts|start again|opt in|optin
            dechrau|dechreuwch|wznow""",
    }
)
_WHOLE: Mapping[str, Meaning] = MappingProxyType(
    {
        " ".join(phrase.split()): meaning
        for meaning, said in _SAID.items()
        for line in said.splitlines()
        for phrase in line.split("|")
    }
)
_LONGEST = max(len(phrase.split()) for phrase in _WHOLE)
# What is said beside an answer and changes nothing.
_KIND = re.compile(
    r"\b(please|pls|plz|thanks|thank you|thankyou|thx|ta|many|hi|hello|hiya|dear|sorry|sir|madam"
    r"|kind regards|regards"
    r"|diolch|os gwelwch yn dda|helo|dziekuje|dziekuje bardzo|prosze|dzien dobry|przepraszam|x+)\b"
)
# A single word that hints at a meaning in a longer text, for the person who reads it.
_HINTS: tuple[tuple[Meaning, str], ...] = (
    (Meaning.STOP, r"\b(stop|unsubscribe)\b"),
    (
        Meaning.CHANGE,
        r"\b(change|another|different|rearrange|reschedule|move|later|earlier|newid|zmien\w*)\b",
    ),
    (Meaning.CANCEL, r"\b(cancel\w*|cant|cannot|unable|wont|not coming|canslo|odwol\w*)\b"),
    (Meaning.CONFIRM, r"\b(confirm\w*|come|coming|attend|be there)\b"),
    (Meaning.NO, r"\b(no|nie|na)\b"),
    (Meaning.YES, r"\b(yes|ok|okay|ie|tak)\b"),
)
_FALSE_FRIEND = "no"  # "no" is how Polish says "well, yes"
_SIGNS = str.maketrans({"👍": " thumbs up ", "👌": " ok ", "✅": " yes ", "❌": " no ", "ł": "l", "Ł": "l"})


def plain(words: str) -> str:
    """Small letters without accents, signs and kindness: what the tables are looked up with."""
    text = unicodedata.normalize("NFKD", words.translate(_SIGNS)).casefold()
    text = "".join(each for each in text if not unicodedata.combining(each))
    text = re.sub(r"['’`´]", "", text)
    text = re.sub(r"[^a-z0-9? ]+", " ", text)
    return " ".join(_KIND.sub(" ", text).split())


def read(words: str, languages: frozenset[str] = frozenset()) -> Reading:
    """What an answer means. languages: two letters of those that the patient needs an interpreter for."""
    said = plain(words)
    whole = said.rstrip("? ")
    meaning = _together(_phrases(whole.split()))
    if meaning is not None and ("?" not in said or meaning is Meaning.CHANGE):
        if whole == _FALSE_FRIEND and "pl" in languages:
            return Reading(Meaning.NO, False, "“no” can be a yes in Polish")
        return Reading(meaning, True, whole)
    found = [(meaning, hit[0]) for meaning, hint in _HINTS if (hit := re.search(hint, said))]
    if not found:
        return Reading(Meaning.UNKNOWN, False)
    return Reading(found[0][0], False, f"says “{found[0][1]}” among other words")


def _phrases(words: list[str]) -> frozenset[Meaning]:
    """The meanings of the known phrases that these words are made of; empty where something is left over."""
    if not words:
        return frozenset()
    for end in range(min(len(words), _LONGEST), 0, -1):
        meaning = _WHOLE.get(" ".join(words[:end]))
        if meaning is not None:
            rest = _phrases(words[end:])
            if rest or end == len(words):
                return rest | {meaning}
    return frozenset()


def _together(meanings: frozenset[Meaning]) -> Meaning | None:
    """What several phrases say that agree, as "yes, I will come"; None where they do not."""
    if len(meanings) == 1:
        return next(iter(meanings))
    if meanings == {Meaning.YES, Meaning.CONFIRM}:
        return Meaning.CONFIRM
    return Meaning.CANCEL if meanings == {Meaning.NO, Meaning.CANCEL} else None


_ALWAYS: Mapping[Meaning, Act] = MappingProxyType({Meaning.STOP: Act.STOP, Meaning.START: Act.START})
_ACTS: Mapping[Asks, Mapping[Meaning, Act]] = MappingProxyType(
    {
        Asks.ATTEND: {
            Meaning.YES: Act.CONFIRM,
            Meaning.CONFIRM: Act.CONFIRM,
            Meaning.NO: Act.CHECK,
            Meaning.CANCEL: Act.CHECK,
            Meaning.CHANGE: Act.CHANGE,
        },
        Asks.CANCEL: {
            Meaning.YES: Act.CANCEL,
            Meaning.CANCEL: Act.CANCEL,
            Meaning.NO: Act.KEEP,
            Meaning.CONFIRM: Act.KEEP,
            Meaning.CHANGE: Act.CHANGE,
        },
        Asks.OFFER: {Meaning.YES: Act.ACCEPT, Meaning.NO: Act.DECLINE},
    }
)


def act(asks: Asks, reading: Reading) -> Act:
    """What is done with an answer to a question. STOP and START are honoured whatever was asked."""
    if not reading.is_certain:
        return Act.PERSON
    if reading.meaning in _ALWAYS:
        return _ALWAYS[reading.meaning]
    return _ACTS.get(asks, {}).get(reading.meaning, Act.PERSON)


def asked_next(stands: Asks, asks: Asks, is_same: bool) -> Asks:
    """What a number is asked once another text has gone there.

    is_same  it is about the same thing as the question that stands
    """
    if asks is Asks.NOTHING:
        return stands
    if stands is Asks.NOTHING or is_same:
        return asks
    return Asks.SEVERAL
