"""Signing in through an OpenID provider: an independent one, and one that says what no provider would."""

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.sessions.models import Session
from django.test import Client

from clearway import cli
from clearway.core.audit.models import Action
from clearway.core.factors import strength
from clearway.core.live import viewers
from clearway.core.openings.models import Opening
from clearway.core.organisation.models import Organisation
from clearway.core.people import actions as people
from clearway.core.people.models import RoleGrant, User
from clearway.core.people.provider import recovery
from clearway.core.people.provider.models import ProviderPerson, ProviderSession
from clearway.core.worklist.models import Task
from clearway.desks.ambulance.incidents.models import Identity, Incident
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway.openid import client as asking_provider
from clearway.gateway.openid import limits
from clearway.interchange.openid.tokens import LOGOUT_EVENT
from tests.openid.issuer import Issuer, an_issuer
from tests.openid.peer import ACCESS, PEOPLE, Person, a_key, a_provider, settings_for
from tests.trust import AT, PASSWORD, a_trust, acting, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S3")]

JO, LEE, NOBODY = PEOPLE
BACK = "/sign-in/provider/back/"


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[str, list[str]]]:
    """Where the independent provider tells of ended sessions, and what it told."""
    tokens: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            tokens.append(parse_qs(body)["logout_token"][0])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", tokens
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def provider(told: tuple[str, list[str]]) -> Iterator[str]:
    """The independent provider, once for all tests."""
    with a_provider(told_at=told[0]) as issuer:
        yield issuer


@pytest.fixture
def through(provider: str, settings: Any, tmp_path: Path, trust: Organisation) -> Iterator[None]:
    """People sign in through the independent provider."""
    settings.OPENID = settings_for(tmp_path, provider)
    yield
    asking_provider.forget()
    limits.forget()


def door(browser: Client, query: str = "") -> str:
    """Where our sign-in page sends somebody."""
    answer = browser.get(f"/sign-in/provider/{query}")
    assert answer.status_code == 302
    return str(answer["Location"])


def back(browser: Client, address: str) -> Any:
    """Our answer to somebody whom the provider sent back."""
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def sign_in(person: Person, browser: Client | None = None, query: str = "") -> tuple[Client, Any]:
    browser = browser or Client()
    return browser, back(browser, person.signs_in(door(browser, query)))


def verbs() -> list[str]:
    return list(Action.objects.order_by("id").values_list("verb", flat=True))


# With an independent provider


def test_somebody_new_comes_in_with_the_role_that_the_claims_give(through: None, trust: Organisation) -> None:
    browser, answer = sign_in(Person(JO), query="?next=/people/on-call/")

    assert (answer.status_code, answer["Location"]) == (302, "/people/on-call/")
    assert browser.get("/people/on-call/").status_code == 200
    grant = RoleGrant.objects.get()
    assert (grant.role, grant.organisation, grant.from_claims) == ("patient_flow_coordinator", trust, True)
    assert (grant.user.username, grant.user.display_name) == (f"p-{JO}", "Jo Osei")
    assert not grant.user.has_usable_password()
    assert verbs() == ["people.add_user", "people.grant_role", "people.sign_in"]


def test_the_question_has_pkce_state_nonce_and_how_strongly(through: None) -> None:
    asked = parse_qs(urlsplit(door(Client())).query)

    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["acr_values"] == ["AAL3_ANY AAL2_ANY"]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))


def test_a_second_time_it_is_the_same_account_whatever_it_is_called(through: None) -> None:
    sign_in(Person(JO))
    User.objects.update(display_name="Before")

    sign_in(Person(JO))

    assert User.objects.get().display_name == "Jo Osei"
    assert RoleGrant.objects.count() == 1


def test_a_local_account_of_that_name_stays_another_person(through: None, trust: Organisation) -> None:
    local = somebody(f"p-{JO}", "administrator", trust)

    sign_in(Person(JO))

    person = ProviderPerson.objects.get()
    assert person.user != local
    assert person.user.grants.get().role == "patient_flow_coordinator"


def test_a_stronger_sign_in_gives_the_role_that_asks_for_it(through: None, trust: Organisation) -> None:
    weak, _ = sign_in(Person(LEE, acr="AAL2_ANY"))
    assert set(RoleGrant.objects.running_at(datetime.now(UTC)).values_list("role", flat=True)) == {"halo"}
    assert weak.get("/people/").status_code == 403

    strong, _ = sign_in(Person(LEE))
    assert strong.get("/people/").status_code == 200
    assert (weak.session["factor"], strong.session["factor"]) == ("code", "provider")


