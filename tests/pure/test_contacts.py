"""Two letters are a reason and a result, and a typed name is who it means."""

import pytest

from clearway.domain.ambulance.contacts import Choice, ContactPolicy, Means, With, keyed, partner, usual

POLICY = ContactPolicy(
    reasons=(Choice("delay", "d", "Delay on scene"), Choice("break", "b", "Meal break")),
    results=(Choice("agreed", "a", "Agreed"), Choice("none", "n", "No answer")),
)
HOSPITALS = {"RA901": "Torbay Hospital", "RK950": "Derriford Hospital"}
ROLES = {"service_delivery_officer": "Service delivery officer"}


def whom(typed: str) -> tuple[With, str, str]:
    found = partner(typed, ["A12", "B7"], HOSPITALS, ROLES)
    return found.kind, found.key, found.name


@pytest.mark.parametrize("typed", ["dn", "DN", " d n "])
def test_two_letters_are_a_reason_and_a_result(typed: str) -> None:
    assert keyed(typed, POLICY) == ("delay", "none")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "two letters"),
        ("d", "two letters"),
        ("dna", "two letters"),
        ("xn", "“x” is no reason: d delay on scene, b meal break"),
        ("dd", "“d” is no result: a agreed, n no answer"),
    ],
)
def test_other_letters_are_refused_with_those_there_are(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        keyed(typed, POLICY)


def test_a_policy_with_one_letter_for_two_reasons_is_refused() -> None:
    with pytest.raises(ValueError, match="letter of its own"):
        ContactPolicy(reasons=(Choice("a", "d", "A"), Choice("b", "d", "B")))


def test_a_name_means_a_crew_a_hospital_its_halo_a_post_or_somebody_else() -> None:
    assert whom("a12") == (With.CREW, "A12", "A12")
    assert whom("torbay  hospital") == (With.HOSPITAL, "RA901", "Torbay Hospital")
    assert whom("halo derriford hospital") == (With.HALO, "RK950", "HALO Derriford Hospital")
    assert whom("service delivery officer") == (
        With.MANAGER,
        "service_delivery_officer",
        "Service delivery officer",
    )
    assert whom("Police control") == (With.OTHER, "", "Police control")


def test_a_crew_is_on_the_radio_and_everybody_else_on_the_telephone() -> None:
    assert usual(With.CREW) is Means.RADIO
    assert {usual(kind) for kind in With if kind is not With.CREW} == {Means.TELEPHONE}
