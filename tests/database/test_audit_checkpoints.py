"""Tampering with the audit by somebody with every right on the database shows outside of it, row by row."""

import random
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import LazySettings
from django.db import connection, transaction

from clearway.cli import ground, main
from clearway.core.audit import check_audit, checkpoints, rules, seal
from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.audit.models import Action, CheckpointPlace, Seal
from clearway.core.audit.queries import failing_places
from clearway.gateway import duties
from tests import sizes

AT = datetime(2026, 11, 2, 2, 15, tzinfo=UTC)
RUN, ROWS = 5, 23
OPEN = 2  # rows that no seal covers yet
pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    for number in range(count):
        detail = {"number": number, "words": "é\nü"}
        entry = Entry("tests.write", f"thing:{number}", detail)
        record([entry], organisation_id=None, by=Actor("somebody"), at=AT + timedelta(seconds=number))


def as_superuser(statement: str, words: tuple[Any, ...] = ()) -> None:
    """Somebody with every right, who sets the triggers aside."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, words)
        cursor.execute("SET LOCAL session_replication_role = origin")


def seal_all() -> None:
    while seal.seal(AT, limit=RUN):
        pass


@pytest.fixture
def folder(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place outside. The test's own transaction counts as ended, so that its rows can be sealed."""
    monkeypatch.setattr(seal, "_ENDED", "")
    place = tmp_path / "worm"
    place.mkdir()
    settings.AUDIT_PLACES = [f"folder:{place}"]
    settings.AUDIT_KEY_FILE = tmp_path / "audit-key"
    return place


@pytest.fixture
def told(folder: Path) -> Path:
    """An audit, each row of a transaction of its own, of whose seals the folder was told."""
    write(ROWS)
    as_superuser("UPDATE core_action SET xid = 1000 + 10 * id")
    seal_all()
    checkpoints.tell(AT)
    write(OPEN)
    as_superuser("UPDATE core_action SET xid = 1000 + 10 * id WHERE subject IN ('thing:0', 'thing:1')")
    return folder


def exported(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in seal.lines()))
    return path


def found(tmp_path: Path, *places: Path, **more: Any) -> dict[str, Any]:
    """What the checker finds in an export made now."""
    key = bytes.fromhex(checkpoints.public_key())
    report: dict[str, Any] = check_audit.check(exported(tmp_path), places, key, **more)
    return report


def test_an_audit_that_nobody_touched_is_in_order(told: Path, tmp_path: Path) -> None:
    report = found(tmp_path, told, every=True)

    assert report["faults"] == []
    assert (report["rows"], report["unchecked"]) == (ROWS + OPEN, OPEN)
    assert report["checkpoints"] == Seal.objects.count() == 5


# What somebody may do to the rows: each says which row is then the first bad one, and the place of it.

Keys = list[tuple[int, int]]  # (id, xid) of the sealed rows in their order
First = tuple[set[int], int]
Tamper = Callable[[random.Random, Keys], First]
EDITS = (
    "actor = actor || 'x'",
    "subject = subject || '1'",
    "detail = '{}'",
    "at = at - interval '1 day'",
    "verb = 'identity.look'",
    "role = 'nobody'",
    "request_id = 'r'",
    "organisation_id = 1",
)


def edit(luck: random.Random, keys: Keys) -> First:
    place = luck.randrange(len(keys))
    as_superuser(f"UPDATE core_action SET {luck.choice(EDITS)} WHERE id = %s", (keys[place][0],))
    return {keys[place][0]}, place + 1


def delete(luck: random.Random, keys: Keys) -> First:
    place = luck.randrange(len(keys))
    as_superuser("DELETE FROM core_action WHERE id = %s", (keys[place][0],))
    return {keys[place][0]}, place + 1


def insert(luck: random.Random, keys: Keys) -> First:
    place = luck.randrange(len(keys))
    as_superuser(
        "INSERT INTO core_action (at, verb, actor, role, subject, detail, request_id, xid)"
        " SELECT at, verb, actor, role, subject, detail, request_id, xid - 1 FROM core_action WHERE id = %s",
        (keys[place][0],),
    )
    return {Action.objects.order_by("-id").values_list("id", flat=True)[0]}, place + 1


