"""Texts, an office and a worker for letters, for the tests of the outpatient desk."""

from datetime import UTC, date, datetime, timedelta

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.outbox.sending import Office
from clearway.desks.outpatients.letters.loading import load_letters
from clearway.desks.outpatients.letters.making import LetterMaker
from clearway.desks.outpatients.letters.models import Letter
from clearway.desks.outpatients.letters.wanted import OUTBOX
from clearway.domain.outpatients.letters import LetterPack
from clearway.interchange import department_pack, letter_pack, region_pack

PACK = find("worcestershire")
POLICY = {
    "office_phone": "01632 960100",
    "office_hours": "9am to 4pm, Monday to Friday",
    "sender": ["Test Valley NHS Trust", "Therapies office"],
    "signed": ["Yours sincerely", "The therapies office"],
}
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def the_pack() -> LetterPack:
    """The letters that Worcestershire ships."""
    department = department_pack.parse(PACK, region_pack.parse(PACK))
    assert department is not None
    made = letter_pack.parse(PACK, department)
    assert made is not None
    return made


def with_letters(trust: Organisation) -> None:
    """Every text approved, and an office that can be rung."""
    load_letters(the_pack(), organisation_id=trust.pk, by=Actor("test"), at=LONG_AGO)
    PolicyVersion.objects.create(
        organisation=trust,
        name="letters",
        version=1,
        valid_from=date(2026, 1, 1),
        review_on=date(2027, 1, 1),
        owner="Team leader",
        source="test",
        mark="assumed",
        values=POLICY,
        made_at=LONG_AGO,
        made_by="test",
    )


def work(at: datetime) -> None:
    """Let the worker do what is to be done eleven seconds later."""
    office = Office({OUTBOX: LetterMaker()}, {})
    while office.work(at + timedelta(seconds=11)):
        pass


def words_of(letter: Letter) -> str:
    """What a letter says, a line for each piece."""
    letter.refresh_from_db()
    return "\n".join(text for _, text, _ in (letter.content or {"blocks": ()})["blocks"])
