"""The boards: what they show, to whom, and with how many queries."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.decisions import snapshots
from clearway.core.feeds.models import Source
from clearway.core.layout.columns import Column, usual
from clearway.core.live.fragments import Fragment
from clearway.core.live.models import Heartbeat
from clearway.core.organisation.models import Organisation, Site
from clearway.core.people.models import RoleGrant, SavedView, User
from clearway.desks.ambulance import live
from clearway.desks.ambulance.forecast import presenters as forecasts
from clearway.desks.ambulance.handovers import columns
from clearway.desks.ambulance.resources import views as resources
from clearway.domain.ambulance.events import AvailabilityEvent, Position
from clearway.domain.ambulance.words import Availability, ResourceKind
from clearway.engine.ambulance.handovers import HandoverPolicy
from tests.trust import stop_the_clock

from .conftest import at, conveyance, deliver, job

pytestmark = pytest.mark.django_db
BOARDS = ("/handovers/", "/handovers/TVH01/", "/resources/", "/wallboard/", "/map/")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the one clock of the requests to so many minutes into the test's day."""

    def set_to(minutes: float) -> None:
        stop_the_clock(monkeypatch, at(minutes))

    set_to(100)
    return set_to


def signed_in(organisation: Organisation, role: str, site: Site | None = None) -> Client:
    user = User.objects.create_user(role, "a long enough password", display_name="Sam Tanner")
    RoleGrant.objects.create(
        user=user, role=role, organisation=organisation, site=site, starts_at=at(0) - timedelta(days=1)
    )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def coordinator(valley: Organisation, clock: object) -> Client:
    return signed_in(valley, "patient_flow_coordinator")


@pytest.fixture
def knows_handovers(cad: Source) -> Source:
    cad.knows = ["destination", "handover"]
    cad.save()
    return cad


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def row_of(page: str, code: str) -> str:
    return page.split(f'id="handovers-{code}"')[1].partition("</tbody>")[0]


def test_a_waiting_crew_is_on_its_hospitals_row(coordinator: Client, knows_handovers: Source) -> None:
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital"))  # arrived at minute 40

    page = text(coordinator, "/handovers/")

    row = row_of(page, "TVH01")
    assert "A1" in row
    # 60 minutes at minute 100: past the last step of the valley's ladder, 40 minutes, which is P2.
    assert "mark-p2" in row
    assert "Beyond 55 min" in page
    assert "mark-p2" not in row_of(page, "TVH02")


def test_a_hospital_never_heard_of_shows_no_zero(coordinator: Client, knows_handovers: Source) -> None:
    row = row_of(text(coordinator, "/handovers/"), "TVH01")

    assert "Never heard" in row
    assert ">0<" not in row
    assert row.count("Unknown") >= 8


def test_where_no_source_gives_handovers_the_row_says_so(coordinator: Client, cad: Source) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"))

    row = row_of(text(coordinator, "/handovers/"), "TVH01")

    assert "No source gives handover times" in row
    assert "No handover stamp" in row


def test_a_destination_nobody_knows_is_a_row_at_the_end(coordinator: Client, knows_handovers: Source) -> None:
    deliver(knows_handovers, conveyance("NOWHERE", until="at_hospital"))

    page = text(coordinator, "/handovers/?sort=longest")

    assert "Destination unknown" in row_of(page, "")
    assert page.index('id="handovers-"') > page.index('id="handovers-TVH02"')


def test_rows_hidden_by_a_filter_are_counted_with_their_alarms(
    coordinator: Client, knows_handovers: Source
) -> None:
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital"))

    page = text(coordinator, "/handovers/?area=Upper+Valley")

    assert 'id="handovers-TVH01"' not in page
    assert "1 hidden by the filter" in page
    assert "1 with a wait beyond 25 minutes" in page


