"""The second factor of local accounts: apps and codes on paper, and what a session without one may do."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pyotp
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.factors import actions, passkeys, queries, sealing
from clearway.core.factors.models import Factor, RecoveryCode
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import RoleGrant, User
from clearway.core.people.provider.models import ProviderPerson, ProviderSession
from clearway.domain.shared.errors import NotAllowed
from tests.trust import AT, PASSWORD, a_trust, acting, signed_in, somebody

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HALF_MINUTE = timedelta(seconds=30)
MINE, SECOND = "/my-account/second-factor/", "/sign-in/second-step/"


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    """A sheet of codes is eight hashes: Argon2 would take most of the time of this file."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def person(trust: Organisation) -> User:
    return with_password(somebody("pfc", "patient_flow_coordinator", trust))


def shown(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(at)


def an_app(user: User, at: datetime = AT) -> list[str]:
    """Give somebody an app; returns the recovery codes."""
    return actions.add_app(user, "Work phone", SECRET, shown(at), by=acting(user), at=at)


def a_passkey(user: User) -> Factor:
    key = {"kind": "passkey", "name": "Desk key", "credential": b"1", "public_key": b"2"}
    return Factor.objects.create(user=user, added_at=AT, **key)


def prove(user: User, code: str, at: datetime) -> str:
    return actions.prove(user, code, request_id="r", at=at)


def sign_in(name: str = "pfc", client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    typed = {"username": name, "password": PASSWORD, "next": "/people/on-call/"}
    return client, client.post("/sign-in/", typed)


def now() -> datetime:
    return datetime.now(UTC)


# Codes of an app


def test_a_code_may_be_one_step_early_or_late_and_no_more(person: User) -> None:
    an_app(person, AT - timedelta(hours=1))

    for steps in (-2, 2):
        with pytest.raises(NotAllowed, match="not right"):
            prove(person, shown(AT + steps * HALF_MINUTE), AT)
    assert [prove(person, shown(AT + steps * HALF_MINUTE), AT) for steps in (-1, 0, 1)] == ["code"] * 3


def test_no_code_is_taken_twice_and_none_from_before_the_last_one(person: User) -> None:
    an_app(person)

    with pytest.raises(NotAllowed, match="used before"):  # the one with which the app was added
        prove(person, shown(AT), AT)
    later = AT + 3 * HALF_MINUTE
    assert prove(person, shown(later), later) == "code"
    for code in (shown(later), shown(later - HALF_MINUTE)):
        with pytest.raises(NotAllowed, match="used before"):
            prove(person, code, later)


def test_five_wrong_codes_lock_for_a_quarter_of_an_hour_wherever_they_are_typed(person: User) -> None:
    an_app(person)
    at = AT + timedelta(hours=1)
    for _ in range(4):
        with pytest.raises(NotAllowed, match="not right"):
            prove(person, "000000", at)
    with pytest.raises(NotAllowed, match="Five wrong"):
        prove(person, "no code", at)

    with pytest.raises(NotAllowed, match="Five wrong"):
        prove(person, shown(at), at)
    assert Action.objects.filter(verb="factors.locked", subject="user:pfc").count() == 1
    after = at + timedelta(minutes=15)
    assert prove(person, shown(after), after) == "code"


def test_a_right_code_starts_the_count_of_wrong_ones_anew(person: User) -> None:
    an_app(person)
    for turn in (1, 2):
        at = AT + turn * 4 * HALF_MINUTE
        for _ in range(4):
            with pytest.raises(NotAllowed, match="not right"):
                prove(person, "000000", at)
        assert prove(person, shown(at), at) == "code"


def test_the_secret_is_sealed_at_rest_for_this_account_alone(person: User) -> None:
    an_app(person)
    sealed = bytes(Factor.objects.get().secret)

    assert SECRET.encode() not in sealed
    assert sealing.unseal(sealed, person.pk) == SECRET
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(sealed, person.pk + 1)


def test_a_new_key_seals_while_the_former_still_opens(person: User, settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "factor-key"
    settings.FACTOR_KEY, settings.FACTOR_KEY_FILE = "", str(file)
    former, newer = "the-former-key-of-this-deployment", "the-newer-one-written-above-the-other"
    file.write_text(former)
    an_app(person)

    file.write_text(f"{newer}\n{former}\n")
    later = AT + 3 * HALF_MINUTE
    assert prove(person, shown(later), later) == "code"  # and sealed it anew
    file.write_text(newer)
    assert queries.cannot_be_opened() == 0
    file.write_text("another-key-of-thirty-two-letters")
    assert queries.cannot_be_opened() == 1


def test_a_lost_key_keeps_nobody_out_who_has_a_code_on_paper(person: User, settings: Any) -> None:
    codes = an_app(person, now() - timedelta(hours=1))
    settings.FACTOR_KEY = "another-key-of-thirty-two-letters"
    client, asked = sign_in()

    assert client.post(asked["Location"], {"code": shown(now())}).status_code == 422
    assert client.post(asked["Location"], {"code": codes[0]}).status_code == 302


# Codes on paper


def test_a_code_on_paper_is_good_once_and_kept_as_a_hash(person: User) -> None:
    codes = an_app(person)

    assert len(set(codes)) == 8
    assert not any(
        code.replace("-", "") in row.digest for code in codes for row in RecoveryCode.objects.all()
    )
    assert prove(person, codes[0].upper(), AT) == "recovery"
    with pytest.raises(NotAllowed, match="used before"):
        prove(person, codes[0], AT)
    assert queries.of(person).codes_left == 7


# Signing in


def test_with_an_app_the_password_alone_opens_nothing(person: User) -> None:
    an_app(person, now() - timedelta(hours=1))
    client, asked = sign_in()

    assert asked["Location"].startswith(SECOND)
    assert client.get("/people/on-call/")["Location"].startswith("/sign-in/")
    assert not Action.objects.filter(verb="people.sign_in").exists()

    wrong = client.post(asked["Location"], {"code": "123"})
    assert (wrong.status_code, "The code is not right" in wrong.content.decode()) == (422, True)
    there = client.post(asked["Location"], {"code": shown(now())})

    assert there["Location"] == "/people/on-call/"
    assert client.get("/people/on-call/").status_code == 200
    assert Action.objects.get(verb="people.sign_in").detail == {"by": "code"}


def test_the_second_step_belongs_to_the_password_of_the_last_five_minutes(person: User) -> None:
    an_app(person, now() - timedelta(hours=1))
    client, _ = sign_in()
    session = client.session
    session["half"] = {**session["half"], "at": (now() - timedelta(minutes=6)).timestamp()}
    session.save()

    late = client.post(SECOND, {"code": shown(now())})
    assert (late.status_code, "waited too long" in late.content.decode()) == (422, True)

    client, _ = sign_in(client=client)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.post(SECOND, {"code": shown(now())}).status_code == 422


def test_adding_an_app_shows_a_picture_drawn_here_and_the_codes_once(person: User) -> None:
    client, _ = sign_in()
    page = client.get(f"{MINE}app/").content.decode()
    secret = re.search(r"time-based\): <code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")  # type: ignore[index]

    assert '<svg viewBox="0 0' in page
    wrong = client.post(f"{MINE}app/", {"name": "Phone", "code": "12"})
    assert wrong.status_code == 422
    assert secret[:4] in wrong.content.decode()
    codes = client.post(f"{MINE}app/", {"name": "Phone", "code": pyotp.TOTP(secret).now()})

    assert codes["Cache-Control"] == "no-store"
    assert len(re.findall(r"<code>\w{4}-\w{4}-\w{4}</code>", codes.content.decode())) == 8
    assert "Phone" in client.get(MINE).content.decode()
    assert Action.objects.get(verb="factors.add").detail == {"kind": "code", "name": "Phone"}


def test_ten_minutes_later_ones_factors_are_changed_only_after_proving_it_again(person: User) -> None:
    client, _ = sign_in()
    session = client.session
    session["proved_at"] -= 601
    session.save()

    asked = client.get(f"{MINE}app/")
    assert asked["Location"].startswith(f"{MINE}confirm/?next=")
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 422
    back = client.post(asked["Location"], {"password": PASSWORD})
    assert client.get(back["Location"]).status_code == 200
    proof = Action.objects.get(verb="factors.confirm")  # one: the wrong password proved nothing
    assert (proof.actor, proof.detail) == (person.username, {"by": "password"})


def test_a_session_from_before_the_app_cannot_change_it_by_password(person: User) -> None:
    client, _ = sign_in()
    an_app(person, now() - timedelta(hours=1))
    key = Factor.objects.get().pk

    assert client.post(f"{MINE}{key}/remove/")["Location"].startswith(f"{MINE}confirm/")
    assert client.post(f"{MINE}confirm/", {"password": PASSWORD}).status_code == 422
    assert client.post(f"{MINE}confirm/", {"code": shown(now())}).status_code == 302
    client.post(f"{MINE}{key}/remove/")
    assert not Factor.objects.exists()
    assert not RecoveryCode.objects.exists()


CHANGES = (("get", "app/"), ("get", "passkey/"), ("post", "codes/"), ("post", "{key}/remove/"))


@pytest.mark.promise("S3")
@pytest.mark.parametrize(("how", "may_add"), [("code", False), ("paper", True)])
def test_what_a_false_page_can_ask_for_changes_nothing_beside_a_passkey(
    person: User, how: str, may_add: bool
) -> None:
    """A code on paper adds one thing, in place of a passkey that was lost."""
    codes = an_app(person, now() - timedelta(hours=1))
    key = a_passkey(person).pk
    client, asked = sign_in()
    client.post(asked["Location"], {"code": shown(now()) if how == "code" else codes[0]})

    refused = [
        path
        for verb, path in CHANGES
        if getattr(client, verb)(MINE + path.format(key=key)).get("Location", "").startswith(MINE + "confirm")
    ]

    adding = [] if may_add else ["app/", "passkey/"]
    assert refused == [*adding, "codes/", "{key}/remove/"]
    assert "You have a passkey" in client.get(f"{MINE}confirm/").content.decode()
    session = client.session
    session["factor"] = "passkey"
    session.save()
    assert client.post(f"{MINE}{key}/remove/")["Location"] == MINE


@pytest.mark.promise("S3")
def test_paper_adds_one_thing_which_is_told_at_the_next_sign_in_and_opens_nothing_yet(person: User) -> None:
    codes = an_app(person, now() - timedelta(hours=1))
    a_passkey(person)
    client, asked = sign_in()
    client.post(asked["Location"], {"code": codes[0]})
    client.get(f"{MINE}app/")
    secret = sealing.unseal(base64.b64decode(client.session["new_app"]), person.pk)

    client.post(f"{MINE}app/", {"name": "Their phone", "code": pyotp.TOTP(secret).now()})

    assert client.session["factor"] == "recovery"
    assert client.get(f"{MINE}app/")["Location"].startswith(f"{MINE}confirm/")
    client, asked = sign_in()
    there = client.post(asked["Location"], {"code": shown(now())})
    page = client.get(there["Location"]).content.decode()
    assert "Your authenticator app Their phone was added on" in page
    assert "privacy officer" in page


def test_a_session_that_became_stronger_has_a_new_name_which_its_provider_knows(person: User) -> None:
    client, _ = sign_in()
    an_app(person, now() - timedelta(hours=1))
    before = client.session.session_key
    known = ProviderPerson.objects.create(user=person, issuer="https://sign.in", subject="1", seen_at=AT)
    ProviderSession.objects.create(person=known, session_key=before, began_at=AT)

    client.post(f"{MINE}confirm/", {"code": shown(now())})

    assert client.session.session_key != before
    assert ProviderSession.objects.get().session_key == client.session.session_key
    assert client.get("/people/on-call/").status_code == 200


def test_no_code_is_kept_of_a_form_whose_session_has_ended(person: User) -> None:
    client, _ = sign_in()
    client.get(MINE)
    session = client.session
    session["seen_at"] -= 3600
    session.save()

    client.post(f"{MINE}confirm/", {"code": "abcd-efgh-jkmn", "answer": "{}", "proof": "x", "next": "/a/"})

    assert client.session["kept"]["typed"] == {"next": "/a/"}


# Passkeys

PLACE = passkeys.Place("desk.example", "https://desk.example")


def answers(challenge: str) -> tuple[str, str, bytes]:
    """What a device answers when it is to make a passkey, and to use it; and the passkey's public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_numbers()
    public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
    about, cose = hashlib.sha256(PLACE.host.encode()).digest(), cbor2.dumps(public)
    made = about + b"\x45" + bytes(4) + bytes(16) + b"\x00\x01k" + cose
    used = about + b"\x05" + (1).to_bytes(4)

    def told(kind: str, **said: bytes) -> str:
        client = {"type": f"webauthn.{kind}", "challenge": challenge, "origin": PLACE.origin}
        raw = json.dumps(client).encode()
        if kind == "get":
            signed = said["authenticatorData"] + hashlib.sha256(raw).digest()
            said["signature"] = key.sign(signed, ec.ECDSA(hashes.SHA256()))
        said["clientDataJSON"] = raw
        found = {name: base64.urlsafe_b64encode(data).rstrip(b"=").decode() for name, data in said.items()}
        return json.dumps({"id": "aw", "rawId": "aw", "type": "public-key", "response": found})

    attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": made})
    return told("create", attestationObject=attested), told("get", authenticatorData=used), cose


def test_an_answer_to_no_question_is_no_proof() -> None:
    made, used, public = answers("YXNrZWQ")
    assert passkeys.made(made, "YXNrZWQ", PLACE).public_key == public
    assert passkeys.used(used, "YXNrZWQ", PLACE, public, 0) == 1

    made, used, public = answers("")
    with pytest.raises(passkeys.NotAccepted):
        passkeys.made(made, "", PLACE)
    with pytest.raises(passkeys.NotAccepted):
        passkeys.used(used, "", PLACE, public, 0)


# What is asked of whom


@pytest.mark.promise("S3")
def test_who_administers_people_needs_a_passkey_for_that_and_works_meanwhile(
    trust: Organisation, settings: Any
) -> None:
    settings.SECOND_FACTOR = "privileged"
    admin = with_password(somebody("admin", "administrator", trust))
    an_app(admin, now() - timedelta(hours=1))
    client, asked = sign_in("admin")
    client.post(asked["Location"], {"code": shown(now())})

    assert client.get("/people/on-call/").status_code == 200
    refused = client.get("/people/roles/")
    assert refused["Location"].startswith(f"{MINE}?next=")
    assert "it needs a passkey" in client.get(refused["Location"]).content.decode()
    session = client.session
    session["factor"] = "passkey"
    session.save()
    assert client.get("/people/roles/").status_code == 200


@pytest.mark.promise("S3")
def test_where_everybody_needs_one_nothing_opens_before_it_is_added(person: User, settings: Any) -> None:
    settings.SECOND_FACTOR = "everybody"
    client, there = sign_in()

    assert client.get(there["Location"])["Location"].startswith(f"{MINE}?next=")
    client.get(f"{MINE}app/")
    secret = sealing.unseal(base64.b64decode(client.session["new_app"]), person.pk)
    client.post(f"{MINE}app/", {"name": "Phone", "code": pyotp.TOTP(secret).now()})
    assert client.get(there["Location"]).status_code == 200


@pytest.mark.promise("S3")
def test_a_role_that_is_given_during_a_session_asks_at_the_next_click(
    person: User, trust: Organisation, settings: Any
) -> None:
    settings.SECOND_FACTOR = "privileged"
    client, _ = sign_in()
    assert client.get("/audit/").status_code == 403

    RoleGrant.objects.create(user=person, role="privacy_officer", organisation=trust, starts_at=AT)

    assert client.get("/audit/")["Location"].startswith(f"{MINE}?next=")


def test_who_has_a_second_factor_and_came_without_is_led_to_use_it(person: User, settings: Any) -> None:
    settings.SECOND_FACTOR = "everybody"
    an_app(person, now() - timedelta(hours=1))
    client = signed_in(person)
    session = client.session
    session["factor"] = "plain"  # the provider said nothing of a second factor
    session.save()

    page = client.get(MINE, {"next": "/people/on-call/"}).content.decode()

    assert "Until you have added one" not in page
    there = re.search(r'href="([^"]+)">Use it now', page)[1]  # type: ignore[index]
    assert client.post(there, {"code": shown(now())})["Location"] == "/people/on-call/"


def test_accounts_are_counted_that_have_a_password_alone_and_that_can_come_in_for_recovery(
    person: User, trust: Organisation
) -> None:
    through = somebody("jo", "patient_flow_coordinator", trust)
    ProviderPerson.objects.create(user=through, issuer="https://sign.in", subject="1", seen_at=AT)
    an_app(somebody("sdo", "service_delivery_officer", trust))
    User.objects.filter(username__in=["pfc", "sdo"]).update(for_recovery=True)

    assert queries.without(now())["all"] == 1
    assert queries.for_recovery(now()) == 1


def test_the_last_passkey_of_a_privileged_role_stays(trust: Organisation, settings: Any) -> None:
    settings.SECOND_FACTOR = "privileged"
    admin = somebody("admin", "administrator", trust)
    row = a_passkey(admin)

    with pytest.raises(NotAllowed, match="needs a passkey"):
        actions.remove(admin, row.pk, by=acting(admin), at=AT)


# Lost telephones


def test_an_administrator_resets_and_the_person_is_signed_out_and_told(
    person: User, trust: Organisation
) -> None:
    an_app(person, now() - timedelta(hours=1))
    session = signed_in(person)
    admin = signed_in(somebody("admin", "administrator", trust))

    assert "Reset the second factor of Pfc" in admin.get("/people/").content.decode()
    admin.post("/people/accounts/pfc/second-factor/reset/", {"reason": "Telephone lost; known by voice"})

    assert session.get("/people/on-call/").status_code == 302
    assert Action.objects.get(verb="factors.reset").detail["reason"] == "Telephone lost; known by voice"
    client, there = sign_in()
    page = client.get(there["Location"]).content.decode()
    assert "admin took away your second factors" in page
    assert "privacy officer" in page


@pytest.mark.parametrize(
    ("who", "reason", "status"), [("pfc", "", 302), ("admin", "Mine", 302), ("nobody", "Theirs", 404)]
)
def test_a_reset_needs_a_reason_another_person_and_an_account(
    person: User, trust: Organisation, who: str, reason: str, status: int
) -> None:
    an_app(person)
    admin = signed_in(somebody("admin", "administrator", trust))

    answer = admin.post(f"/people/accounts/{who}/second-factor/reset/", {"reason": reason})

    assert answer.status_code == status
    assert Factor.objects.exists()
