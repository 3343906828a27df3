"""e-RS is asked for worklists by a command: as often as it answers and no oftener, and nothing is lost."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import IntegrityError, transaction

from clearway.cli import main
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.intake import actions, asking
from clearway.desks.outpatients.intake.models import AskedWorklist, GivenFile
from clearway.desks.outpatients.referrals.models import Referral
from clearway.domain.outpatients.measurement import ServiceKind
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.gateway import ers
from clearway.interchange import ers_account, ers_worklist
from tests.ers import ADA, BEN, ITEM, a_list, an_entry, coded
from tests.outpatients import NOW, a_patient, a_service, scope
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
FOR_REVIEW, SLOT_ISSUES = ers_account.LISTS
FIRST, SECOND = "000048417799", "000048417888"
KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class Peer:
    """e-RS as its specification describes the endpoint: what it is asked, and what it says."""

    answers: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def token(self, body: bytes) -> tuple[int, Any]:
        said = parse_qs(body.decode())
        claims = jwt.decode(
            said["client_assertion"][0],
            KEY.public_key(),
            ["RS512"],
            audience=self.address("/oauth2/token"),
            options={"verify_exp": False, "verify_iat": False},  # the clock of a test stands elsewhere
        )
        assert said["grant_type"] == ["client_credentials"]
        assert claims["iss"] == claims["sub"] == "the-api-key" and claims["jti"]
        return 200, {"access_token": "a-token", "expires_in": "599"}

    def worklist(self, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        assert path == "/referrals/FHIR/STU3/ReferralRequest/$ers.fetchworklist"
        assert headers["Authorization"] == "Bearer a-token" and len(headers["X-Correlation-ID"]) == 36
        assert headers["Content-Type"] == "application/fhir+json"
        said = json.loads(body)
        assert said["resourceType"] == "Parameters" and said["meta"]["profile"]
        named = {each["name"]: each for each in said["parameter"]}
        which = named["listType"]["valueCodeableConcept"]["coding"][0]["code"]
        self.asked.append((which, named["service"]["valueIdentifier"]["value"]))
        if self.status != 200:
            outcome = {
                "issue": [{"details": {"coding": [{"code": "SERVICE_NOT_FOUND"}]}, "diagnostics": ADA}]
            }
            return self.status, json.dumps(outcome).encode()
        return 200, self.answers[which]

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def serving(peer: Peer) -> Iterator[Peer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/oauth2/token":
                status, said = peer.token(body)
                raw = json.dumps(said).encode()
            else:
                status, raw = peer.worklist(self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    peer.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(Peer({FOR_REVIEW: a_list(an_entry(FIRST)), SLOT_ISSUES: a_list(an_issue(SECOND))})) as found:
        yield found


def an_issue(ubrn: str) -> dict[str, Any]:
    """A slot issue as the specification has it: the patient by identifier, and no day of being listed."""
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": BEN}
    parts = [
        {"url": "patient", "valueReference": {"identifier": number}},
        coded("priority", "ROUTINE"),
        coded("reason", "NO_SLOTS_AT_SERVICE"),
        {"url": "eReferralPathwayStart", "valueDateTime": "2025-11-03T10:00:00.000Z"},
        {"url": "ubrnReceived", "valueDateTime": "2025-11-10T10:00:00.000Z"},
    ]
    url = ITEM.format("AppointmentSlotIssues")
    return {"extension": [{"url": url, "extension": parts}], "item": {"reference": f"ReferralRequest/{ubrn}"}}


@pytest.fixture
def service() -> Service:
    made = a_service(a_trust(), kind=ServiceKind.CONSULTANT_LED)
    for number in (ADA, BEN):
        a_patient(made.organisation, nhs_number=number)
    return made


@pytest.fixture
def file(peer: Peer, tmp_path: Path) -> Path:
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(KEY.private_bytes(*pem))
    found = tmp_path / "ers.toml"
    lines = [
        f'address = "{peer.address("/referrals")}"',
        f'token_address = "{peer.address("/oauth2/token")}"',
        'client_id = "the-api-key"',
        f'key_file = "{tmp_path / "key.pem"}"',
        '[services]\nMSK = "6167685"',
    ]
    found.write_text("\n".join(lines))
    return found


def ask(file: Path, service: Service, which: str = FOR_REVIEW, at: datetime = NOW) -> asking.Came:
    who = scope(service.organisation, at)
    return ers.ask(
        ers.account_of(file),
        (service.pk, "MSK"),
        which,
        organisation_id=who["organisation_id"],
        by=who["by"],
        clock=lambda: at,
    )


def test_the_command_asks_for_both_worklists_and_they_become_referrals(
    peer: Peer,
    file: Path,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Organisation.objects.filter(pk=service.organisation_id).update(desks=["outpatients"])
    monkeypatch.setattr("clearway.cli.ground.prepare", lambda role: None)
    for which, entry in ((FOR_REVIEW, an_entry(FIRST, day="2025-11-17")), (SLOT_ISSUES, an_issue(SECOND))):
        peer.answers[which] = a_list(entry)

    assert main(["ers", "ask", str(file), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["worklists"]
    assert main(["ers", "ask", str(file)]) == 1

    assert [(each["registered"], each["why"]) for each in first] == [(1, ""), (1, "")]
    assert peer.asked == [(FOR_REVIEW, "6167685"), (SLOT_ISSUES, "6167685")]
    assert "2 times a day" in capsys.readouterr().out
    issue = Referral.objects.get(ubrn=SECOND)
    assert (issue.review_reason, issue.received_on.isoformat()) == ("NO_SLOTS_AT_SERVICE", "2025-11-10")
    assert set(GivenFile.objects.values_list("sender", "state", "is_answer")) == {("e-RS", "taken", True)}


def test_e_rs_is_asked_twice_a_day_whoever_asks_and_the_database_holds_it(
    peer: Peer, file: Path, service: Service
) -> None:
    where = scope(service.organisation, NOW)
    actions.load(a_list(an_entry("000048417999")), "by hand", "e-RS", service.pk, **where)
    ask(file, service)

    with pytest.raises(NotAllowed, match="may be asked again"):
        ask(file, service, SLOT_ISSUES)
    assert len(peer.asked) == 1
    ask(file, service, SLOT_ISSUES, NOW + timedelta(days=1))
    assert len(peer.asked) == 2
    said = AskedWorklist.objects.filter(nth=1).values("organisation_id", "service_id", "on").first()
    for nth in (1, 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            AskedWorklist.objects.create(**said, nth=nth, worklist=FOR_REVIEW, asked_at=NOW, asked_by="x")


def test_what_was_refused_used_its_turn_and_names_nobody(peer: Peer, file: Path, service: Service) -> None:
    peer.status = 422

    with pytest.raises(ers.NotGiven) as refused:
        ask(file, service)

    row = AskedWorklist.objects.get()
    assert str(refused.value) == row.failed == "e-RS answered 422, SERVICE_NOT_FOUND"
    assert (row.nth, row.file, GivenFile.objects.count()) == (1, None, 0)


def test_what_never_reached_e_rs_costs_no_turn(file: Path, service: Service, peer: Peer) -> None:
    away = file.with_name("away.toml")
    away.write_text(file.read_text().replace(f":{peer.port}/oauth2", ":1/oauth2"))

    for _ in range(3):
        with pytest.raises(ers.NotReached, match="cannot be reached"):
            ask(away, service)

    assert set(AskedWorklist.objects.values_list("nth", "file")) == {(None, None)}
    assert ask(file, service).file is not None


def test_the_first_turn_is_free_again_though_the_second_was_used_meanwhile(service: Service) -> None:
    where = scope(service.organisation, NOW)
    first, second = (asking.take_turn(service.pk, which, **where) for which in (FOR_REVIEW, SLOT_ISSUES))
    asking.give_back(first, "away", by=where["by"], at=NOW)

    again = asking.take_turn(service.pk, FOR_REVIEW, **where)

    assert (second.nth, again.nth) == (2, 1)


def test_an_answer_that_is_no_worklist_says_so_and_a_row_that_is_refused_waits(
    peer: Peer, file: Path, service: Service
) -> None:
    peer.answers[FOR_REVIEW] = b"<html>"
    assert "JSON" in ask(file, service).why
    peer.answers[SLOT_ISSUES] = a_list()
    empty = ask(file, service, SLOT_ISSUES)

    assert (empty.why, empty.file is not None and empty.file.results) == ("", [])
    assert AskedWorklist.objects.get(nth=1).failed


def test_an_answer_that_cannot_be_read_is_kept_as_one_that_is_given(
    peer: Peer, file: Path, service: Service
) -> None:
    peer.answers[FOR_REVIEW] = b'{"resourceType": "Bundle"}'

    came = ask(file, service)

    assert came.file is not None and came.file.state == "unread" and "no List" in came.why
    assert bytes(GivenFile.objects.get().body) == peer.answers[FOR_REVIEW]
    assert AskedWorklist.objects.get().file == came.file.pk


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("client_id", "client", "client"),
        ('"http://127.0.0.1', '"http://ers.example', "address"),
        ('MSK = "6167685"', "", "services"),
        ('"the-api-key"', "7", "client_id"),
    ],
)
def test_an_account_that_cannot_be_used_is_refused_with_its_field(
    file: Path, before: str, after: str, where: str
) -> None:
    file.write_text(file.read_text().replace(before, after, 1))

    with pytest.raises(CannotParse) as problem:
        ers.account_of(file)

    assert problem.value.where == where


def test_a_slot_issue_is_read_as_its_specification_has_it() -> None:
    read = ers_worklist.sheet(a_list(an_issue(SECOND)))

    said = dict(zip(read.heading, read.rows[0][1], strict=True))
    assert (said["nhs_number"], said["review_reason"], said["received_on"]) == (
        BEN,
        "NO_SLOTS_AT_SERVICE",
        "2025-11-10",
    )