def test_a_session_that_proved_too_little_can_be_proved_more_strongly(
    through: None, settings: Any, trust: Organisation
) -> None:
    settings.SECOND_FACTOR = "privileged"
    local = somebody("given here", "administrator", trust)
    browser, _ = sign_in(Person(LEE, acr="AAL2_ANY"))
    RoleGrant.objects.filter(user=local).update(user=ProviderPerson.objects.get().user)
    refused = browser.get("/people/roles/")
    assert refused["Location"].startswith("/my-account/second-factor/?next=")
    assert "/sign-in/provider/?strong=yes" in browser.get(refused["Location"]).content.decode()

    query = "?strong=yes&next=/people/roles/"
    assert parse_qs(urlsplit(door(browser, query)).query)["acr_values"] == ["AAL3_ANY"]
    _, weak = sign_in(Person(LEE, acr="AAL2_ANY"), browser, query)
    assert (weak.status_code, "AAL3_ANY" in weak.content.decode()) == (403, True)
    _, strong = sign_in(Person(LEE), browser, query)
    assert browser.get(strong["Location"]).status_code == 200


def test_who_signed_in_too_weakly_is_told_what_it_takes(through: None) -> None:
    browser, answer = sign_in(Person(JO, acr="AAL1_USERPASS"))

    assert answer.status_code == 403
    assert "AAL2_ANY" in answer.content.decode()
    assert not User.objects.exists()
    assert browser.get("/people/on-call/").status_code == 302


def test_who_is_given_no_role_is_told_what_was_looked_at_and_who_can_mend_it(through: None) -> None:
    _, answer = sign_in(Person(NOBODY))

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "nhsid_nrbac_roles" in page
    assert "look after Trust sign-in" in page
    assert "Max" not in page
    assert "canteen" not in page
    assert answer["X-Request-Id"] in page
    assert not User.objects.exists()
    assert verbs() == ["people.refused_sign_in"]


def test_grants_follow_the_claims_and_leave_local_ones_alone(
    through: None, settings: Any, tmp_path: Path, trust: Organisation
) -> None:
    sign_in(Person(LEE))
    user = User.objects.get()
    giver = somebody("sdo", "service_delivery_officer", trust)
    local = people.Grant(user, "dispatcher", trust, datetime.now(UTC))
    people.grant_role(local, reach=None, by=acting(giver), at=datetime.now(UTC))
    (tmp_path / "access.toml").write_text(ACCESS.replace("halo-hillside", "another group"))

    sign_in(Person(LEE))

    running = RoleGrant.objects.running_at(datetime.now(UTC)).filter(user=user)
    assert set(running.values_list("role", "from_claims")) == {("administrator", True), ("dispatcher", False)}
    assert Action.objects.filter(verb="people.end_grant", subject=f"user:{user.username}").count() == 1


def test_who_loses_every_role_there_loses_them_here_and_does_not_come_in(
    through: None, tmp_path: Path, trust: Organisation
) -> None:
    sign_in(Person(JO))
    (tmp_path / "access.toml").write_text(ACCESS.replace("R8008", "R9999"))

    _, answer = sign_in(Person(JO))

    assert answer.status_code == 403
    assert not RoleGrant.objects.running_at(datetime.now(UTC)).exists()


def test_a_role_from_claims_is_not_ended_by_hand(through: None, trust: Organisation) -> None:
    sign_in(Person(JO))
    grant = RoleGrant.objects.get()
    admin = somebody("admin", "administrator", trust)

    with pytest.raises(NotAllowed, match="would give it again"):
        people.end_grant(
            grant.pk, "x", organisation_id=trust.pk, reach=_everything(), by=acting(admin), at=AT
        )


def _everything() -> Any:
    from clearway.core.people.reach import Reach

    return Reach({"people.manage": (None, "administrator")})


def test_a_disabled_account_stays_out(through: None) -> None:
    sign_in(Person(JO))
    User.objects.update(is_active=False)

    _, answer = sign_in(Person(JO))

    assert answer.status_code == 403
    assert "disabled" in answer.content.decode()


def test_a_way_back_is_good_once_and_only_in_the_browser_that_asked(through: None) -> None:
    browser = Client()
    address = Person(JO).signs_in(door(browser))

    assert back(Client(), address).status_code == 400
    assert back(browser, address).status_code == 302
    again = back(browser, address)
    assert again.status_code == 400
    assert "used already" in again.content.decode()


