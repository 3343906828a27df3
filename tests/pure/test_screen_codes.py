"""The code that a screen on a wall shows: read as people type it, refused where a letter is wrong."""

import pytest

from clearway.core.screens import codes

SHOWN = [codes.code_of(f"secret {number}") for number in range(50)]


def test_a_code_is_read_however_it_is_typed() -> None:
    for code in SHOWN:
        assert codes.read(codes.spaced(code)) == codes.read(f" {code.lower()} ") == code
    assert len(set(SHOWN)) == len(SHOWN)


def test_one_wrong_letter_and_two_that_changed_places_are_always_found() -> None:
    code = SHOWN[0]
    wrong = {code[:at] + other + code[at + 1 :] for at in range(len(code)) for other in codes.LETTERS}
    turned = {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)}
    for typed in (wrong | turned) - {code}:
        with pytest.raises(ValueError, match="wrong"):
            codes.read(typed)


@pytest.mark.parametrize(
    ("typed", "says"), [("KM4 P7X", "all nine"), ("KM4 P7X Q20", "No code has 0"), ("", "there are 0")]
)
def test_what_no_screen_can_show_is_refused_with_what_to_do(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        codes.read(typed)
