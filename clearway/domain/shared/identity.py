"""Recognising identity where none belongs."""

import re

_TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")


def holds_nhs_number(text: str) -> bool:
    """Whether a text holds ten digits, however spaced, whose check digit makes them an NHS number."""
    return any(is_nhs_number(re.sub(r"[ -]", "", found)) for found in _TEN_DIGITS.findall(text))


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits carry the right check digit (modulus 11, NHS Data Dictionary: NHS NUMBER)."""
    if len(digits) != 10 or not digits.isascii() or not digits.isdigit():
        return False
    return nhs_number_from(digits[:9]) == digits


def nhs_number_from(nine: str) -> str | None:
    """Nine digits with their check digit; None for those that have none, which are never given out."""
    weighed = sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True))
    check = (11 - weighed % 11) % 11
    return f"{nine}{check}" if check < 10 else None
