import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from clearway.config import health, logs, metrics
from clearway.config.health import Check

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def line(message: str, *values: object, **fields: object) -> dict[str, object]:
    record = logging.LogRecord("clearway.test", logging.INFO, "test.py", 1, message, values, None)
    record.fields = fields
    return dict(json.loads(logs.Lines().format(record)))


def test_a_process_with_all_checks_passed_is_ready() -> None:
    assert health.readiness([Check("database", True, "Reachable.")]) == (
        200,
        {
            "status": "ready",
            "checks": [{"name": "database", "ok": True, "why": "Reachable.", "needed": True}],
        },
    )


def test_a_needed_check_that_fails_takes_the_process_out_of_service() -> None:
    status, body = health.readiness([Check("migrations", False, "2 to run."), Check("worker", True, "")])

    assert (status, body["status"]) == (503, "not ready")


def test_a_silent_worker_degrades_but_the_desks_stay_in_service() -> None:
    status, body = health.readiness([Check("database", True, ""), Check("worker", False, "", needed=False)])

    assert (status, body["status"]) == (200, "degraded")


@pytest.mark.parametrize(("age", "ok"), [(0, True), (40, True), (41, False)])
def test_a_heartbeat_is_young_until_four_intervals_have_passed(age: int, ok: bool) -> None:
    assert health._heartbeat("tailer", NOW - timedelta(seconds=age), 10, NOW).ok is ok


def test_a_log_line_is_json_with_its_fields_and_no_nhs_number() -> None:
    found = line("Referral for %s and 999 123 4567", "9991234567", route="/boards/", status=200)

    assert found["said"] == "Referral for [number removed] and [number removed]"
    assert (found["source"], found["level"], found["route"]) == ("clearway.test", "info", "/boards/")


def test_an_error_in_the_log_names_its_kind_and_place_but_quotes_nothing() -> None:
    try:
        raise ValueError("SMITH, Jane")
    except ValueError as problem:
        record = logging.LogRecord(
            "clearway.test",
            logging.ERROR,
            "test.py",
            1,
            "failed",
            (),
            (ValueError, problem, problem.__traceback__),
        )
    text = logs.Lines().format(record)

    assert '"error": "ValueError"' in text
    assert "SMITH" not in text


def test_metrics_count_requests_by_route_and_time() -> None:
    requests = metrics.Requests()
    requests.add("GET", "/boards/<slug:area>/", 200, 0.03)
    requests.add("GET", "/boards/<slug:area>/", 200, 3.0)

    lines = requests.lines()

    assert 'clearway_requests_total{method="GET",route="/boards/<slug:area>/",status="200"} 2' in lines
    assert 'clearway_request_seconds_bucket{le="0.05"} 1' in lines
    assert 'clearway_request_seconds_bucket{le="+Inf"} 2' in lines
    assert "clearway_request_seconds_count 2" in lines


def test_a_label_cannot_break_out_of_its_quotes() -> None:
    lines = metrics.family("things", "gauge", "Things.", {(("name", 'a"b\\c\nd'),): 1})

    assert lines[-1] == r'things{name="a\"b\\c\nd"} 1'


@pytest.mark.parametrize(
    ("client", "token", "given", "allowed"),
    [
        ("127.0.0.1", "", "", True),
        ("10.1.2.3", "", "", False),
        ("127.0.0.1", "word", "", False),
        ("10.1.2.3", "word", "Bearer word", True),
        ("10.1.2.3", "word", "Bearer wrong", False),
    ],
)
def test_metrics_are_for_this_machine_or_for_the_token(
    monkeypatch: pytest.MonkeyPatch, client: str, token: str, given: str, allowed: bool
) -> None:
    monkeypatch.setenv("CLEARWAY_METRICS_TOKEN", token)
    scope = {"client": (client, 1), "headers": [(b"authorization", given.encode())]}

    assert health.may_read_metrics(scope) is allowed
