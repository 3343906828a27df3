"""The page on sending a hospital's state says what the gateway does."""

from pathlib import Path

from clearway.domain.ambulance.events import HospitalEvent
from clearway.gateway import inbox
from clearway.interchange import native

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "send-a-hospitals-state.md").read_text()


def test_the_line_of_the_example_is_a_report() -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith('{"type"'))

    event = native.parse_event(line.encode())

    assert isinstance(event, HospitalEvent)
    assert event.site == "RH801" and len(event.counts) == 4


def test_every_refusal_of_a_report_stands_on_the_page() -> None:
    for refused in (inbox.UNKNOWN_SITE, inbox.FUTURE, inbox.OF_ANOTHER_KIND):
        assert refused.where in PAGE and refused.why.rstrip(".") in PAGE