def test_a_code_is_good_once(through: None) -> None:
    """The same code under a state of one's own: the provider refuses it."""
    browser, other = Client(), Client()
    used = Person(JO).signs_in(door(browser))
    assert back(browser, used).status_code == 302
    code = parse_qs(urlsplit(used).query)["code"][0]
    own = parse_qs(urlsplit(door(other)).query)["state"][0]

    answer = other.get(BACK, {"code": code, "state": own, "iss": _issuer()})

    assert answer.status_code == 403
    assert "invalid_grant" in answer.content.decode()


def _issuer() -> str:
    return ProviderPerson.objects.get().issuer


def test_another_provider_cannot_pass_its_codes_off(through: None) -> None:
    browser = Client()
    address = (
        Person(JO).signs_in(door(browser)).replace("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2Fevil")
    )

    answer = back(browser, address)

    assert answer.status_code == 403
    assert "(iss)" in answer.content.decode()


@pytest.mark.promise("S4")
def test_after_signing_out_or_a_long_pause_the_provider_asks_anew(through: None) -> None:
    person = Person(JO)
    browser, _ = sign_in(person)
    browser.get("/people/on-call/")
    session = browser.session
    session["seen_at"] -= 3600
    session.save()
    assert browser.get("/people/on-call/").status_code == 302

    asked = parse_qs(urlsplit(door(browser)).query)

    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    _, answer = sign_in(person, browser)
    assert answer.status_code == 302


def test_signing_out_goes_on_to_the_provider_by_a_page_of_its_own(through: None, provider: str) -> None:
    browser, _ = sign_in(Person(JO))

    left = browser.post("/sign-out/")
    page = browser.get(left["Location"])

    assert left["Location"] == "/sign-in/provider/gone/"
    assert f'content="0; url={provider}/session/end?id_token_hint=' in page.content.decode()
    assert "form-action &#39;self&#39;".replace("&#39;", "'") in page["Content-Security-Policy"]
    assert not ProviderSession.objects.filter(session_key__in=Session.objects.values("pk")).exists()
    assert browser.get(left["Location"])["Location"] == "/sign-in/"


@pytest.mark.promise("S4")
def test_a_sign_out_at_the_provider_ends_the_session_here(
    through: None, told: tuple[str, list[str]], provider: str
) -> None:
    person = Person(JO)
    browser, _ = sign_in(person)
    here = browser.get(browser.post("/sign-out/")["Location"]).content.decode()
    browser, _ = sign_in(person)  # at another desk, the provider's session goes on
    assert browser.get("/people/on-call/").status_code == 200
    page = person.browser.get(here.split("url=", 1)[1].split('"', 1)[0].replace("&amp;", "&"))
    token = page.text.split('name="xsrf" value="', 1)[1].split('"', 1)[0]
    person.browser.post(f"{provider}/session/end/confirm", data={"xsrf": token, "logout": "yes"})

    answer = Client().post("/sign-in/provider/logout/", {"logout_token": told[1][-1]})

    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert browser.get("/people/on-call/").status_code == 302
    assert verbs()[-1] == "people.ended_by_provider"
    again = Client().post("/sign-in/provider/logout/", {"logout_token": told[1][-1]})
    assert (again.status_code, "taken before" in again.content.decode()) == (400, True)


def test_our_public_keys_are_published_and_no_private_one(through: None) -> None:
    (key,) = Client().get("/sign-in/provider/keys/").json()["keys"]

    assert set(key) == {"kty", "n", "e", "kid", "use"}


# With an issuer that says what no provider would


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with an_issuer({"one": a_key()}) as made:
        yield made


@pytest.fixture
def odd(issuer: Issuer, settings: Any, tmp_path: Path, trust: Organisation) -> Iterator[Issuer]:
    """People sign in through it."""
    settings.OPENID = settings_for(tmp_path, issuer.address)
    yield issuer
    asking_provider.forget()
    limits.forget()


def with_token(issuer: Issuer, make: Any, browser: Client | None = None) -> Any:
    """Our answer where the provider gives the ID token that `make` makes of a nonce."""
    browser = browser or Client()
    asked = parse_qs(urlsplit(door(browser)).query)
    issuer.id_token = make(asked["nonce"][0])
    return browser.get(BACK, {"code": "x", "state": asked["state"][0]})


def now(minutes: float = 0) -> int:
    return int((datetime.now(UTC) + timedelta(minutes=minutes)).timestamp())


