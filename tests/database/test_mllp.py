"""Other systems over MLLP: two independent senders, certificates, broken frames, and nothing half kept."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7.client import MLLPClient
from hl7apy.core import Message
from hl7apy.parser import parse_message

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.feeds.queries import accounts
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.patients.models import Patient
from clearway.gateway import hl7 as gateway
from clearway.gateway.mllp import Listener, Tls
from clearway.interchange.refusals import NOT_APPLIED
from tests.certificates import Authority
from tests.pas import ADA, adt, spoilt, stamp
from tests.therapies import NINE
from tests.trust import a_trust

committed = pytest.mark.django_db(transaction=True)
START, END = b"\x0b", b"\x1c\r"
BEN = "PID|1||M2^^^RWP^MR||Green^Ben||19610704|M"


def a_sender(trust: Organisation, name: str, application: str) -> Source:
    made = Source.objects.create(organisation=trust, name=name, kind="hl7", expected_interval_seconds=3600)
    text = f'[sender]\napplication = "{application}"\n[codes.clinic]\n"BACK-MON" = "back"\n'
    exchange.load_mapping(made, text, "the first", by=Actor("desk"), at=NINE)
    return made


@contextmanager
def listening(tls: Tls | None = None) -> Iterator[int]:
    """A listener on a free port of this machine; it is stopped in order at the end."""
    opened: list[int] = []
    ready, stop, listener = threading.Event(), asyncio.Event(), Listener(tls, lambda: NINE)
    loop = asyncio.new_event_loop()

    def tell(port: int) -> None:
        opened.append(port)
        ready.set()

    work = threading.Thread(
        target=lambda: loop.run_until_complete(listener.serve("127.0.0.1", 0, stop, tell))
    )
    work.start()
    try:
        assert ready.wait(20)
        yield opened[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        work.join(20)
        loop.close()


class Peer:
    """A sender on a plain socket, which frames by itself."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        raw = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket = context.wrap_socket(raw, server_hostname="127.0.0.1") if context else raw
        self.rest = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> Any:
        """The next acknowledgement, as hl7apy reads it."""
        while END not in self.rest:
            got = self.socket.recv(4096)
            assert got, "the connection was closed without an answer"
            self.rest += got
        block, _, self.rest = self.rest.partition(END)
        assert block[:1] == START
        return parse_message(block[1:].decode(), find_groups=False)

    def ask(self, message: bytes) -> str:
        self.send(START + message + END)
        return str(self.answer().msa.msa_1.value)

    def is_closed(self) -> bool:
        return self.socket.recv(1) == b""


def built(key: str, at: datetime) -> bytes:
    """Ben, as hl7apy writes him, which refuses what the standard does not have."""
    message = Message("ADT_A05", version="2.5")
    message.msh.msh_3, message.msh.msh_4 = "ANNEXE", "RWP"
    message.msh.msh_7, message.msh.msh_9 = stamp(at), "ADT^A28^ADT_A05"
    message.msh.msh_10, message.msh.msh_11 = key, "P"
    message.evn.evn_2, message.pid = stamp(at), BEN
    return str(message.to_er7()).encode()


@committed
def test_two_independent_senders_on_one_port_are_told_apart_and_each_has_its_own_account() -> None:
    trust = a_trust()
    a_sender(trust, "pas", "PAS")
    a_sender(trust, "annexe", "ANNEXE")

    with listening() as port, MLLPClient("127.0.0.1", port) as one:
        other = Peer(port)
        first = hl7.parse(one.send_message(adt("A28", NINE, key="1")).strip(START + END).decode())
        second = other.ask(built("1", NINE))  # the same key as the other sender's: no repeat
        third = other.ask(built("1", NINE))
        stranger = other.ask(adt("A28", NINE).replace(b"|PAS|", b"|NOBODY|"))

    assert (str(first["MSA.1"]), str(first["MSA.2"]), second, third, stranger) == (
        "AA",
        "1",
        "AA",
        "AA",
        "AR",
    )
    assert sorted(Patient.objects.values_list("family_name", flat=True)) == ["Brown", "Green"]
    counts = {each.source.name: (each.applied, each.duplicate) for each in accounts(trust.pk)}
    assert counts == {"annexe": (1, 1), "pas": (1, 0)}


@committed
def test_a_message_in_pieces_two_in_one_packet_and_one_that_breaks_off() -> None:
    a_sender(a_trust(), "pas", "PAS")
    whole = START + adt("A28", NINE - timedelta(minutes=9), key="1") + END
    update = ADA.replace("1 High Street", "2 Low Road")
    two = [adt("A31", NINE - timedelta(minutes=8 - n), key=f"2{n}", pid=update) for n in range(2)]

    with listening() as port:
        peer = Peer(port)
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(0, len(whole), 7):
            peer.send(whole[place : place + 7])
        in_pieces = peer.answer()
        peer.send(b"".join(START + each + END for each in two))
        keys = [str(peer.answer().msa.msa_2.value) for _ in two]

        broken = Peer(port)
        broken.send(START + adt("A28", NINE, pid=BEN)[:60])
        broken.socket.close()
        unframed = Peer(port)
        unframed.send(b"GET / HTTP/1.1\r\n" + END)
        refused = unframed.answer()
        was_closed = unframed.is_closed()
        too_long = Peer(port)
        too_long.send(START + b"MSH|" + b"x" * (gateway.MOST_BYTES + 2048))
        long_refused = too_long.answer()
        still = peer.ask(adt("A31", NINE, key="3"))

    assert (in_pieces.msa.msa_1.value, keys, still) == ("AA", ["20", "21"], "AA")
    assert (refused.msa.msa_1.value, was_closed, long_refused.msa.msa_1.value) == ("AR", True, "AR")
    assert Batch.objects.count() == 4  # of what broke off or had no frame, nothing
    assert Patient.objects.get().family_name == "Brown"


@committed
def test_with_certificates_a_sender_is_who_its_certificate_names_and_nobody_else(tmp_path: Path) -> None:
    a_sender(a_trust(), "pas", "PAS")
    authority = Authority(tmp_path)
    tls = Tls(*authority.issued("clearway"), authority.certificate)

    with listening(tls) as port:
        right = Peer(port, authority.client(authority.issued("pas"))).ask(adt("A28", NINE))
        other = Peer(port, authority.client(authority.issued("someone-else")))
        other.send(START + adt("A28", NINE) + END)
        wrong = other.answer()

    assert (right, wrong.msa.msa_1.value) == ("AA", "AR")
    assert "called someone-else, as its certificate" in wrong.err.to_er7()
    assert Batch.objects.count() == 1


# What nobody should send


@pytest.mark.django_db
def test_spoilt_messages_are_each_kept_answered_and_explained() -> None:
    trust = a_trust()
    source = a_sender(trust, "pas", "PAS")
    sent = spoilt(200, seed=20261123)

    for raw in sent:
        said = hl7.parse(gateway.deliver(source, raw, lambda: NINE).decode())
        assert str(said["MSA.1"]) in ("AA", "AE", "AR")

    (account,) = accounts(trust.pk)
    assert (account.received, account.waiting, account.adds_up) == (200, 0, True)
    assert [bytes(each) for each in Batch.objects.order_by("pk").values_list("body", flat=True)] == sent
    rows = Quarantined.objects.all()
    assert len(rows) > 100 and all(row.place and row.why and row.fix for row in rows)
    assert not [row.why for row in rows if row.why == NOT_APPLIED.why]