def reorder(luck: random.Random, keys: Keys) -> First:
    one, other = sorted(luck.sample(range(len(keys)), 2))
    as_superuser(
        "UPDATE core_action a SET xid = b.xid FROM core_action b WHERE (a.id, b.id) IN ((%s, %s), (%s, %s))",
        (keys[one][0], keys[other][0], keys[other][0], keys[one][0]),
    )
    return {keys[one][0], keys[other][0]}, one + 1


def cut(luck: random.Random, keys: Keys) -> First:
    place = luck.randrange(len(keys))
    as_superuser("DELETE FROM core_action WHERE xid >= %s", (keys[place][1],))
    as_superuser("DELETE FROM core_seal WHERE last_xid >= %s", (keys[place][1],))
    return {keys[place][0]}, place + 1


def rebuild(luck: random.Random, keys: Keys) -> First:
    """One of the others, and then the whole chain computed anew, as the sealer would."""
    first = luck.choice([edit, delete, insert, reorder, cut])(luck, keys)
    as_superuser("DELETE FROM core_seal")
    if luck.random() < 0.5:
        as_superuser("ALTER SEQUENCE core_seal_id_seq RESTART")
    while seal.seal(AT, limit=luck.choice([RUN, 7])):
        pass
    return first


KINDS: list[Tamper] = [edit, delete, insert, reorder, cut, rebuild]


@pytest.mark.promise("S7")
def test_whatever_a_superuser_does_to_the_rows_the_first_bad_one_is_named(told: Path, tmp_path: Path) -> None:
    luck = sizes.luck("tampering with the audit")
    keys = list(Action.objects.order_by("xid", "id").values_list("id", "xid"))[:ROWS]
    wrong = []
    for number in range(sizes.of("S7", "tamperings")):
        tamper = KINDS[number % len(KINDS)]
        with transaction.atomic():
            rows, place = tamper(luck, keys)
            faults = found(tmp_path, told)["faults"]
            transaction.set_rollback(True)
        first = faults[0] if faults else {"row": None, "number": None}
        if first["row"] not in rows or first["number"] != place:
            wrong.append((tamper.__name__, rows, place, faults))

    assert wrong == []


@pytest.mark.promise("S7")
def test_a_chain_rebuilt_with_checkpoints_signed_by_another_key_is_found(told: Path, tmp_path: Path) -> None:
    first = Action.objects.order_by("xid")[0].pk
    public = checkpoints.public_key()
    as_superuser("UPDATE core_action SET actor = 'x' WHERE id = %s", (first,))
    as_superuser("DELETE FROM core_seal")
    seal_all()
    forger = Ed25519PrivateKey.generate()
    forged = [checkpoints.checkpoint(link, forger) for link in Seal.objects.order_by("id")]
    (told / "2026-11-02" / "forged.jsonl").write_bytes(b"".join(each.full + b"\n" for each in forged))

    faults = check_audit.check(exported(tmp_path), [told], bytes.fromhex(public))["faults"]

    assert faults[0]["row"] == first
    assert any("not signed" in fault["what"] for fault in faults)


@pytest.mark.promise("S7")
def test_a_seal_that_was_changed_is_told_from_a_row_that_was(told: Path, tmp_path: Path) -> None:
    as_superuser("UPDATE core_seal SET digest = repeat('0', 64) WHERE id = (SELECT min(id) FROM core_seal)")

    faults = found(tmp_path, told)["faults"]

    assert faults and all(fault["row"] is None for fault in faults)