def test_a_board_can_be_shown_as_it_was_known(coordinator: Client, knows_handovers: Source) -> None:
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital"), known=60)
    deliver(knows_handovers, [job("handover", 70)], known=80)

    # The day starts at 08:00: at 09:10, minute 70, the handover of that minute was not known yet.
    then, now = text(coordinator, "/handovers/?at=2026-11-20T09:10"), text(coordinator, "/handovers/")

    assert "As it was known at 09:10" in then
    assert "Queuing" in row_of(then, "TVH01")
    assert "Wrap-up" in row_of(now, "TVH01").split("<table")[1]
    assert "data-live-topics" not in then
    assert "data-live-topics" in now


def test_the_map_says_what_an_arrival_will_wait_now_and_in_an_hour_and_how_old_that_is(
    coordinator: Client, knows_handovers: Source
) -> None:
    deliver(knows_handovers, conveyance("TVH01"), known=60)

    seen = text(coordinator, "/map/?at=2026-11-20T09:02")

    assert re.search(r"Expected waits: forecast of 09:02 .+ the control room was heard", seen)
    assert re.search(r'<td class="number">\d+ \(\d+–\d+\)</td><td class="number">\d+ \(\d+–\d+\)</td>', seen)
    assert re.search(r"Expected wait: \d+ \(\S+\) min now; \d+ \(\S+\) min in an hour", seen)


def test_the_map_says_that_no_expected_wait_is_known(
    coordinator: Client, knows_handovers: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasts, "now_and_in_an_hour", lambda situation, read: {})

    seen = text(coordinator, "/map/")

    assert "No expected wait is known: nothing can be forecast now." in seen
    assert seen.count('<td class="number none">None known</td>') == 4
    assert "Expected wait: none known" in seen


@pytest.mark.parametrize("address", ["/handovers/", "/handovers/TVH01/", "/resources/", "/map/"])
def test_a_moment_before_the_first_message_is_said_to_be_unknown_and_why(
    coordinator: Client, knows_handovers: Source, address: str
) -> None:
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital"), known=60)

    then = text(coordinator, f"{address}?at=2026-11-20T08:30")

    assert "Nothing was known before" in then
    assert "09:00: the first message came in then" in then
    assert "<table" not in then.partition("<main")[2]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("soon", "is not a time"),
        ("2026-11-21T09:00", "still to come"),
        ("2026-03-29T01:30", "did not exist that night"),
        ("2020-01-01T09:00", "days ago"),
    ],
)
def test_a_time_that_cannot_be_shown_is_refused_with_the_reason(
    coordinator: Client, asked: str, answer: str
) -> None:
    assert answer in text(coordinator, f"/handovers/?at={asked}")


def test_somebody_of_one_hospital_sees_that_hospital_alone(valley: Organisation, clock: object) -> None:
    liaison = signed_in(valley, "halo", Site.objects.get(code="TVH01"))

    page = text(liaison, "/handovers/")

    assert 'id="handovers-TVH01"' in page
    assert 'id="handovers-TVH02"' not in page
    assert liaison.get("/handovers/TVH02/").status_code == 404
    assert liaison.get("/resources/").status_code == 403


@pytest.mark.parametrize("address", BOARDS)
def test_a_board_takes_as_many_queries_for_forty_crews_as_for_one(
    coordinator: Client,
    knows_handovers: Source,
    avl: Source,
    address: str,
    django_assert_max_num_queries: Any,
) -> None:
    text(coordinator, address)  # the first request of a session writes it
    counts = []
    for crews in (1, 40):
        for crew in range(crews):
            deliver(
                knows_handovers,
                conveyance("TVH01", start=crew / 100, incident=str(crew), call_sign=f"A{crew}"),
                known=99,
            )
        with django_assert_max_num_queries(28) as counted:
            text(coordinator, address)
        counts.append(len(counted))

    assert counts[0] == counts[1]


