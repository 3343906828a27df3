"""TLS with certificates of both sides, in and out: the right ones pass, each other is refused in words."""

import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from clearway.core.organisation.models import Organisation
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import NotTaken, Parcel
from clearway.desks.outpatients.booking import actions as booking
from clearway.gateway.mllp import Tls
from clearway.gateway.mllp_carrier import MllpCarrier
from clearway.interchange.hl7.send import Send
from tests.beside import BOOKINGS, MONDAY, known, later, scope, slots_of, told, work
from tests.certificates import Authority
from tests.database.test_mllp import Peer as Sender
from tests.database.test_mllp import listening as listener
from tests.pas import adt
from tests.peer import Peer, listening
from tests.therapies import NINE, a_department
from tests.trust import a_trust, signed_in, somebody

PAST = timedelta(days=365)
BODY = b"MSH|^~\\&|CLEARWAY||PAS|RWP|20261120090000+0000||SIU^S12|CW1|P|2.4\rSCH|1^CLEARWAY\r"
Files = tuple[Path, Path]


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return Authority(folder, "Somebody else")


# In


SENDERS: dict[str, tuple[Callable[[Authority, Authority], Files | None], str]] = {
    "none": (lambda ours, other: None, "it showed no certificate"),
    "another authority's": (
        lambda ours, other: other.issued("pas"),
        "its certificate is not by the authority that --clients names",
    ),
    "an expired one": (
        lambda ours, other: ours.issued("pas", lasts=PAST),
        "its certificate has expired, or is not valid yet",
    ),
}


@pytest.mark.parametrize("case", SENDERS)
def test_a_sender_without_the_right_certificate_is_turned_away_and_the_log_says_why(
    ours: Authority, stranger: Authority, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    shows, why = SENDERS[case]
    tls = Tls(*ours.issued("clearway"), ours.certificate)

    with (
        caplog.at_level(logging.WARNING, "clearway.gateway.mllp"),
        listener(tls) as port,
        pytest.raises((ssl.SSLError, ConnectionError, AssertionError)),
    ):
        Sender(port, ours.client(shows(ours, stranger))).ask(adt("A28", NINE))

    assert f"A sender at 127.0.0.1 was turned away: {why}" in caplog.messages


def test_a_sender_that_speaks_no_tls_is_turned_away_and_the_log_says_why(
    ours: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    tls = Tls(*ours.issued("clearway"), ours.certificate)

    with caplog.at_level(logging.WARNING, "clearway.gateway.mllp"), listener(tls) as port:
        plain = Sender(port)
        plain.send(b"\x0b" + adt("A28", NINE) + b"\x1c\r")
        plain.socket.recv(100)

    assert any("it does not speak TLS" in each for each in caplog.messages)


# Out


def carried(send: Send, context: ssl.SSLContext) -> str:
    with listening(Peer(), context=context) as peer:
        return MllpCarrier(replace(send, port=peer.port)).carry(Parcel("1", "", BODY))


def sending(authority: Authority, files: Files | None) -> Send:
    shown = {"certificate": str(files[0]), "key": str(files[1])} if files else {}
    return Send("127.0.0.1", 1, tls=True, authority=str(authority.certificate), **shown)


def test_with_the_right_certificates_of_both_sides_a_message_is_taken(ours: Authority) -> None:
    send = sending(ours, ours.issued("clearway"))

    assert carried(send, ours.server(ours.issued("pas"))) == "ACW1"


THEIRS: dict[str, tuple[Callable[[Authority, Authority], Files], str]] = {
    "another authority's": (
        lambda ours, other: other.issued("pas"),
        "not by the authority that .send. names",
    ),
    "an expired one": (lambda ours, other: ours.issued("pas", lasts=PAST), "certificate has expired"),
    "another name's": (lambda ours, other: ours.issued("pas", is_here=False), "for another name"),
}


@pytest.mark.parametrize("case", THEIRS)
def test_nothing_is_sent_to_a_system_without_the_right_certificate_and_the_reason_is_said(
    ours: Authority, stranger: Authority, case: str
) -> None:
    shows, why = THEIRS[case]

    with pytest.raises(NotTaken, match=why) as refused:
        carried(sending(ours, ours.issued("clearway")), ours.server(shows(ours, stranger)))

    assert refused.value.waits  # and it goes on by itself once that is mended


@pytest.mark.parametrize("case", ["none", "another authority's", "an expired one"])
def test_a_system_that_refuses_our_certificate_is_said_to_do_so(
    ours: Authority, stranger: Authority, case: str
) -> None:
    shown = {
        "none": None,
        "another authority's": stranger.issued("clearway"),
        "an expired one": ours.issued("clearway", lasts=PAST),
    }[case]

    with pytest.raises(NotTaken, match=r"our certificate|certificate of ours") as refused:
        carried(sending(ours, shown), ours.server(ours.issued("pas")))

    assert refused.value.waits


@pytest.mark.django_db
def test_the_page_says_what_is_wrong_with_a_certificate_and_nobody_has_to_send_again_once_it_is_mended(
    ours: Authority,
) -> None:
    trust: Organisation = a_trust()
    department = a_department(trust)
    clinic = slots_of(department, MONDAY)
    files = ours.issued("clearway")
    more = f'tls = true\nauthority = "{ours.certificate}"\ncertificate = "{files[0]}"\nkey = "{files[1]}"'
    client = signed_in(somebody("ann", "administrator", trust))

    with listening(Peer(), context=ours.server(ours.issued("pas", lasts=PAST))) as peer:
        told(trust, peer.port, kinds=BOOKINGS, more=more)
        booking.book(clinic[0].pk, known(department).pk, **scope(trust))
        work(later())
        page = client.get("/outpatients/exchange/").content.decode()
    with listening(Peer(), peer.port, context=ours.server(ours.issued("pas"))) as mended:
        work(later(600))

    assert "its certificate has expired, or is not valid yet" in page
    assert (Outgoing.objects.get(kind="hl7").state, mended.kinds()) == ("sent", ["SIU^S12"])