def test_a_good_token_of_it_is_believed(odd: Issuer) -> None:
    assert with_token(odd, lambda nonce: odd.sign(odd.claims(nonce))).status_code == 302


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"iss": "https://elsewhere.example"}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["clearway", "another"]}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"nonce": "of another question"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": now(-2)}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": now(5)}, "iat"),
        ({"iat": now(-20)}, "iat"),
        ({"nbf": now(5)}, "nbf"),
        ({"sub": None}, "sub"),
        ({"sub": "x" * 256}, "sub"),
    ],
)
def test_a_token_that_does_not_answer_our_question_lets_nobody_in(
    odd: Issuer, changed: dict[str, Any], word: str
) -> None:
    browser = Client()

    answer = with_token(odd, lambda nonce: odd.sign(odd.claims(nonce, **changed)), browser)

    assert answer.status_code == 403
    assert f"({word})" in answer.content.decode()
    assert browser.get("/people/on-call/").status_code == 302
    assert verbs() == ["people.refused_sign_in"]


def _unsigned(issuer: Issuer, nonce: str) -> str:
    return jwt.encode(issuer.claims(nonce), None, "none", headers={"kid": "one"})


def _signed_with_the_public_key(issuer: Issuer, nonce: str) -> str:
    """HS256 with what everybody can fetch. Made by hand: the library would not."""
    public = a_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "kid": "one"}, issuer.claims(nonce)]
    text = b".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in parts)
    made = hmac.digest(public, text, hashlib.sha256)
    return (text + b"." + base64.urlsafe_b64encode(made).rstrip(b"=")).decode()


def _signed_by_another(issuer: Issuer, nonce: str) -> str:
    key = rsa.generate_private_key(65537, 2048)
    return jwt.encode(issuer.claims(nonce), key, "RS256", headers={"kid": "one"})


def _changed_afterwards(issuer: Issuer, nonce: str) -> str:
    head, _, tail = issuer.sign(issuer.claims(nonce)).split(".")
    body = json.dumps(issuer.claims(nonce, sub="somebody else")).encode()
    return f"{head}.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.{tail}"


def _with_an_order(issuer: Issuer, nonce: str) -> str:
    headers = {"kid": "one", "crit": ["exp"], "exp": 1}
    return jwt.encode(issuer.claims(nonce), a_key(), "RS256", headers=headers)


@pytest.mark.parametrize(
    "make",
    [_unsigned, _signed_with_the_public_key, _signed_by_another, _changed_afterwards, _with_an_order],
    ids=lambda make: make.__name__.strip("_"),
)
def test_a_token_that_the_provider_has_not_signed_lets_nobody_in(odd: Issuer, make: Any) -> None:
    answer = with_token(odd, lambda nonce: make(odd, nonce))

    assert answer.status_code == 403
    assert not User.objects.exists()
    assert verbs() == []  # anybody may have made it: it does not fill the audit


def test_what_is_no_token_at_all_lets_nobody_in(odd: Issuer) -> None:
    for text in ("", "a.b.c", "." * 70_000, "é"):
        assert with_token(odd, lambda _, text=text: text).status_code == 403


def test_new_keys_of_the_provider_are_fetched_once_and_old_ones_count_no_more(odd: Issuer) -> None:
    old = odd.sign(odd.claims("x"))
    assert with_token(odd, lambda nonce: odd.sign(odd.claims(nonce))).status_code == 302
    odd.keys = {"two": rsa.generate_private_key(65537, 2048)}
    asking_provider._keys[odd.address].at = datetime.now(UTC) - timedelta(minutes=1)

    assert with_token(odd, lambda nonce: odd.sign(odd.claims(nonce), "two")).status_code == 302
    assert with_token(odd, lambda _: old).status_code == 403
    assert with_token(odd, lambda _: old).status_code == 403
    assert odd.asked.count("/jwks") == 2


def test_when_somebody_was_to_sign_in_anew_an_old_sign_in_will_not_do(odd: Issuer) -> None:
    def come(minutes: float | None) -> int:
        browser = Client()
        asked = parse_qs(urlsplit(door(browser, "?anew=yes")).query)
        when = None if minutes is None else now(minutes)
        odd.id_token = odd.sign(odd.claims(asked["nonce"][0], auth_time=when))
        return int(browser.get(BACK, {"code": "x", "state": asked["state"][0]}).status_code)

    assert [come(each) for each in (None, -5, 0)] == [403, 403, 302]


@pytest.mark.promise("S4")
def test_who_proved_it_longer_ago_than_the_idle_limit_proves_it_again(odd: Issuer) -> None:
    """Whatever our session remembers: next morning it is gone, and the provider may know another person."""
    asked = parse_qs(urlsplit(door(Client())).query)
    assert (asked["max_age"], "prompt" in asked) == (["1800"], False)

    def come(minutes: float | None) -> int:
        when = None if minutes is None else now(minutes)
        answer = with_token(odd, lambda nonce: odd.sign(odd.claims(nonce, auth_time=when)))
        return int(answer.status_code)

    assert [come(each) for each in (None, -40, -20)] == [403, 403, 302]