def test_resources_say_what_they_do_and_what_limits_them(coordinator: Client, cad: Source) -> None:
    deliver(
        cad,
        [
            AvailabilityEvent(
                message_id="1",
                occurred_at=at(10),
                call_sign="A7",
                status=Availability.UNAVAILABLE,
                reason="vehicle defect",
                kind=ResourceKind.DCA,
                station="TVS03",
                shift_end=at(90),
            )
        ],
    )

    page = text(coordinator, "/resources/")

    row = page.split('id="resources-A7"')[1].partition("</tr>")[0]
    assert "Unavailable: vehicle defect" in row
    assert "Shift ended 09:30" in row
    assert "No position" in row
    assert "Upper Valley" in page  # the area of its station, for want of a position
    assert "1 hidden by the filter, 1 alarmed" in text(coordinator, "/resources/?doing=available")


def fragments(render: Any, organisation: Organisation, minutes: float, *keys: str) -> dict[str, str]:
    live._reading.cache_clear()
    made: list[Fragment] = render(organisation.pk, frozenset(keys), at(minutes))
    return {f"{each.topic}-{each.key}": each.html for each in made}


def test_a_fragment_does_not_change_as_time_passes(valley: Organisation, knows_handovers: Source) -> None:
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital"), known=41)

    one = fragments(live.sites, valley, 42.1, "TVH01")
    other = fragments(live.sites, valley, 42.9, "TVH01")

    assert one == other
    assert one["handovers-TVH01"].startswith('<tbody id="handovers-TVH01"')
    assert one["wall-TVH01"].startswith('<li id="wall-TVH01"')


def test_a_limit_crossed_by_time_alone_changes_the_fragment(
    valley: Organisation, knows_handovers: Source
) -> None:
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital"), known=41)

    # The crew arrived at minute 40: the step of the ladder at 25 minutes, P3, is reached at minute 65.
    assert "mark-p3" not in fragments(live.all_sites, valley, 64.9)["handovers-TVH01"]
    assert "mark-p3" in fragments(live.all_sites, valley, 65)["handovers-TVH01"]


@pytest.mark.promise("R11")
def test_every_row_is_marked_when_its_source_goes_quiet(
    valley: Organisation, knows_handovers: Source
) -> None:
    deliver(knows_handovers, conveyance("TVH01"), known=100)

    # The valley's source should speak every 2 minutes: late after 3 intervals, stale after 6.
    for minutes, word in ((106, None), (106.1, "Late"), (112.1, "Stale"), (200, "Lost")):
        made = fragments(live.all_sites, valley, minutes)
        rows = [html for name, html in made.items() if not name.startswith("stands-")]  # of another source
        for html in rows:
            assert not html or ("mark-" + word.lower() in html if word else "mark-" not in html)
        strip = fragments(live.sources, valley, minutes)["feeds-valley-cad"]
        assert (word or "fresh").lower() in strip


@pytest.mark.promise("R11")
def test_the_strip_the_push_and_the_kept_picture_judge_a_source_by_the_trusts_own_limits(
    valley: Organisation, coordinator: Client, cad: Source, clock: Callable[[float], None]
) -> None:
    deliver(cad, conveyance("TVH01"), known=100)
    clock(105)  # two and a half intervals: late by the usual limits, not by the valley's, which are 3 and 6

    page = text(coordinator, "/handovers/")
    pushed = fragments(live.sources, valley, 105)["feeds-valley-cad"]
    kept = snapshots.take(valley.pk, at(105), at(105))["feeds"]

    assert pushed in page
    assert "Late" not in pushed
    assert {feed["state"] for feed in kept if feed["name"] == cad.name} == {"fresh"}


def test_the_unknown_hospital_goes_when_its_last_vehicle_does(
    valley: Organisation, knows_handovers: Source
) -> None:
    assert fragments(live.sites, valley, 50, "") == {"handovers-": "", "wall-": ""}


def test_a_resource_off_shift_leaves_an_empty_fragment(valley: Organisation) -> None:
    assert fragments(live.resource_rows, valley, 50, "A9") == {"resources-A9": ""}


