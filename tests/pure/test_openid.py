"""Our side of OpenID: the access file, our keys, and what the standards give as examples."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from clearway.cli import doctor
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.openid import access, asking
from tests.pure.test_doctor import states
from tests.trust import AT

pytestmark = pytest.mark.promise("S3")

ROLES = ("halo", "administrator")
STRENGTH = '[strength]\norder = ["weak", "strong", "strongest"]\nleast = "strong"\nresistant = "strongest"\n'


def gift(**words: str) -> str:
    usual = {"role": '"halo"', "organisation": '"valley"', "claim": '"groups"', "has": '"h"'}
    lines = [f"{name} = {value}" for name, value in {**usual, **words}.items() if value]
    return "\n".join(["[[give]]", *lines, ""])


@pytest.mark.parametrize(
    ("claims", "is_given"),
    [
        ({"groups": ["x", "h"]}, True),
        ({"groups": "h"}, True),
        ({"groups": ["hh"]}, False),
        ({"groups": {"h": 1}}, False),
        ({"groups": [["h"], None, 7]}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_word_is_had_whole_or_not_at_all(claims: dict[str, Any], is_given: bool) -> None:
    read = access.parse(gift(), ROLES)

    assert bool(read.given(claims, "")) is is_given


@pytest.mark.parametrize(
    ("roles", "is_given"),
    [
        ([{"org": "A", "role": "1"}], True),
        ([{"org": "A", "role": "2"}, {"org": "B", "role": "1"}], False),
        ([{"org": "A", "role": ["2", "1"]}], True),
        ([{"org": "A"}], False),
        ("A1", False),
    ],
    ids=str,
)
def test_all_that_is_named_stands_in_one_entry_and_not_in_two(roles: Any, is_given: bool) -> None:
    """A role at one organisation and another role at ours do not add up to that role at ours."""
    read = access.parse(gift(claim='"roles"', has="", where='{ org = "A", role = "1" }'), ROLES)

    assert bool(read.given({"roles": roles}, "")) is is_given


def test_a_dotted_name_looks_into_a_claim_unless_a_claim_has_that_name() -> None:
    read = access.parse(gift(claim='"realm.roles"'), ROLES)

    assert read.given({"realm": {"roles": ["h"]}}, "")
    assert read.given({"realm.roles": ["h"]}, "")
    assert not read.given({"realm.roles": ["x"], "realm": {"roles": ["h"]}}, "")
    assert not read.given({"realm": ["roles"]}, "")


def test_a_role_that_asks_for_more_is_given_to_who_proved_it() -> None:
    read = access.parse(STRENGTH + gift() + gift(role='"administrator"', strength='"strongest"'), ROLES)
    claims = {"groups": ["h"]}

    assert [each.role for each in read.given(claims, "strong")] == ["halo"]
    assert [each.role for each in read.stronger(claims, "strong")] == ["administrator"]
    assert [each.role for each in read.given(claims, "strongest")] == ["halo", "administrator"]
    assert [each.role for each in read.given(claims, "unheard of")] == ["halo"]
    assert read.at_least(read.least) == ("strong", "strongest")
    assert [read.reaches(read.resistant, acr) for acr in ("strong", "strongest", "")] == [False, True, False]
    assert not read.reaches(read.two_factors, "strongest")  # the file does not say
    assert [read.reached(acr) for acr in ("strong", "")] == [("weak", "strong"), ()]


def test_a_role_that_two_entries_give_asks_for_the_weaker_way() -> None:
    read = access.parse(STRENGTH + gift(strength='"strongest"') + gift(strength='"strong"'), ROLES)

    assert [each.strength for each in read.given({"groups": ["h"]}, "strong")] == ["strong"]
    assert not read.stronger({"groups": ["h"]}, "strong")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[give", "the access file"),
        ("", "[[give]]"),
        ("give = 1", "[[give]]"),
        ("[grant]\nx = 1", "[grant]"),
        ("give = [1]", "[[give]] 1"),
        (gift(role='"chief"'), "[[give]] 1, role"),
        (gift(organisation=""), "[[give]] 1, organisation"),
        (gift(claim="7"), "[[give]] 1, claim"),
        (gift(sites='"x"'), "[[give]] 1, sites"),
        (gift(has=""), "[[give]] 1"),
        (gift(where='{ org = "A" }'), "[[give]] 1"),
        (gift(has="", where="{}"), "[[give]] 1"),
        (gift(has="", where="{ org = 1 }"), "[[give]] 1, where"),
        (gift() + gift(strength='"strong"'), "[[give]] 2, strength"),
        ("strength = 1\n" + gift(), "[strength]"),
        ("[strength]\norder = 'x'\n" + gift(), "[strength] order"),
        ("[strength]\norder = ['a b']\n" + gift(), "[strength] order"),
        ("[strength]\nleast = 'x'\n" + gift(), "[strength] least"),
        ("[strength]\nmost = 'x'\n" + gift(), "[strength]"),
        ("[strength]\norder = ['a', 'b', 'a']\n" + gift(), "[strength] order"),
        ("[strength]\norder = ['b', 'a']\nleast = 'a'\nresistant = 'b'\n" + gift(), "[strength] resistant"),
    ],
)
def test_an_access_file_that_could_mean_something_else_is_refused_at_its_place(text: str, place: str) -> None:
    with pytest.raises(CannotParse) as refusal:
        access.parse(text, ROLES)

    assert refusal.value.where == place
    assert refusal.value.fix


def pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_the_examples_of_the_standards_come_out() -> None:
    """RFC 7638, section 3.1, and RFC 7636, appendix B."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
        "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI"
        "SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    assert (
        asking.thumbprint({"kty": "RSA", "n": n, "e": "AQAB"})
        == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    )
    assert (
        asking.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_the_first_key_signs_and_every_public_half_is_published() -> None:
    first, second = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    keys = asking.own_keys(pem(first) + b"\n" + pem(second))

    said = asking.published(keys)["keys"]
    token = asking.assertion(keys[0], "us", "them", "once", AT, ["PS256", "ES256"])
    other = asking.assertion(keys[1], "us", "them", "once", AT, ["RS512"])

    assert [each["kid"] for each in said] == [each.kid for each in keys]
    assert not any({"d", "p", "q"} & each.keys() for each in said)
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": keys[0].kid, "typ": "JWT"}
    assert jwt.get_unverified_header(other)["alg"] == "RS512"
    claims = jwt.decode(
        token,
        first.public_key(),
        ["ES256"],
        audience="them",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == ("us", "us", 60)


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"no key at all",
        lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        lambda: pem(ec.generate_private_key(ec.SECP521R1())),
        lambda: pem(rsa.generate_private_key(65537, 1024)),
    ],
    ids=["empty", "words", "damaged", "another curve", "short"],
)
def test_a_key_that_should_not_sign_is_refused(make: Any) -> None:
    with pytest.raises(CannotParse) as refusal:
        asking.own_keys(make())

    assert refusal.value.where.startswith("the key file")


def test_the_doctor_names_the_setting_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(doctor.sign_in()) == {"Sign-in": doctor.OK}
    monkeypatch.setenv("CLEARWAY_OPENID_ISSUER", "https://provider.example")
    monkeypatch.setenv("CLEARWAY_OPENID_CLIENT_ID", "clearway")
    monkeypatch.setenv("CLEARWAY_OPENID_ADDRESS", "http://clearway.example")

    (finding,) = doctor.sign_in()

    assert (finding.state, "CLEARWAY_OPENID_ADDRESS" in finding.found) == (doctor.FAULT, True)
    assert finding.fix