def of_lee(odd: Issuer, acr: str, browser: Client | None = None) -> Client:
    """Lee, who is a HALO, and an administrator where the sign-in was strong."""
    browser = browser or Client()
    said = {"sub": LEE, "acr": acr, "groups": PEOPLE[LEE]["groups"], "nhsid_nrbac_roles": []}
    assert with_token(odd, lambda nonce: odd.sign(odd.claims(nonce, **said)), browser).status_code == 302
    return browser


def test_a_role_that_asks_for_more_counts_in_the_session_that_proved_it_and_only_there(odd: Issuer) -> None:
    weak = of_lee(odd, "AAL2_ANY")
    strong = of_lee(odd, "AAL3_ANY")
    assert (weak.get("/people/").status_code, strong.get("/people/").status_code) == (403, 200)

    of_lee(odd, "AAL2_ANY")  # at a third machine

    assert (weak.get("/people/").status_code, strong.get("/people/").status_code) == (403, 200)
    assert Action.objects.filter(verb="people.end_grant").count() == 0
    of_lee(odd, "AAL2_ANY", strong)  # here it counts
    assert strong.get("/people/").status_code == 403


def test_a_live_stream_shows_what_its_session_proved_and_no_more(
    odd: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "close_old_connections", lambda: None)  # the test's own
    (tmp_path / "access.toml").write_text(ACCESS.replace('"administrator"', '"service_delivery_officer"'))
    strong, weak = of_lee(odd, "AAL3_ANY"), of_lee(odd, "AAL2_ANY")

    def shown(browser: Client) -> set[str]:
        cookie = f"sessionid={browser.cookies['sessionid'].value}".encode()
        viewer = viewers.authenticate(
            {"headers": [(b"cookie", cookie)]}, frozenset(viewers.PERMISSION_OF_TOPIC)
        )
        return {topic for topic, _ in viewer.scopes} if viewer else set()

    assert shown(weak) < shown(strong)


def test_claims_about_somebody_else_are_not_taken(odd: Issuer) -> None:
    odd.userinfo = {"sub": "another", "groups": ["clearway-administrators"]}

    answer = with_token(odd, lambda nonce: odd.sign(odd.claims(nonce, groups=None)))

    assert answer.status_code == 403
    assert "sub of userinfo" in answer.content.decode()


@pytest.mark.promise("R19")
@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_a_provider_that_is_another_or_speaks_in_the_clear_is_asked_nothing(
    odd: Issuer, says: dict[str, Any]
) -> None:
    odd.says = says

    assert Client().get("/sign-in/provider/").status_code == 503
    assert Client().get("/sign-in/provider/").status_code == 503
    assert odd.asked == ["/.well-known/openid-configuration"]  # and not again within seconds


def logout_of(issuer: Issuer, **changed: Any) -> dict[str, Any]:
    usual = {
        "iss": issuer.address,
        "aud": "clearway",
        "iat": now(),
        "exp": now(2),
        "jti": "logout-1",
        "sid": "session-1",
        "events": {LOGOUT_EVENT: {}},
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


@pytest.mark.promise("S4")
@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "x"},
        {"events": None},
        {"events": {"another": {}}},
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"jti": None},
        {"sid": None},
        {"exp": now(-2)},
    ],
    ids=lambda changed: f"{next(iter(changed))} wrong",
)
def test_a_wrong_logout_token_ends_nothing(odd: Issuer, changed: dict[str, Any]) -> None:
    browser = Client()
    with_token(odd, lambda nonce: odd.sign(odd.claims(nonce)), browser)

    for token in (odd.sign(logout_of(odd, **changed)), jwt.encode(logout_of(odd), None, "none")):
        assert Client().post("/sign-in/provider/logout/", {"logout_token": token}).status_code == 400

    assert browser.get("/people/on-call/").status_code == 200


@pytest.mark.promise("S4")
def test_a_logout_of_a_person_ends_every_session_and_one_of_a_session_that_alone(odd: Issuer) -> None:
    browsers = {sid: Client() for sid in ("a", "b", "c")}
    for sid, browser in browsers.items():
        with_token(odd, lambda nonce, sid=sid: odd.sign(odd.claims(nonce, sid=sid)), browser)

    def after(**named: Any) -> list[int]:
        token = odd.sign(logout_of(odd, **named))
        assert Client().post("/sign-in/provider/logout/", {"logout_token": token}).status_code == 200
        return [browser.get("/people/on-call/").status_code for browser in browsers.values()]

    assert after(sid="b", jti="1") == [200, 302, 200]
    assert after(sid=None, sub="555000000101", jti="2") == [302, 302, 302]