def test_a_view_is_saved_under_a_name_and_forgotten_again(coordinator: Client) -> None:
    kept = {"board": "handovers", "name": "North", "back": "/handovers/?area=Upper+Valley&sort=lost"}

    assert coordinator.post("/views/save/", kept).status_code == 302
    assert "/handovers/?area=Upper+Valley&amp;sort=lost" in text(coordinator, "/handovers/")

    coordinator.post("/views/delete/", kept)
    assert not SavedView.objects.exists()
    assert list(Action.objects.filter(verb__startswith="layout.").values_list("verb", flat=True)) == [
        "layout.save_view",
        "layout.delete_view",
    ]


def test_a_view_without_a_name_is_refused(coordinator: Client) -> None:
    answer = coordinator.post("/views/save/", {"board": "handovers", "name": " ", "back": "/handovers/"})

    assert answer.status_code == 400
    assert not SavedView.objects.exists()


def classes_of_table(page: str) -> set[str]:
    """The classes of the board's table."""
    found = re.search(r'<table class="rows ([^"]*)" data-live-rows', page)
    assert found
    return set(found.group(1).split())


def test_a_coordinator_who_chose_nothing_sees_eleven_columns(coordinator: Client) -> None:
    page = text(coordinator, "/handovers/")

    assert "Columns (11 of 18)" in page
    assert {"no-beyond-0", "no-majors", "no-said"} < classes_of_table(page)
    assert len(usual("handovers", columns.every(HandoverPolicy())).shown) == 11


def test_columns_are_chosen_for_oneself_kept_on_record_and_given_back(
    coordinator: Client, valley: Organisation
) -> None:
    chosen = {
        "board": "handovers",
        "column": ["queuing", "majors", "no such"],
        "back": "/handovers/?sort=lost",
    }

    assert coordinator.post("/columns/", chosen)["Location"] == "/handovers/?sort=lost"

    hidden = classes_of_table(text(coordinator, "/handovers/"))
    assert "no-boarding" in hidden and not hidden & {"no-queuing", "no-majors", "no-longest", "no-hospital"}
    assert classes_of_table(text(coordinator, "/handovers/TVH01/")) == hidden
    another = signed_in(valley, "service_delivery_officer")
    assert "Columns (11 of 18)" in text(another, "/handovers/")

    coordinator.post("/columns/", {"board": "handovers", "usual": "1", "back": "/"})
    assert "Columns (11 of 18)" in text(coordinator, "/handovers/")
    assert Action.objects.filter(verb="layout.choose_columns").count() == 2


def test_what_cannot_be_columns_is_refused(coordinator: Client) -> None:
    assert coordinator.post("/columns/", {"board": "", "column": ["a"]}).status_code == 400
    assert coordinator.post("/columns/", {"board": "x", "column": ["a" * 31]}).status_code == 400


