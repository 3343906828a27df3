"""An NHS number is recognised by its check digit, however it is spaced."""

import pytest

from clearway.domain.shared.identity import holds_nhs_number, is_nhs_number


# 999 000 001: 9*10+9*9+9*8+0+0+0+0+0+1*2 = 245; 245 mod 11 = 3; 11 - 3 = 8.
@pytest.mark.parametrize("text", ["9990000018", "999 000 0018", "patient 999-000-0018 waits"])
def test_a_number_with_its_check_digit_is_recognised(text: str) -> None:
    assert holds_nhs_number(text)


@pytest.mark.parametrize(
    "text", ["9990000019", "call 01392 261500", "incident 99900000180", "2026-11-22 05:18", ""]
)
def test_other_figures_are_not(text: str) -> None:
    assert not holds_nhs_number(text)


def test_a_remainder_of_one_can_be_no_number() -> None:
    # 1*10 + 0... + 1*2 = 12; 12 mod 11 = 1; 11 - 1 = 10 is no digit.
    assert not any(is_nhs_number(f"100000001{digit}") for digit in range(10))