@pytest.mark.promise("S4")
def test_a_logout_ends_what_may_be_meant_where_the_provider_named_no_session(odd: Issuer) -> None:
    nameless, named = Client(), Client()
    with_token(odd, lambda nonce: odd.sign(odd.claims(nonce, sid=None)), nameless)
    with_token(odd, lambda nonce: odd.sign(odd.claims(nonce, sid="another")), named)

    token = odd.sign(logout_of(odd, sub="555000000101"))
    assert Client().post("/sign-in/provider/logout/", {"logout_token": token}).status_code == 200

    assert [each.get("/people/on-call/").status_code for each in (nameless, named)] == [302, 200]


@pytest.mark.promise("S4")
@pytest.mark.parametrize(
    ("logout", "sid"),
    [({"sid": None, "sub": "555000000101"}, "session-1"), ({"sub": "555000000101"}, None)],
    ids=["of the person", "of a session that has no name here"],
)
def test_who_was_signed_out_before_the_session_began_here_proves_it_anew(
    odd: Issuer, logout: dict[str, Any], sid: str | None
) -> None:
    token = odd.sign(logout_of(odd, iat=now(-0.5), **logout))
    assert Client().post("/sign-in/provider/logout/", {"logout_token": token}).status_code == 200

    def come(minutes: float) -> int:
        made = lambda nonce: odd.sign(odd.claims(nonce, sid=sid, auth_time=now(minutes)))  # noqa: E731
        browser = Client()
        return max(with_token(odd, made, browser).status_code, browser.get("/people/on-call/").status_code)

    assert [come(each) for each in (-5, 0)] == [403, 302]


@pytest.mark.promise("S4")
def test_a_session_that_ended_before_it_began_here_does_not_begin(odd: Issuer) -> None:
    token = odd.sign(logout_of(odd))
    assert Client().post("/sign-in/provider/logout/", {"logout_token": token}).status_code == 200
    browser = Client()

    answer = with_token(odd, lambda nonce: odd.sign(odd.claims(nonce)), browser)

    assert answer.status_code == 403
    assert browser.get("/people/on-call/").status_code == 302


# Opening a patient who is not one's own work, without a password here

OPEN = {"reason": "welfare", "words": "The crew rings about her"}
SHOWN = "Ada Brown"


@pytest.fixture
def old(trust: Organisation) -> str:
    """The page of an incident of last month."""
    Incident.objects.create(
        organisation=trust, key="I-9", call_connect_at=datetime.now(UTC) - timedelta(days=30)
    )
    Identity.objects.create(organisation=trust, incident="I-9", name=SHOWN)
    return "/incidents/I-9/"


def comes(odd: Issuer, browser: Client, query: str = "") -> Any:
    """A coordinator signs in, and has just done so."""
    asked = parse_qs(urlsplit(door(browser, query)).query)
    odd.id_token = odd.sign(odd.claims(asked["nonce"][0], auth_time=now()))
    return browser.get(BACK, {"code": "x", "state": asked["state"][0]})


def long_after(browser: Client) -> None:
    """More than ten minutes after this person proved who they are."""
    session = browser.session
    strength.spend(session)
    session.save()


@pytest.mark.promise("S5")
def test_who_has_just_signed_in_there_opens_a_patient_and_is_asked_for_nothing_to_type(
    odd: Issuer, old: str
) -> None:
    browser = Client()
    comes(odd, browser)
    assert 'name="proof"' not in browser.get(old).content.decode()

    assert browser.post(f"{old}open/", OPEN)["Location"] == old

    assert SHOWN in browser.get(old).content.decode()
    assert (Opening.objects.get().proved, Task.objects.get().priority) == ("sign_in", 2)


@pytest.mark.promise("S5")
def test_who_signed_in_long_ago_does_so_again_in_the_same_session_and_nothing_typed_is_lost(
    odd: Issuer, old: str
) -> None:
    browser = Client()
    comes(odd, browser)
    long_after(browser)
    refused = browser.post(f"{old}open/", OPEN | {"proof": "anything", "without": "yes"})
    assert refused.status_code == 422
    assert not Opening.objects.exists()
    again = re.search(r'href="/sign-in/provider/(\?anew=yes[^"]+)"', refused.content.decode())
    assert again is not None

    came = comes(odd, browser, again[1].replace("&amp;", "&"))

    assert came["Location"] == old
    assert OPEN["words"] in browser.get(old).content.decode()
    assert browser.post(f"{old}open/", OPEN).status_code == 302
    assert Opening.objects.get().proved == "sign_in"


