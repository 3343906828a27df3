"""The second factor of local accounts: apps and codes on paper, and what a session without one may do."""

import base64
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.factors import actions, queries, sealing
from clearway.core.factors.models import Factor, RecoveryCode
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import RoleGrant, User
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


def test_the_last_passkey_of_a_privileged_role_stays(trust: Organisation, settings: Any) -> None:
    settings.SECOND_FACTOR = "privileged"
    admin = somebody("admin", "administrator", trust)
    key = {"kind": "passkey", "name": "Key", "credential": b"1", "public_key": b"2"}
    row = Factor.objects.create(user=admin, added_at=AT, **key)

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