@pytest.mark.promise("S7")
def test_one_file_and_python_alone_tell_an_auditor(told: Path, tmp_path: Path) -> None:
    assert check_audit.__file__
    file = tmp_path / "check_audit.py"
    file.write_bytes(Path(check_audit.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", str(file), str(exported(tmp_path))]
    command += ["--checkpoints", str(told), "--key", checkpoints.public_key()]

    whole = subprocess.run(command, capture_output=True, text=True, check=False)
    bad = Action.objects.order_by("xid")[6].pk
    as_superuser("DELETE FROM core_action WHERE id = %s", (bad,))
    exported(tmp_path)
    tampered = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (whole.returncode, whole.stdout.splitlines()[0]) == (0, "In order.")
    assert (tampered.returncode, tampered.stdout.splitlines()[0]) == (1, "NOT IN ORDER.")
    assert f"Row {bad} is gone" in tampered.stdout


@pytest.mark.promise("S7")
def test_the_checkers_own_signatures_are_those_of_the_library() -> None:
    luck = sizes.luck("signatures")
    for _ in range(10):
        key, message = Ed25519PrivateKey.from_private_bytes(luck.randbytes(32)), luck.randbytes(40)
        public, signature = key.public_key().public_bytes_raw(), key.sign(message)
        place = luck.randrange(64)
        bent = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]

        assert check_audit.verify(public, message, signature)
        assert not check_audit.verify(public, message, bent)
        assert not check_audit.verify(public, message + b"x", signature)


@pytest.mark.promise("S7")
def test_the_line_on_paper_shows_a_cut_without_any_file(told: Path, tmp_path: Path) -> None:
    newest = Seal.objects.order_by("-id")[0]
    line = checkpoints.paper_line(checkpoints.checkpoint(newest, checkpoints.private_key()))
    head = check_audit.hexadecimal(line.partition(f"seal {newest.pk}")[2], "--head")
    before = found(tmp_path, heads=[head])["faults"]
    cut(random.Random(1), list(Action.objects.order_by("xid").values_list("id", "xid"))[:ROWS])

    assert before == []
    assert "kept outside" in found(tmp_path, heads=[head])["faults"][0]["what"]


# Places


def test_a_row_is_known_outside_within_a_minute_or_a_thousand_rows() -> None:
    assert duties.SEAL_SECONDS + duties.CHECKPOINT_SECONDS <= 60
    assert seal.RUN <= 1000


@pytest.mark.promise("S7")
def test_a_place_that_fails_is_a_task_and_keeps_no_other_from_its_checkpoint(
    folder: Path, settings: LazySettings
) -> None:
    away = folder / "not mounted"
    settings.AUDIT_PLACES = [f"folder:{away}", f"folder:{folder}", "pigeon:home"]
    write(3)
    seal_all()

    checkpoints.tell(AT)
    wanted = list(
        rules.untold([rules.Place(row.place, row.problem, None, AT) for row in failing_places()], {})
    )

    assert len(list(folder.rglob("*.jsonl"))) == 1
    assert [each.subject for each in wanted] == [f"checkpoints:folder:{away}", "checkpoints:pigeon:home"]
    away.mkdir()
    checkpoints.tell(AT + checkpoints.AGAIN / 2)
    assert not list(away.rglob("*.jsonl")), "a place that failed is left alone for a while"
    checkpoints.tell(AT + checkpoints.AGAIN)
    assert list(away.rglob("*.jsonl"))
    assert [row.place for row in failing_places()] == ["pigeon:home"]


@pytest.mark.promise("S7")
@pytest.mark.parametrize("forgets", [False, True])
def test_a_chain_that_no_longer_holds_what_was_told_is_a_task_at_the_next_seal(
    told: Path, forgets: bool
) -> None:
    before = {path: path.read_bytes() for path in told.rglob("*.jsonl")}
    as_superuser("UPDATE core_action SET actor = 'x' WHERE subject = 'thing:3'")
    as_superuser("DELETE FROM core_seal")
    if forgets:  # the row that says what was told is the forger's to change as well
        as_superuser("ALTER SEQUENCE core_seal_id_seq RESTART")
        CheckpointPlace.objects.update(seal=0)
    seal_all()

    checkpoints.tell(AT + timedelta(hours=1))

    assert "Check the audit" in failing_places()[0].problem
    assert {path: path.read_bytes() for path in told.rglob("*.jsonl")} == before


@pytest.mark.promise("S7")
def test_a_note_of_what_was_told_stops_no_checkpoint_unseen(
    folder: Path, tmp_path: Path, settings: LazySettings
) -> None:
    """Whoever serves the pages can change it."""
    away = tmp_path / "printer"
    settings.AUDIT_PLACES = [f"folder:{folder}", f"paper:{away}"]
    write(3)
    seal_all()
    checkpoints.tell(AT)
    CheckpointPlace.objects.update(seal=10**12)
    write(3)
    seal_all()

    checkpoints.tell(AT + timedelta(hours=1))

    assert found(tmp_path, folder)["checkpoints"] == 2
    assert [row.place for row in failing_places()] == [f"paper:{away}"]
    assert "Check the audit" in failing_places()[0].problem


@pytest.mark.promise("S7")
def test_rows_that_are_not_sealed_and_seals_that_are_not_told_are_tasks_after_five_minutes(
    folder: Path,
) -> None:
    def wanted(minutes: float) -> list[str]:
        at = AT + timedelta(minutes=minutes)
        outcomes = rules.of_places(0, {}, {}, at)
        return [each.subject for outcome in outcomes for each in outcome.wanted]

    write(1)
    assert (wanted(4), wanted(6)) == ([], ["checkpoints:seals"])
    seal_all()
    assert (wanted(4), wanted(6)) == ([], [f"checkpoints:folder:{folder}:late"])
    checkpoints.tell(AT)
    assert wanted(6) == []


def test_a_writing_that_was_broken_off_is_made_again_beside_it(told: Path, tmp_path: Path) -> None:
    (path,) = told.rglob("*.jsonl")
    path.write_bytes(path.read_bytes()[:100])
    CheckpointPlace.objects.update(seal=0)

    checkpoints.tell(AT + timedelta(hours=1))

    assert len(list(told.rglob("*.jsonl"))) == 2
    report = found(tmp_path, told)
    assert report["checkpoints"] == 5
    assert "no checkpoint" in report["faults"][0]["what"], "the broken line is named"


@pytest.mark.parametrize("kind", ["socket", "tcp", "udp"])
def test_a_log_is_told_and_read_by_the_checker(
    kind: str, folder: Path, tmp_path: Path, settings: LazySettings
) -> None:
    family = socket.AF_UNIX if kind == "socket" else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    server.settimeout(5)
    with server:
        server.bind(str(tmp_path / "log") if kind == "socket" else ("127.0.0.1", 0))
        where = tmp_path / "log" if kind == "socket" else f"{kind}:127.0.0.1:{server.getsockname()[1]}"
        if kind == "tcp":
            server.listen()
        settings.AUDIT_PLACES = [f"syslog:{where}"]
        write(3)
        seal_all()
        checkpoints.tell(AT)
        arrived = server.accept()[0] if kind == "tcp" else server
        with arrived:
            line = arrived.recv(8192)

    assert len(line) < 1024, "a log may cut what is longer"
    log = tmp_path / "audit.log"
    log.write_bytes(b"Nov  2 02:15:00 desk " + line + b"\n")
    assert found(tmp_path, log)["faults"] == []
    as_superuser("DELETE FROM core_action WHERE subject = 'thing:1'")
    assert found(tmp_path, log)["faults"] != []


def test_paper_gets_a_line_an_hour(folder: Path, tmp_path: Path, settings: LazySettings) -> None:
    settings.AUDIT_PLACES = [f"paper:{tmp_path / 'printer'}"]
    for minutes in (0, 10, 61):
        write(3)
        seal_all()
        checkpoints.tell(AT + timedelta(minutes=minutes))

    assert len((tmp_path / "printer").read_text().splitlines()) == 2


def test_the_key_is_made_once_and_only_its_owner_reads_it(folder: Path, settings: LazySettings) -> None:
    public = checkpoints.public_key()

    assert checkpoints.public_key() == public and len(bytes.fromhex(public)) == 32
    assert checkpoints.key_file().stat().st_mode & 0o077 == 0


def test_the_commands_of_the_how_to_lead_to_a_check_in_order(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ground, "prepare", lambda process: None)
    monkeypatch.setattr(ground, "load_django", lambda process: None)
    monkeypatch.setattr(seal, "export", seal.lines)  # a test has begun its transaction already
    write(3)
    export, checker = tmp_path / "audit.jsonl", tmp_path / "check_audit.py"

    assert main(["audit", "key"]) == 0
    public = capsys.readouterr().out.split()[0]
    assert main(["audit", "checkpoint"]) == 0
    assert "told up to seal" in capsys.readouterr().out
    assert main(["audit", "export", str(export)]) == 0
    assert main(["audit", "checker", str(checker)]) == 0
    assert main(["audit", "export", str(export)]) == 2, "what an auditor was given is not written over"
    command = [sys.executable, str(checker), str(export), "--checkpoints", str(folder), "--key", public]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.stdout.startswith("In order.\nRows read: 3, of which not vouched for: 0.\n")
    assert Action.objects.filter(verb="audit.export").exists()
