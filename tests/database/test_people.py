"""Signing in, roles that begin and end by themselves, and who is on call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.live import viewers
from clearway.core.live.stream import CHECK_SECONDS
from clearway.core.organisation.models import Organisation
from clearway.core.people import actions, demo, queries
from clearway.core.people.duties import DUTIES
from clearway.core.people.models import OnCall, RoleGrant, User
from clearway.core.people.reach import NOTHING, Reach, standing
from clearway.domain.shared.errors import NotAllowed
from tests.trust import AT, PASSWORD, a_trust, acting, signed_in, somebody

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
EVERYTHING_OF_AN_ADMINISTRATOR = Reach({"people.manage": (None, "administrator")})


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


def verbs() -> list[str]:
    return list(Action.objects.order_by("id").values_list("verb", flat=True))


def a_grant(user: User, role: str, trust: Organisation, **named: Any) -> actions.Grant:
    return actions.Grant(user, role, trust, **{"starts_at": AT, **named})


# What a person may do at an instant


def test_without_a_running_grant_a_person_reaches_nothing(trust: Organisation) -> None:
    later = somebody("later", "dispatcher", trust, starts_at=AT + HOUR)

    assert standing(later, AT).reach is NOTHING
    assert standing(later, AT + HOUR).reach.allows("handovers.read")


@pytest.mark.promise("S1")
def test_acting_up_ends_by_itself(trust: Organisation) -> None:
    person = somebody("pfc", "patient_flow_coordinator", trust)
    somebody("pfc", "service_delivery_officer", trust, starts_at=AT, ends_at=AT + HOUR)

    assert standing(person, AT).roles == ("service_delivery_officer", "patient_flow_coordinator")
    assert standing(person, AT + HOUR).roles == ("patient_flow_coordinator",)


@pytest.mark.promise("S1")
def test_a_liaison_officer_reaches_one_hospital(trust: Organisation) -> None:
    reach = standing(somebody("halo", "halo", trust, site="TV001"), AT).reach

    assert reach.allows_site("TV001", "handovers.mark")
    assert not reach.allows_site("TV002", "handovers.mark")
    assert not reach.allows("map.read")


def test_two_hospitals_add_up(trust: Organisation) -> None:
    somebody("halo", "halo", trust, site="TV001")
    reach = standing(somebody("halo", "halo", trust, site="TV002"), AT).reach

    assert reach.sites_for("handovers.read") == {"TV001", "TV002"}


def test_standing_costs_one_query(trust: Organisation, django_assert_num_queries: Any) -> None:
    person = somebody("halo", "halo", trust)

    with django_assert_num_queries(1):
        standing(person, AT)


# Signing in and out


@pytest.fixture
def person(trust: Organisation) -> User:
    user = somebody("pfc", "patient_flow_coordinator", trust)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, **fields: str) -> Any:
    return client.post("/sign-in/", {"username": "pfc", "password": PASSWORD, **fields})


@pytest.mark.promise("S6")
def test_signing_in_goes_where_one_wanted_and_is_recorded(person: User) -> None:
    response = sign_in(Client(), next="/people/on-call/")

    assert (response.status_code, response["Location"]) == (302, "/people/on-call/")
    assert verbs() == ["people.sign_in"]


def test_signing_in_never_leads_to_another_site(person: User) -> None:
    assert sign_in(Client(), next="https://elsewhere.example/")["Location"] == "/"


def test_a_wrong_password_says_what_to_do_and_not_which_half_was_wrong(person: User) -> None:
    wrong = sign_in(Client(), password="wrong")
    nobody = sign_in(Client(), username="nobody")

    assert wrong.status_code == nobody.status_code == 422
    assert "is not right" in wrong.content.decode()
    assert "is not right" in nobody.content.decode()


def test_password_managers_can_fill_the_form(person: User) -> None:
    page = Client().get("/sign-in/").content.decode()

    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page


def test_five_wrong_passwords_lock_for_a_while(person: User) -> None:
    client = Client()
    for _ in range(5):
        last = sign_in(client, password="wrong")

    assert last.status_code == 429
    assert sign_in(client).status_code == 429


@pytest.mark.promise("S4")
def test_a_disabled_account_is_out_at_the_next_click(person: User) -> None:
    client = signed_in(person)
    assert client.get("/people/on-call/").status_code == 200

    User.objects.filter(pk=person.pk).update(is_active=False)

    assert client.get("/people/on-call/")["Location"].startswith("/sign-in/?next=")


@pytest.mark.promise("S4")
@pytest.mark.parametrize("how", ["disabled", "ended by another", "password"])
def test_pages_and_streams_end_with_the_account_and_on_request(
    trust: Organisation, person: User, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(viewers, "close_old_connections", lambda: None)
    client = signed_in(person)
    client.get("/wallboard/")
    scope = {"headers": [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]}
    assert viewers.authenticate(scope, frozenset({"wall"})) is not None

    admin = signed_in(somebody("admin", "administrator", trust))
    if how == "password":
        who = {"organisation_id": trust.pk, "by": acting(person), "at": AT}
        actions.set_password(User.objects.get(pk=person.pk), "another long enough one", **who)
    else:
        address = "sessions/end/" if how == "ended by another" else "enabled/"
        admin.post(f"/people/accounts/pfc/{address}", {"enabled": "no", "reason": "Left the trust"})

    assert client.get("/wallboard/")["Location"].startswith("/sign-in/")
    assert viewers.authenticate(scope, frozenset({"wall"})) is None  # asked again within the minute
    assert CHECK_SECONDS < 60
    assert admin.get("/people/").status_code == 200


@pytest.mark.promise("S4")
@pytest.mark.parametrize(
    ("clock", "words"), [("seen_at", "nothing was touched"), ("signed_in_at", "12 hours old")]
)
def test_a_session_ends_when_idle_or_old_and_says_so(person: User, clock: str, words: str) -> None:
    client = signed_in(person)
    client.get("/people/on-call/")
    session = client.session
    session[clock] = (datetime.now(UTC) - timedelta(hours=13)).timestamp()
    session.save()

    response = client.get("/people/on-call/", follow=True)

    assert response.redirect_chain[0][0].startswith("/sign-in/")
    assert words in response.content.decode()


def test_a_board_that_refreshes_by_itself_does_not_keep_a_session_alive(person: User) -> None:
    client = signed_in(person)
    client.get("/people/on-call/")
    session = client.session
    before = session["seen_at"] = session["seen_at"] - 600
    session.save()

    client.get("/people/on-call/", headers={"X-Clearway-Background": "1"})
    assert client.session["seen_at"] == before

    client.get("/people/on-call/")
    assert client.session["seen_at"] > before


def test_signing_out_ends_the_session_and_is_recorded(person: User) -> None:
    client = signed_in(person)

    response = client.post("/sign-out/")

    assert response["Clear-Site-Data"]
    assert verbs() == ["people.sign_out"]
    assert not Session.objects.filter(pk=client.session.session_key).exists()


def test_signing_out_needs_a_form(person: User) -> None:
    assert signed_in(person).get("/sign-out/").status_code == 405


# Refusals


@pytest.mark.promise("S1")
def test_a_refusal_names_the_roles_that_can_and_is_recorded(person: User) -> None:
    response = signed_in(person).get("/people/")

    page = response.content.decode()
    assert response.status_code == 403
    assert "Service delivery officer" in page
    assert "Administrator" in page
    assert response["X-Request-Id"] in page
    refusal = Action.objects.get(verb="people.refused")
    assert (refusal.subject, refusal.request_id) == ("page:/people/", response["X-Request-Id"])


# Giving and ending roles


def test_an_administrator_gives_a_role_from_the_page(trust: Organisation) -> None:
    admin, new = somebody("admin", "administrator", trust), somebody("new")

    response = signed_in(admin).post("/people/roles/", {"user": "new", "role": "halo", "site": "TV002"})

    assert response.status_code == 302
    grant = RoleGrant.objects.get(user=new)
    assert (grant.role, grant.site and grant.site.code, grant.granted_by) == ("halo", "TV002", admin)
    assert Action.objects.get(verb="people.grant_role").role == "administrator"


@pytest.mark.promise("S1")
@pytest.mark.parametrize("address", ["/people/roles/", "/people/acting-up/"])
def test_people_of_another_trust_are_neither_named_nor_given_a_role(
    trust: Organisation, address: str
) -> None:
    somebody("stranger", "dispatcher", a_trust("other-vale"))
    for name in ("new", "left"):
        somebody(name)
    somebody("left", "dispatcher", trust, ends_at=AT - HOUR)
    admin = signed_in(somebody("admin", "administrator", trust))

    page = admin.get(address).content.decode()
    refused = admin.post(address, {"user": "stranger", "role": "dispatcher"})

    assert all(f'value="{name}"' in page for name in ("admin", "left", "new"))
    assert refused.status_code == 422
    assert "Choose a person from the list" in refused.content.decode()
    assert "Stranger" not in page + refused.content.decode()


def test_a_refused_grant_keeps_what_was_typed(trust: Organisation) -> None:
    somebody("new")
    page = signed_in(somebody("admin", "administrator", trust)).post(
        "/people/roles/", {"user": "new", "role": "halo", "reason": "covers nights"}
    )

    assert page.status_code == 422
    assert "choose the site" in page.content.decode()
    assert 'value="covers nights"' in page.content.decode()


@pytest.mark.parametrize(
    ("role", "named", "why"),
    [
        ("chief", {}, "no role"),
        ("halo", {}, "choose the site"),
        ("local_commander", {}, "choose the area"),
        ("dispatcher", {"ends_at": AT - HOUR}, "over before"),
        ("dispatcher", {"acting": True, "reason": "x"}, "an end and a reason"),
        ("dispatcher", {"acting": True, "ends_at": AT + HOUR}, "an end and a reason"),
    ],
)
def test_a_grant_that_means_nothing_is_refused(
    trust: Organisation, role: str, named: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        actions.grant_role(
            a_grant(somebody("new"), role, trust, **named), reach=None, by=acting(somebody("x")), at=AT
        )


@pytest.mark.promise("S1")
def test_nobody_gives_a_role_to_himself(trust: Organisation) -> None:
    admin = somebody("admin", "administrator", trust)

    with pytest.raises(NotAllowed, match="himself"):
        actions.grant_role(
            a_grant(admin, "dispatcher", trust), reach=EVERYTHING_OF_AN_ADMINISTRATOR, by=acting(admin), at=AT
        )


@pytest.mark.promise("S1")
@pytest.mark.parametrize(
    ("role", "named", "why"),
    [
        ("patient_flow_coordinator", {}, "for good"),
        ("patient_flow_coordinator", {"acting": True, "ends_at": AT + 14 * HOUR, "reason": "x"}, "one shift"),
        ("administrator", {"acting": True, "ends_at": AT + HOUR, "reason": "x"}, "people.manage"),
    ],
)
def test_command_cannot_give_more_than_one_shift_or_more_than_its_own(
    trust: Organisation, role: str, named: dict[str, Any], why: str
) -> None:
    officer = somebody("sdo", "service_delivery_officer", trust)

    with pytest.raises(NotAllowed, match=why):
        actions.grant_role(
            a_grant(somebody("new"), role, trust, **named),
            reach=standing(officer, AT).reach,
            by=acting(officer),
            at=AT,
        )


def test_command_lets_somebody_stand_in_for_a_shift(trust: Organisation) -> None:
    officer, person = somebody("sdo", "service_delivery_officer", trust), somebody("new")
    wanted = a_grant(
        person, "service_delivery_officer", trust, acting=True, ends_at=AT + 12 * HOUR, reason="sickness"
    )

    actions.grant_role(wanted, reach=standing(officer, AT).reach, by=acting(officer), at=AT)

    assert standing(person, AT).roles == ("service_delivery_officer",)
    assert standing(person, AT + 12 * HOUR).roles == ()


def test_a_person_belongs_to_one_trust(trust: Organisation) -> None:
    person = somebody("pfc", "patient_flow_coordinator", trust)

    with pytest.raises(NotAllowed, match="another trust"):
        actions.grant_role(
            a_grant(person, "dispatcher", a_trust("other-vale")), reach=None, by=acting(person), at=AT
        )


def test_an_ended_role_is_gone_at_once_and_its_reason_is_kept(trust: Organisation) -> None:
    admin, person = somebody("admin", "administrator", trust), somebody("pfc", "dispatcher", trust)
    grant = RoleGrant.objects.get(user=person)

    actions.end_grant(
        grant.pk,
        "left",
        organisation_id=trust.pk,
        reach=EVERYTHING_OF_AN_ADMINISTRATOR,
        by=acting(admin),
        at=AT,
    )

    assert standing(person, AT).roles == ()
    assert Action.objects.get(verb="people.end_grant").detail["reason"] == "left"


def test_a_role_of_another_trust_cannot_be_ended(trust: Organisation) -> None:
    admin = somebody("admin", "administrator", trust)
    somebody("pfc", "dispatcher", a_trust("other-vale"))
    grant = RoleGrant.objects.get(user__username="pfc")

    assert signed_in(admin).post(f"/people/roles/{grant.pk}/end/", {"reason": "x"}).status_code == 404


def test_without_an_audit_row_nothing_is_given(trust: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the audit cannot be written")

    monkeypatch.setattr(actions, "record", fail)
    with pytest.raises(OSError, match="audit"):
        actions.grant_role(
            a_grant(somebody("new"), "dispatcher", trust), reach=None, by=acting(somebody("x")), at=AT
        )

    assert not RoleGrant.objects.exists()


# On call


def put(trust: Organisation, user: User, area: str | None, hours: tuple[int, int] = (0, 12)) -> OnCall:
    return actions.put_on_call(
        user,
        "local_commander",
        trust.areas.get(code=area) if area else None,
        (AT + hours[0] * HOUR, AT + hours[1] * HOUR),
        "talk group 4",
        organisation_id=trust.pk,
        by=acting(user),
        at=AT,
    )


def test_the_commander_of_the_area_comes_before_the_one_of_the_trust(trust: Organisation) -> None:
    north, south = trust.areas.get(code="north"), trust.areas.get(code="south")
    put(trust, somebody("whole"), None)
    put(trust, somebody("northern"), "north")

    def holder(area_id: int | None, at: datetime = AT) -> str | None:
        found = queries.on_call(trust.pk, "local_commander", area_id, at)
        return found.user.username if found else None

    assert holder(north.pk) == "northern"
    assert holder(south.pk) == "whole"
    assert holder(None) == "whole"
    assert holder(north.pk, AT + 12 * HOUR) is None


def test_two_people_cannot_hold_one_duty_at_once(trust: Organisation) -> None:
    put(trust, somebody("one"), "north")

    with pytest.raises(NotAllowed, match="Somebody holds"):
        put(trust, somebody("other"), "north", (11, 20))

    put(trust, somebody("other"), "north", (12, 20))


def test_the_on_call_page_names_the_duties_that_nobody_holds(trust: Organisation) -> None:
    page = (
        signed_in(somebody("pfc", "patient_flow_coordinator", trust)).get("/people/on-call/").content.decode()
    )

    assert "Nobody is on call now as:" in page


def test_somebody_is_put_on_call_and_taken_off_from_the_page(trust: Organisation) -> None:
    client = signed_in(somebody("sdo", "service_delivery_officer", trust))
    turn = {"starts_at": "2031-01-06T07:00", "ends_at": "2031-01-06T19:00", "contact": "1234"}

    made = client.post("/people/on-call/new/", {"user": "sdo", "duty": "local_commander", **turn})
    row = OnCall.objects.get()
    ended = client.post(f"/people/on-call/{row.pk}/end/")

    assert made.status_code == ended.status_code == 302
    assert not OnCall.objects.exists()
    assert verbs() == ["people.put_on_call", "people.end_on_call"]


# Accounts to look around with


def test_demonstration_accounts_are_made_once_and_get_the_password_of_the_day(trust: Organisation) -> None:
    demo.ensure_accounts(trust, "password of monday", AT)
    names = demo.ensure_accounts(trust, "password of tuesday", AT)

    assert {"pfc", "sdo", "halo-tv001", "commander-north"} <= set(names)
    assert User.objects.get(username="pfc").check_password("password of tuesday")
    assert RoleGrant.objects.count() == len(names)
    held = queries.rota(trust.pk, AT)
    south = trust.areas.get(code="south").pk
    assert [duty for duty in DUTIES if held.holder(duty, south) is None] == []
