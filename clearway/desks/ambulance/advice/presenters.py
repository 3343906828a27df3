"""Advice as JSON (the API, what is kept) and the rows of its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import segno
from django.core import signing

from clearway.core.layout.times import clock, iso
from clearway.domain.ambulance.destinations import Case
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.ambulance.advice import Advice, Option

from . import words
from .asked import said_of

SALT = "clearway.advice.shown"
OLDEST_SECONDS = 10 * 60  # of an answer that may still be accepted


def as_json(advice: Advice) -> dict[str, Any]:
    """The whole answer as plain values; minutes to a tenth, instants with their zone."""
    return {
        "key": advice.key,
        "call_sign": advice.call_sign,
        "at": iso(advice.at),
        "verdict": advice.verdict.value,
        "chosen": advice.chosen,
        "nearest": advice.nearest,
        "options": [_option(option) for option in advice.options],
        "compared": _option(advice.compared) if advice.compared else None,
        "exclusions": [
            {"code": each.code, "name": each.name, "cause": each.cause, "sentence": each.sentence}
            for each in advice.exclusions
        ],
        "why": advice.why,
        "why_not_nearest": advice.why_not_nearest,
        "would_change": advice.would_change,
        "notes": list(advice.notes),
        "may_have": list(advice.may_have),
        "ask_first": advice.ask_first,
        "unsettled": [
            {
                "code": each.code,
                "name": each.name,
                "travel_minutes": _tenth(each.travel_minutes),
                "unit": each.unit,
            }
            for each in advice.unsettled
        ],
        "past_review": [
            {"what": each.what, "code": each.code, "review_on": each.review_on} for each in advice.past_review
        ],
        "inputs": [{"name": each.name, "age_minutes": _tenth(each.age_minutes)} for each in advice.inputs],
        "read_back": advice.read_back,
        "engine_version": advice.engine_version,
        "inputs_hash": advice.inputs_hash,
    }


def _option(option: Option) -> dict[str, Any]:
    return {
        "code": option.code,
        "name": option.name,
        "is_department": option.is_department,
        "total_minutes": _tenth(option.total),
        "parts": [
            {"name": part.name, "minutes": _tenth(part.minutes), "counted": _tenth(part.counted)}
            for part in option.parts
        ],
        "arrival_at": iso(option.arrival_at),
        "travel_minutes": _tenth(option.travel_minutes),
        "travel_error": _tenth(option.travel_error),
        "travel_source": option.travel_source,
        "travel_penalty": _tenth(option.travel_penalty),
        "wait_minutes": _tenth(option.wait_minutes),
        "wait_low": _tenth(option.wait_low),
        "wait_high": _tenth(option.wait_high),
        "method": option.method,
        "call_first": option.call_first,
    }


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def seal(advice: Advice, case: Case) -> str:
    """What the screen shows, signed, so that what is accepted is what was shown."""
    return signing.dumps({"shown": as_json(advice), "said": said_of(case)}, salt=SALT, compress=True)


def unseal(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was shown, and what had been said. Raises NotAllowed when it is too old or not ours."""
    try:
        held = signing.loads(text, salt=SALT, max_age=OLDEST_SECONDS)
    except signing.BadSignature:
        why = "It is older than ten minutes, or not from this page. Look at the answer as it is now."
        raise NotAllowed("too old", "Taking this advice", why) from None
    return held["shown"], held["said"]


def code_of(address: str) -> str:
    """An address as a QR code in inline SVG: black on white on every screen, with the margin cameras need."""
    code = segno.make(address, error="m", micro=False)
    drawn: str = code.svg_inline(border=4, dark="#000", light="#fff", svgclass="qr", omitsize=True)
    return drawn


@dataclass(frozen=True, slots=True)
class Offer:
    """What is suggested to a crew that nobody has answered for, beside all others who wait.

    minutes    travel and wait in words
    ask_first  why it cannot be accepted from the list: somebody says needs and NEWS2 on the crew's page
    sealed     the answer as it is shown, to be sent back when it is taken; "" where it cannot be
    """

    name: str
    minutes: str
    why: str
    sealed: str
    ask_first: str


@dataclass(frozen=True, slots=True)
class Line:
    """One crew on the list of who is about to leave scene.

    to_go   minutes until it is expected to leave, below 0 once past the typical; leaves  the same in words
    state   where it stands, in words; to  where it is advised to go, "" while nobody asked
    change  why the answer has changed, "" if it has not
    ask_first  why nobody may be told that before needs and NEWS2 are said, "" where somebody may
    message how far the crew's message has come, in words
    offer   what may be accepted from the list, None where there is nothing
    """

    call_sign: str
    incident: str
    category: str
    state: str
    since: datetime | None
    to_go: float | None
    leaves: str
    place: str
    verdict: str
    to: str
    answer: str
    change: str
    ask_first: str
    message: str
    is_silent: bool
    advice_id: int | None
    offer: Offer | None


def message_words(message: Any, now: datetime) -> str:
    """How far a message has come."""
    if message is None:
        return "No page is open"
    if message.read_back_at is not None and message.acknowledged_at is None:
        return f"Read back by radio {clock(message.read_back_at)}"
    for at, words_ in (
        (message.acknowledged_at, "Acknowledged"),
        (message.read_at, "Read"),
        (message.delivered_at, "Delivered"),
    ):
        if at is not None:
            return f"{words_} {clock(at)}"
    return f"Not delivered, sent {clock(message.made_at)}"


def need_boxes(chosen: frozenset[str]) -> list[tuple[str, str, str, bool]]:
    """Word, label, letter and whether it is ticked, of every need."""
    return [(need.value, label, key, need.value in chosen) for need, (label, key) in words.NEEDS.items()]


def part_rows(shown: Mapping[str, Any]) -> list[tuple[str, list[tuple[float | None, float | None]]]]:
    """Each part's name with its minutes and counted minutes for every option, for one table."""
    rows = []
    for name, label in words.PARTS.items():
        cells = []
        for option in shown["options"]:
            part = next((each for each in option["parts"] if each["name"] == name), None)
            cells.append((part["minutes"], part["counted"]) if part else (None, None))
        rows.append((label, cells))
    return rows
