"""Referrals of a file or of another system: fields in; a row of values, or where, why and how to mend it.

`FIELDS` is the one table of what a row may say: the page that maps columns, the file, the interface and its
reference page read it. Nothing here knows services, patients or a database.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from clearway.domain.outpatients.completeness import ReviewReason, Side, priority_of
from clearway.domain.outpatients.identity import booking_reference, nhs_number, postcode, spaced
from clearway.domain.outpatients.words import ReferralSource
from clearway.domain.shared.errors import CannotParse

from . import sheets
from .sheets import FORMULA, Sheet

SERIAL_ZERO = date(1899, 12, 30)  # day 0 of the serial numbers by which spreadsheets keep dates
SERIALS = range(1, 80_000)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SEXES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("1", "m", "male", "man", "boy"), "1"),
        **dict.fromkeys(("2", "f", "female", "woman", "girl"), "2"),
        **dict.fromkeys(("9", "0", "x", "u", "not stated", "not known", "unknown", "indeterminate"), "9"),
    }
)
SEX_WORDS: Mapping[str, str] = MappingProxyType({"1": "Male", "2": "Female", "9": "Not stated"})
YES_NO: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(("yes", "y", "true", "1"), "yes"), **dict.fromkeys(("no", "n", "false", "0"), "no")}
)


class Wrong(ValueError):
    """A value that cannot be read. why and fix are whole sentences, without the value itself."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(why)
        self.why, self.fix = why, fix


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a row may say.

    heard   what systems call it, in small letters; the first is our own label
    most    longest text, in characters
    read    the value as it is kept; raises Wrong, or ValueError in words for the person who typed it
    shown   how a value that was read is shown to the person who maps a column
    holds   what it is, for the reference
    """

    heard: tuple[str, ...]
    most: int
    holds: str
    read: Callable[[str], str] = str
    shown: Callable[[str], str] = str
    needed: bool = False

    @property
    def label(self) -> str:
        return self.heard[0]


def _day(text: str) -> str:
    """A civil date as ISO text, however a spreadsheet or a person writes it."""
    said = re.sub(r"[ T]00:00(:00(\.0+)?)?Z?$", "", text)
    numbered = re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", said)
    named = re.fullmatch(r"(\d{1,2})[ \-]([A-Za-z]{3})[a-z]*[ \-](\d{4})", said)
    if re.fullmatch(r"(19|20)\d\d", said):  # as a serial it would be a day of 1905
        raise Wrong("It is a year alone.", "Write the whole day, like 2026-11-02 or 02/11/2026.")
    try:
        if numbered:
            day, month, year = (int(part) for part in numbered.groups())
            return date(year, month, day).isoformat()
        if named:
            month = MONTHS.index(named.group(2).casefold()) + 1
            return date(int(named.group(3)), month, int(named.group(1))).isoformat()
        if re.fullmatch(r"\d{1,5}", said) and int(said) in SERIALS:
            return (SERIAL_ZERO + timedelta(days=int(said))).isoformat()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
            return date.fromisoformat(said).isoformat()
    except ValueError:
        pass
    if re.fullmatch(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2}", said):
        raise Wrong("The year has two digits.", "Write it with four, like 02/11/2026.")
    raise Wrong("There is no such day.", "Write it like 2026-11-02 or 02/11/2026.")


def _in_words(day: str) -> str:
    return f"{date.fromisoformat(day):%a %-d %b %Y}"


def _number(text: str) -> str:
    """An NHS number; where a spreadsheet took the zeros before it away, with them again if it fits then."""
    _not_rounded(text)
    digits = re.sub(r"[\s-]", "", text)
    if digits.isascii() and digits.isdigit() and 8 <= len(digits) < 10:
        digits = digits.zfill(10)
    return nhs_number(digits) or ""


def _not_rounded(text: str) -> None:
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        raise Wrong("The spreadsheet has rounded this number.", "Format the column as text and fill it anew.")


def _ubrn(text: str) -> str:
    """A booking reference; of nine digits, with the three zeros before them that a spreadsheet took away."""
    _not_rounded(text)
    return booking_reference(f"000{text}" if re.fullmatch(r"\d{9}", text) else text)


def _phone(text: str) -> str:
    _not_rounded(text)
    digits = re.sub(r"[\s()\-]", "", text)
    # Ten digits from 1, 2, 3, 7 or 8 are a British number whose first zero a spreadsheet took away.
    return f"0{digits}" if re.fullmatch(r"[12378]\d{9}", digits) else text


def _word(known: Mapping[str, str], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = known.get(" ".join(text.casefold().split()))
        if found is None:
            raise Wrong(f"This is no {what}.", f"Write one of: {', '.join(dict.fromkeys(known))}.")
        return found

    return read


def _reference(text: str) -> str:
    _not_rounded(text)
    return text


_SOURCES = {each.value: each.value for each in ReferralSource} | {
    each.meaning.casefold(): each.value for each in ReferralSource
}


def _source(text: str) -> str:
    said = " ".join(text.casefold().split())
    found = _SOURCES.get(said) or _SOURCES.get(said.zfill(2)) or {"gp": "03", "self": "06"}.get(said)
    if found is None:
        raise Wrong("There is no such source of referral.", f"Write one of: {', '.join(ReferralSource)}.")
    return found


def _review_reason(text: str) -> str:
    found = "_".join(text.upper().replace("-", " ").replace("_", " ").split())
    if found not in list(ReviewReason):
        why = "There is no such reason on a worklist of e-RS."
        raise Wrong(why, f"Write one of: {', '.join(ReviewReason)}.")
    return found


def _priority_shown(said: str) -> str:
    found = priority_of(said)
    return found.meaning.capitalize() if found else "Not read: goes with the urgent"


_EITHER_SIDE = {each.value: each.value for each in Side if each.value} | {
    **dict.fromkeys(("l", "lt"), "left"),
    **dict.fromkeys(("r", "rt"), "right"),
    **dict.fromkeys(("b", "bilateral"), "both"),
    **dict.fromkeys(("none", "n/a", "-"), ""),
}
FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "reference": Field(
            ("reference", "referral id", "referral number", "your reference", "id"),
            120,
            "the sender's own key of the referral: the same key again is the same referral",
            _reference,
        ),
        "family_name": Field(("family name", "surname", "last name"), 100, "family name", needed=True),
        "given_names": Field(
            ("given names", "forename", "forenames", "first name"), 150, "given names", needed=True
        ),
        "born_on": Field(
            ("birth date", "date of birth", "dob"), 30, "date of birth", _day, _in_words, needed=True
        ),
        "sex": Field(
            ("sex", "gender"),
            30,
            "person stated gender: 1 or male, 2 or female, 9 or not stated",
            _word(SEXES, "sex that is known here"),
            lambda code: SEX_WORDS[code],
        ),
        "nhs_number": Field(
            ("nhs number", "nhs no", "nhs no."), 30, "NHS number, ten digits", _number, spaced
        ),
        "address": Field(("address",), 300, "address in one line"),
        "postcode": Field(("postcode", "post code"), 12, "postcode in full", postcode),
        "phone": Field(("telephone", "phone"), 20, "telephone at home", _phone),
        "mobile": Field(("mobile",), 20, "mobile telephone", _phone),
        "email": Field(("email",), 254, "email address"),
        "practice": Field(("practice", "gp practice", "practice code"), 12, "ODS code of the practice"),
        "service": Field(
            ("service", "service code"), 60, "code or name of the service here that is asked", needed=True
        ),
        "received_on": Field(
            ("received", "date received", "received on"),
            30,
            "the day on which the trust received it: its clock starts then",
            _day,
            _in_words,
            needed=True,
        ),
        "written_on": Field(
            ("written", "date of letter", "written on"), 30, "the day it was written", _day, _in_words
        ),
        "source": Field(
            ("source", "source code"),
            60,
            "source of referral, as its national code",
            _source,
            lambda code: ReferralSource(code).meaning.capitalize(),
        ),
        "sender": Field(("referrer", "referred by"), 150, "who referred"),
        "sender_organisation": Field(("referrer organisation",), 12, "ODS code of their organisation"),
        "ubrn": Field(("ubrn", "booking reference"), 30, "e-Referral booking reference, 12 digits", _ubrn),
        "priority": Field(
            ("priority", "urgency"),
            60,
            "routine, urgent or two week wait; any other word goes with the urgent",
            shown=_priority_shown,
        ),
        "condition": Field(("condition", "diagnosis"), 200, "the condition to be seen for"),
        "side": Field(("side",), 12, "left, right or both", _word(_EITHER_SIDE, "side"), str.capitalize),
        "question": Field(
            ("clinical question", "question", "reason for referral"), 4000, "what is asked of the service"
        ),
        "from_consultant": Field(
            ("from consultant",),
            5,
            "yes where a consultant's clock runs for the same condition",
            _word(YES_NO, "yes or no"),
            str.capitalize,
        ),
        "start_on": Field(
            ("clock start", "rtt start", "rtt clock start"),
            30,
            "the day on which that clock started elsewhere",
            _day,
            _in_words,
        ),
        "ppid": Field(("pathway identifier", "ppid"), 20, "patient pathway identifier of that clock"),
        "issuer": Field(("pathway issuer", "ppid issuer"), 12, "ODS code of who gave that identifier"),
        "review_reason": Field(
            ("review reason", "reason for review", "asi reason"),
            60,
            "why it stands on a worklist of e-RS; with it and the UBRN, a row is one of such a worklist",
            _review_reason,
            lambda code: ReviewReason(code).meaning.capitalize(),
        ),
        "again_why": Field(
            ("why another",), 200, "why it is another although there is one for the same thing already"
        ),
    }
)
ADDED = ("Why refused", "How to mend")  # the columns that refused rows are given back with
NEEDED = tuple(name for name, each in FIELDS.items() if each.needed)
# A worklist of e-RS names its patients by number: who is known here needs no name in it.
NEEDED_OF_WORKLIST = ("nhs_number", "service", "received_on", "ubrn", "review_reason")


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One row that can be read. line  in its file or message; empty text where nothing was said."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def day(self, name: str) -> date | None:
        return date.fromisoformat(self[name]) if self[name] else None

    @property
    def born_on(self) -> date | None:
        """None only in a row of a worklist, which may name its patient by number alone."""
        return self.day("born_on")

    @property
    def received_on(self) -> date:
        return date.fromisoformat(self["received_on"])

    @property
    def written_on(self) -> date | None:
        return self.day("written_on")

    @property
    def digest(self) -> str:
        """Of everything it says: tells a repeat from other words under the same reference."""
        # Without what rows could not say when the first digests were kept, as long as it says nothing.
        values = {name: said for name, said in self.values.items() if said or name != "review_reason"}
        said = json.dumps(dict(sorted(values.items())))
        return hashlib.sha256(said.encode()).hexdigest()


def parse(raw: bytes, mapping: Mapping[str, str] | None = None) -> list[ReferralRow | CannotParse]:
    """Every row of a file, read or refused, in its order.

    mapping  our name of a field -> heading in the file; as the headings say where left out
    Raises CannotParse where the file as a whole cannot be read: its letters, its headings, or its size.
    """
    sheet = sheets.read(raw)
    return rows(sheet, guessed(sheet.heading) if mapping is None else mapping)


def rows(sheet: Sheet, mapping: Mapping[str, str]) -> list[ReferralRow | CannotParse]:
    """The rows of a sheet by a mapping (our name -> heading). Raises CannotParse for a mapping that lacks."""
    needs = needed(mapping)
    if missing := [FIELDS[name].label for name in needs if mapping.get(name) not in sheet.heading]:
        why = f"No column is called {', '.join(missing)}."
        raise CannotParse("line 1", why, "Say which column holds it.")
    if twice := sorted({each for each in mapping.values() if sheet.heading.count(each) > 1}):
        raise CannotParse("line 1", f"Two columns are called {twice[0]}.", "Give each a name of its own.")
    places = {name: sheet.heading.index(heading) for name, heading in mapping.items() if heading}
    return [_row(line, cells, places, len(sheet.heading), needs) for line, cells in sheet.rows]


def is_worklist(mapping: Mapping[str, str]) -> bool:
    """Whether these columns are those of a worklist of e-RS: a booking reference and why it is listed."""
    return bool(mapping.get("ubrn") and mapping.get("review_reason"))


def needed(mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The fields that every row of such columns says."""
    return NEEDED_OF_WORKLIST if is_worklist(mapping) else NEEDED


