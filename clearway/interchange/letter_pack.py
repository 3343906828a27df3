"""The letters of a region pack: letters.toml, read with place, reason and fix for whatever is wrong.

letters         one text for each kind, audience and style
instructions    what goes with a visit, by service, kind of slot, site and medium
passages        in other languages, by their two letters
messages        text messages and emails, by kind and channel
correspondents  where letters to those who refer go
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from clearway.domain.outpatients.department import Department
from clearway.domain.outpatients.letters import (
    Address,
    Audience,
    Kind,
    LetterPack,
    Style,
    Text,
    What,
    check_text,
    letter_code,
)
from clearway.domain.outpatients.messages import Channel, Message, code_of
from clearway.domain.outpatients.words import Code, Medium
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Mark

from .pack_files import Record, check_distinct, read_toml

FILE = "letters.toml"
SLOT_KINDS = ("new", "follow_up", "group")
C = TypeVar("C", bound=Code)


def parse(files: Mapping[str, bytes], department: Department) -> LetterPack | None:
    """The letters of a pack; None for a pack without any. Raises CannotParse."""
    if FILE not in files:
        return None
    pack = read_toml(files, FILE)
    pack.word("mark", Mark), pack.text("source")
    texts = (
        *(_letter(each) for each in pack.records("letters")),
        *_instructions(pack, department),
        *(_passage(each) for each in pack.records("passages")),
        *(_message(each) for each in pack.records("messages")),
    )
    check_distinct(FILE, "code", (each.code for each in texts))
    addresses = tuple(_address(each) for each in pack.records("correspondents"))
    check_distinct(FILE, "key", (each.key for each in addresses))
    made = LetterPack(texts, addresses, pack.date("valid_from"), pack.text("owner"))
    pack.check_no_others()
    return made


def _letter(row: Record) -> Text:
    kind, audience, style = row.word("kind", Kind), row.word("audience", Audience), row.word("style", Style)
    code = letter_code(kind, audience, style)
    return _checked(
        row, Text(What.LETTER, code, row.text("subject"), row.text("body"), kind, audience, style)
    )


def _instructions(pack: Record, department: Department) -> Iterator[Text]:
    known = {
        "services": {each.code for each in department.services},
        "kinds": set(SLOT_KINDS),
        "sites": {room.site for room in department.rooms},
        "media": {each.value for each in Medium},
    }
    for row in pack.records("instructions"):
        applies = {name: row.words(name) for name in known}
        for name, words in applies.items():
            if wrong := sorted(set(words) - known[name]):
                listed = ", ".join(sorted(known[name]))
                raise row.refuse(name, f"{wrong[0]!r} is not known.", f"Use some of: {listed}.")
        yield _checked(
            row,
            Text(
                What.INSTRUCTIONS,
                row.matching("code", r"[A-Za-z][A-Za-z0-9-]{1,50}", "letters, digits and dashes"),
                row.text("title"),
                row.text("body"),
                applies={name: words for name, words in applies.items() if words},
                place=int(row.number("place", 0, 999)),
            ),
        )


def _passage(row: Record) -> Text:
    language = row.matching("language", r"[a-z]{2}", "two small letters, as pl")
    text = Text(What.LANGUAGE, language, row.optional("title") or "", row.text("body"), language=language)
    return _checked(row, text)


def _message(row: Record) -> Text:
    kind, channel = row.word("kind", Message), row.word("channel", Channel)
    code = code_of(kind, channel)
    title = row.text("subject") if channel is Channel.EMAIL else row.optional("subject") or kind.meaning
    return _checked(row, Text(What.MESSAGE, code, title, row.text("body"), kind, style=channel))


def _checked(row: Record, text: Text) -> Text:
    try:
        check_text(text)
    except CannotParse as problem:
        raise CannotParse(f"{row.where}, {problem.where}", problem.why, problem.fix) from None
    row.check_no_others()
    return text


def _address(row: Record) -> Address:
    made = Address(row.text("key"), row.text("name"), row.text("address"))
    row.check_no_others()
    return made