@pytest.mark.promise("S5")
def test_who_went_there_and_could_not_sign_in_opens_without_and_the_officer_reads_it_first(
    odd: Issuer, old: str
) -> None:
    browser = Client()
    comes(odd, browser)
    long_after(browser)
    door(browser, f"?anew=yes&next={old}")  # and no way back

    assert browser.post(f"{old}open/", OPEN).status_code == 422
    assert browser.post(f"{old}open/", OPEN | {"without": "yes"}).status_code == 302

    task = Task.objects.get()
    assert (Opening.objects.get().proved, task.priority) == ("none", 1)
    assert "not at all" in task.cause
    opened = Action.objects.get(verb="openings.open")
    assert opened.detail["proved"] == "none"


@pytest.mark.promise("S5")
def test_while_the_provider_is_away_a_patient_opens_without_a_proof_and_the_officer_reads_it_first(
    odd: Issuer, settings: Any, tmp_path: Path, old: str
) -> None:
    browser = Client()
    comes(odd, browser)
    long_after(browser)
    asking_provider.forget()
    settings.OPENID = settings_for(tmp_path, "http://127.0.0.1:9")
    assert browser.post(f"{old}open/", OPEN).status_code == 422
    away = browser.get(f"/sign-in/provider/?anew=yes&next={old}")
    assert (away.status_code, f'href="{old}"' in away.content.decode()) == (503, True)
    assert OPEN["words"] in browser.get(old).content.decode()

    assert browser.post(f"{old}open/", OPEN).status_code == 302

    assert SHOWN in browser.get(old).content.decode()
    assert (Opening.objects.get().proved, Task.objects.get().priority) == ("away", 1)


# Away, wrongly set up, and recovery


@pytest.mark.promise("R19")
def test_while_the_provider_is_away_a_plain_page_names_the_way_round(
    settings: Any, tmp_path: Path, trust: Organisation
) -> None:
    settings.OPENID = settings_for(tmp_path, "http://127.0.0.1:9")

    answer = Client().get("/sign-in/provider/")

    assert answer.status_code == 503
    assert "/sign-in/?recovery=yes" in answer.content.decode()
    logout = Client().post("/sign-in/provider/logout/", {"logout_token": "a.b.c"})
    assert logout.status_code == 503


@pytest.mark.promise("R19")
def test_a_provider_that_breaks_in_the_middle_lets_nobody_in(odd: Issuer) -> None:
    browser = Client()
    state = parse_qs(urlsplit(door(browser)).query)["state"][0]
    odd.server.shutdown()
    odd.server.server_close()

    assert browser.get(BACK, {"code": "x", "state": state}).status_code == 503


@pytest.mark.promise("R19")
def test_a_provider_that_hangs_holds_one_of_our_threads_and_never_more_than_two(
    odd: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def back_from_there() -> int:
        browser = Client()
        state = parse_qs(urlsplit(door(browser)).query)["state"][0]
        return int(browser.get(BACK, {"code": "x", "state": state}).status_code)

    monkeypatch.setattr(asking_provider, "TURN", 0.01)
    assert asking_provider._turns.acquire() and asking_provider._turns.acquire()
    assert (back_from_there(), odd.asked.count("/token")) == (503, 0)
    asking_provider._turns.release(asking_provider.AT_ONCE)

    monkeypatch.setattr(asking_provider, "PATIENCE", 0.1)
    odd.hangs = 0.3
    assert [back_from_there(), back_from_there()] == [503, 503]
    assert odd.asked.count("/token") == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "was cancelled"),
        ("unmet_authentication_requirements", "AAL3_ANY"),
        ("server_error", "could not be relied on"),
    ],
)
def test_an_error_of_the_provider_is_said_plainly_and_fills_no_audit(
    odd: Issuer, error: str, words: str
) -> None:
    browser = Client()
    state = parse_qs(urlsplit(door(browser, "?strong=yes&next=/people/on-call/")).query)["state"][0]

    answer = browser.get(BACK, {"error": error, "state": state})

    page = answer.content.decode()
    assert (answer.status_code, words in page, verbs()) == (403, True, [])
    again = "/sign-in/provider/?strong=yes&amp;next=%2Fpeople%2Fon-call%2F"
    assert (again in page) is (error != "server_error")