def _row(
    line: int, cells: Sequence[str], places: Mapping[str, int], width: int, needs: Sequence[str]
) -> ReferralRow | CannotParse:
    if len(cells) > width:
        why = f"It has {len(cells) - width} more cells than there are headings."
        return CannotParse(f"line {line}", why, "Put quotation marks around text with a comma in it.")
    return row_of(line, {name: cells[place] for name, place in places.items()}, needs)


def row_of(line: int, said: Mapping[str, str], needs: Sequence[str] = NEEDED) -> ReferralRow | CannotParse:
    """One row from its values by our names; the first value that cannot be read refuses it, by its place."""
    values = {}
    for name, field in FIELDS.items():
        text = said.get(name, "").strip()
        try:
            if not text and name in needs:
                raise Wrong("It is empty.", "Fill it in; without it nothing can be registered.")
            values[name] = _read(field, text) if text else ""
        except Wrong as wrong:
            return CannotParse(f"line {line}, {field.label}", wrong.why, wrong.fix)
    return ReferralRow(line, MappingProxyType(values))


def _read(field: Field, text: str) -> str:
    if text == FORMULA:
        raise Wrong("The cell holds a formula.", "Copy the column and paste it as values.")
    if len(text) > field.most:
        raise Wrong(f"It is longer than {field.most} characters.", "Shorten it.")
    if any(ord(letter) < 32 and letter not in "\n\r\t" for letter in text) or "\x7f" in text:
        raise Wrong("It holds signs that are no letters.", "Type it anew.")
    try:
        found = field.read(text)
    except Wrong:
        raise
    except ValueError as problem:
        raise Wrong(f"{problem}.", "Mend this cell.") from None
    if len(found) > field.most:
        raise Wrong(f"It is longer than {field.most} characters.", "Shorten it.")
    return found


def guessed(heading: Sequence[str]) -> dict[str, str]:
    """Our name -> the heading that says it in a word known here; each heading at most once."""
    known = {word: name for name, field in FIELDS.items() for word in (name, *field.heard)}
    found: dict[str, str] = {}
    for each in heading:
        name = known.get(normal(each))
        if name is not None and name not in found:
            found[name] = each
    return found


def normal(heading: str) -> str:
    return " ".join(heading.casefold().split())


def layout_of(heading: Sequence[str]) -> str:
    """What tells one layout from another: the digest of its headings in their order, but for ours."""
    theirs = [each for each in map(normal, heading) if each not in map(normal, ADDED)]
    return hashlib.sha256("\x1f".join(theirs).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a column and how it would be read. wrong  why it cannot be; "" where it can."""

    said: str
    read: str
    wrong: str = ""


def sample(name: str, text: str) -> Sample:
    """How a value would be read as the field of this name."""
    said = "(formula)" if text == FORMULA else text
    try:
        found = _read(FIELDS[name], text)
    except Wrong as wrong:
        return Sample(said, "", f"{wrong.why} {wrong.fix}")
    return Sample(said, FIELDS[name].shown(found) if found else "Nothing")
