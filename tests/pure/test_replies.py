"""What patients answer to a text: read only where it is certain, and never a slot lost to one word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.booking import heard_reason
from clearway.domain.outpatients.replies import Act, Asks, Meaning, Reading, act, asked_next, plain, read


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("CONFIRM", Meaning.CONFIRM),
        ("Yes please 👍", Meaning.YES),
        ("yes i will be there, thank you x", Meaning.CONFIRM),
        ("can't come, sorry", Meaning.CANCEL),
        ("I can’t make it.", Meaning.CANCEL),
        ("no i cant come", Meaning.CANCEL),
        ("Can I change it?", Meaning.CHANGE),
        ("STOP", Meaning.STOP),
        ("Start please", Meaning.START),
        ("Canslo os gwelwch yn dda", Meaning.CANCEL),
        ("ie diolch", Meaning.YES),
        ("Odwołuję", Meaning.CANCEL),
        ("nie, dziękuję", Meaning.NO),
        ("ÓDWOŁAĆ", Meaning.CANCEL),
    ],
)
def test_a_whole_answer_is_read_in_any_of_the_languages(words: str, meaning: Meaning) -> None:
    assert (read(words).meaning, read(words).is_certain) == (meaning, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("yes but I may be late", Meaning.YES),
        ("yes?", Meaning.YES),
        ("I can't come at 10, can we change it", Meaning.CHANGE),
        ("please stop the pain", Meaning.STOP),
        ("no change", Meaning.CHANGE),
        ("yes no", Meaning.NO),
        ("don't cancel", Meaning.CANCEL),
        ("I was told not to confirm", Meaning.CONFIRM),
        ("who is this", Meaning.UNKNOWN),
        ("", Meaning.UNKNOWN),
        ("🙏", Meaning.UNKNOWN),
    ],
)
def test_anything_beside_an_answer_makes_it_uncertain_with_a_hint(words: str, hint: Meaning) -> None:
    assert (read(words).meaning, read(words).is_certain) == (hint, False)


def test_no_from_somebody_who_speaks_polish_is_uncertain() -> None:
    assert read("no").is_certain
    assert not read("No", frozenset({"pl"})).is_certain
    assert read("nie", frozenset({"pl"})).is_certain


@given(st.text(max_size=60))
def test_any_words_are_read_and_in_the_same_way_again(words: str) -> None:
    assert read(words) == read(words)
    assert plain(plain(words)) == plain(words)


@given(st.sampled_from(Asks), st.sampled_from(Meaning), st.booleans())
def test_one_answer_to_a_reminder_never_cancels_and_uncertain_words_do_nothing(
    asks: Asks, meaning: Meaning, certain: bool
) -> None:
    done = act(asks, Reading(meaning, certain))

    if not certain:
        assert done is Act.PERSON
    if done is Act.CANCEL:
        assert asks is Asks.CANCEL
    if done in (Act.ACCEPT, Act.DECLINE):
        assert asks is Asks.OFFER
    for always in (Act.STOP, Act.START):
        assert (done is always) == (certain and meaning.value == always.value)
    if asks in (Asks.NOTHING, Asks.SEVERAL):
        assert done in (Act.PERSON, Act.STOP, Act.START)


def test_a_second_question_about_something_else_makes_answers_uncertain() -> None:
    assert asked_next(Asks.ATTEND, Asks.CANCEL, is_same=True) is Asks.CANCEL
    assert asked_next(Asks.ATTEND, Asks.OFFER, is_same=False) is Asks.SEVERAL
    assert asked_next(Asks.SEVERAL, Asks.NOTHING, is_same=True) is Asks.SEVERAL


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("CANCEL I am ill sorry", "patient_ill"),
        ("cancel, no lift that day", "patient_transport"),
        ("CANCEL", "patient_other"),
        ("cancel: at work and ill", "patient_other"),
        ("Chilly workshop", "patient_other"),
    ],
)
def test_a_reason_is_heard_where_exactly_one_is_named(words: str, reason: str) -> None:
    assert heard_reason(words) == reason