@pytest.mark.parametrize(
    ("address", "every", "sheet"),
    [
        ("/handovers/", columns.every(HandoverPolicy()), "handovers.css"),
        ("/resources/", resources.COLUMNS, "resources.css"),
    ],
    ids=["handovers", "resources"],
)
def test_every_column_has_its_head_its_cells_and_its_rule_and_stands_beneath_when_left_out(
    address: str, every: Sequence[Column], sheet: str, coordinator: Client, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"))
    css = (Path("clearway/static/css") / sheet).read_text()

    page = text(coordinator, address)

    for key in (each.key for each in every if not each.is_fixed):
        assert re.search(rf'<th scope="col" class="[^"]*\bcol-{key}\b', page), key
        assert re.search(rf'<td [^>]*class="[^"]*\bcol-{key}\b', page), key
        assert f".no-{key} .col-{key}" in css
        if address == "/handovers/":
            assert f'class="also-{key}"' in page and f".no-{key} .also-{key}" in css


def test_the_dark_screen_is_a_setting_of_the_person(coordinator: Client) -> None:
    coordinator.post("/theme/", {"theme": "dark", "back": "/handovers/"})

    assert 'data-theme="dark"' in text(coordinator, "/handovers/")
    assert User.objects.get().theme == "dark"


def test_going_back_never_leaves_this_host(coordinator: Client) -> None:
    answer = coordinator.post("/theme/", {"theme": "dark", "back": "https://elsewhere.example/"})

    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("address", BOARDS)
@pytest.mark.promise("S12")
def test_no_page_has_an_inline_script_style_or_other_origin(coordinator: Client, address: str) -> None:
    page = text(coordinator, address)

    assert " style=" not in page
    assert " onclick" not in page
    assert "<style" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert all('src="/static/' in tag for tag in page.split("<script")[1:])


@pytest.mark.parametrize("address", BOARDS)
def test_every_board_has_a_title_a_heading_and_a_way_past_the_bar(coordinator: Client, address: str) -> None:
    page = text(coordinator, address)

    assert page.count("<h1") == 1
    assert 'href="#maincontent"' in page
    assert "<title>Clearway</title>" not in page


def test_an_ordinary_wallboard_ends_with_the_idle_limit(
    coordinator: Client, clock: Callable[[float], None]
) -> None:
    text(coordinator, "/wallboard/")
    clock(131)

    assert coordinator.get("/wallboard/").status_code == 302


def test_a_silent_worker_is_said_by_the_page_itself(coordinator: Client) -> None:
    Heartbeat.objects.create(name="tailer", at=at(98), every_seconds=5)

    page = text(coordinator, "/handovers/")  # at minute 100

    assert "Nothing has come in since 09:38, 2 min ago" in page
    assert 'data-beat-at="2026-11-20T09:38:00Z"' in page
    assert "worker is silent" not in text(coordinator, "/handovers/?at=2026-11-20T09:10")


def test_a_live_worker_and_one_that_never_ran_raise_no_alarm(coordinator: Client) -> None:
    assert "worker is silent" not in text(coordinator, "/handovers/")

    Heartbeat.objects.create(name="tailer", at=at(99.9), every_seconds=5)

    page = text(coordinator, "/wallboard/")
    assert "worker is silent" not in page
    assert "data-beat-at" in page


def test_before_the_first_word_of_the_control_room_a_hospital_is_unknown(
    coordinator: Client, knows_handovers: Source, avl: Source
) -> None:
    deliver(avl, [Position("A1", at(20), 52.2, -1.1)], known=30)
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital"), known=60)

    then, now = (
        text(coordinator, "/handovers/TVH01/?at=2026-11-20T08:45"),
        text(coordinator, "/handovers/TVH01/"),
    )

    assert "Unknown: the control room had not been heard by then" in then
    assert "No vehicle" not in then
    assert '<svg class="chart"' not in then
    assert "Unknown:" not in now
    board = text(coordinator, "/handovers/?at=2026-11-20T08:45")
    assert board.partition("<tfoot>")[2].count("Unknown") >= 8  # what nobody knows does not add up to none


def test_the_times_of_a_vehicle_lead_to_its_incident(coordinator: Client, knows_handovers: Source) -> None:
    deliver(knows_handovers, conveyance("TVH01", until="at_hospital", incident="2026/77"))

    assert '<a href="/incidents/2026/77/">A1</a>' in text(coordinator, "/handovers/TVH01/")


def test_the_finder_lists_the_hospitals_that_a_person_may_open(valley: Organisation, clock: object) -> None:
    site = Site.objects.get(organisation=valley, code="TVH01")

    places = text(signed_in(valley, "halo", site), "/handovers/").split('<template id="palette-places">')[1]

    assert '<a href="/handovers/TVH01/">' in places
    assert "TVH02" not in places.split("</template>")[0]


def test_among_hospitals_where_nobody_waits_those_with_crews_coming_are_on_the_wall(
    coordinator: Client, knows_handovers: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.desks.ambulance.handovers.walls.MOST_TILES", 1)
    deliver(knows_handovers, conveyance("TVH02", until="left_scene"))

    page = text(coordinator, "/wallboard/")

    assert 'id="wall-TVH02"' in page
    assert 'id="wall-TVH01"' not in page
    assert "1 more hospital is on the" in page