def test_one_address_asks_the_provider_only_so_often(odd: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AT_ONCE", 2)
    monkeypatch.setattr(limits, "A_SECOND", 0)
    here, elsewhere = Client(), Client(REMOTE_ADDR="10.0.0.9")

    answers = [here.get(path) for path in ("/sign-in/provider/", BACK, "/sign-in/provider/", BACK)]

    assert [each.status_code for each in answers] == [302, 400, 429, 429]
    assert answers[-1]["Retry-After"] == "10"
    assert elsewhere.get("/sign-in/provider/").status_code == 302


def test_no_stronger_way_is_offered_where_the_trust_names_none(
    odd: Issuer, settings: Any, tmp_path: Path, trust: Organisation
) -> None:
    settings.SECOND_FACTOR = "privileged"
    (tmp_path / "access.toml").write_text(ACCESS.replace('resistant = "AAL3_ANY"', ""))
    browser = of_lee(odd, "AAL3_ANY")

    page = browser.get(browser.get("/people/roles/")["Location"]).content.decode()

    assert ("needs a passkey" in page, "?strong=yes" in page) == (True, False)


@pytest.mark.parametrize("setting", ["client_id", "key_file", "access_file", "address"])
def test_what_is_half_set_up_opens_nothing(odd: Issuer, settings: Any, setting: str) -> None:
    settings.OPENID = {**settings.OPENID, setting: ""}
    somebody("pfc")
    User.objects.get(username="pfc").set_password(PASSWORD)

    assert Client().get("/sign-in/provider/").status_code == 503


@pytest.fixture
def local(trust: Organisation) -> User:
    user = somebody("night", "service_delivery_officer", trust)
    user.set_password(PASSWORD)
    user.save()
    return user


def try_local(browser: Client | None = None) -> Any:
    return (browser or Client()).post("/sign-in/", {"username": "night", "password": PASSWORD})


def test_beside_a_provider_a_local_account_stays_out_as_if_the_password_were_wrong(
    odd: Issuer, local: User
) -> None:
    def answer(password: str, machine: str) -> tuple[int, str]:
        typed = {"username": "night", "password": password}
        said = Client(REMOTE_ADDR=machine).post("/sign-in/", typed)
        found = re.search('id="username-error".*?</span>.*?</span>', said.content.decode(), re.DOTALL)
        return said.status_code, found[0] if found else ""

    right = [answer(PASSWORD, "10.0.0.1") for _ in range(5)]

    assert right[0] == answer("another, which is wrong", "10.0.0.2")
    assert ([status for status, _ in right], "not right" in right[0][1]) == ([422, 422, 422, 422, 429], True)
    assert verbs()[0] == "people.refused_sign_in"


def test_one_kept_for_recovery_comes_in_and_somebody_is_told(
    odd: Issuer, local: User, trust: Organisation
) -> None:
    recovery.keep_for_recovery(local, True, organisation_id=trust.pk, by=acting(local), at=AT)

    browser = Client()
    assert try_local(browser).status_code == 302
    assert verbs() == ["people.keep_for_recovery", "people.sign_in", "people.use_recovery", "tasks.raise"]
    task = Task.objects.get()
    assert (task.role, "night" in task.title) == ("privacy_officer", True)
    opened = browser.get("/people/on-call/")  # by a password alone, only the page for adding a second factor
    assert (opened.status_code, opened["Location"].split("?")[0]) == (302, "/my-account/second-factor/")

    recovery.keep_for_recovery(local, False, organisation_id=trust.pk, by=acting(local), at=AT)
    assert try_local().status_code == 422


def test_the_command_marks_an_account_and_says_which_there_is_none_of(
    local: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clearway.cli.ground.prepare", lambda role: None)

    assert cli.main(["user", "recovery", "night", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "night", "recovery": True}
    assert User.objects.get().for_recovery
    assert cli.main(["user", "recovery", "night", "--end"]) == 0
    assert not User.objects.get().for_recovery
    assert cli.main(["user", "recovery", "day"]) == 2


def test_an_account_of_the_provider_is_none_for_recovery(through: None, trust: Organisation) -> None:
    sign_in(Person(JO))

    with pytest.raises(NotAllowed, match="would be away"):
        recovery.keep_for_recovery(
            User.objects.get(), True, organisation_id=trust.pk, by=acting(somebody("x")), at=AT
        )


def test_the_sign_in_page_offers_the_provider_first(odd: Issuer) -> None:
    page = Client().get("/sign-in/", {"next": "/people/on-call/"}).content.decode()

    assert "Sign in with Trust sign-in" in page
    assert 'href="/sign-in/provider/?next=' in page
    assert "password" not in page


def test_without_a_provider_its_pages_are_not_there(trust: Organisation) -> None:
    for name in ("", "back/", "keys/", "gone/"):
        assert Client().get(f"/sign-in/provider/{name}").status_code == 404
    assert Client().post("/sign-in/provider/logout/").status_code == 404
