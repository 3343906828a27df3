"""The embedded server against kills, strange folders and missing programs."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clearway.config import postgres
from tests.watching import wait_until_gone


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="clearway-server-"))
    folder.chmod(0o711)
    yield folder / "postgres"
    shutil.rmtree(folder, ignore_errors=True)


def connect(sockets: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(sockets), user=postgres.OWNER, dbname="postgres", autocommit=True)


def test_a_killed_server_is_noticed_and_comes_back_with_every_committed_row(home: Path) -> None:
    server = postgres.start(home)
    with connect(server.sockets) as link:
        link.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")

    server.process.kill()

    assert server.process.wait(timeout=5) == -signal.SIGKILL
    again = postgres.start(home)
    try:
        with connect(again.sockets) as link:
            assert link.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    finally:
        again.stop()


def test_the_server_stops_when_its_parent_is_killed(home: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom clearway.config import postgres\n"
        f"server = postgres.start(Path({str(home)!r}))\n"
        "print(server.process.pid, flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())

    parent.kill()
    parent.wait()

    assert wait_until_gone(pid)
    assert not postgres.is_answering(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes user")
def test_for_root_the_server_runs_as_an_ordinary_user(home: Path) -> None:
    server = postgres.start(home)
    try:
        owner = Path(f"/proc/{server.process.pid}").stat().st_uid

        assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root meets folders closed to the server's user")
def test_for_root_a_closed_folder_is_left_closed_and_the_data_lie_elsewhere(home: Path) -> None:
    home.parent.chmod(0o700)
    server = postgres.start(home)
    try:
        assert home.parent.stat().st_mode & 0o777 == 0o700
        assert not home.exists()
        assert postgres.is_answering(home)
    finally:
        server.stop()
        shutil.rmtree(postgres.place(home))


def test_only_its_own_user_can_enter_the_socket_folder(home: Path) -> None:
    server = postgres.start(home)
    server.stop()

    assert server.sockets.stat().st_mode & 0o777 == 0o700


def test_a_home_too_long_for_a_socket_still_works(home: Path) -> None:
    long_home = home.parent / ("long" * 25) / "postgres"
    server = postgres.start(long_home)
    try:
        assert postgres.is_answering(long_home)
    finally:
        server.stop()
        shutil.rmtree(server.sockets)


def test_a_start_that_was_interrupted_leaves_no_half_made_data(home: Path) -> None:
    (home / "data.unfinished").mkdir(parents=True)
    (home / "data.unfinished" / "PG_VERSION").write_text("18\n")

    postgres.start(home).stop()

    assert (home / "data" / "global" / "pg_control").exists()


def test_a_second_server_on_the_same_data_is_refused_in_plain_words(home: Path) -> None:
    server = postgres.start(home)
    try:
        with pytest.raises(postgres.CannotStart, match="Another Clearway uses this data"):
            postgres._running(_command_of(server), server.sockets.with_name("other"), server.log, _user(home))
    finally:
        server.stop()


def _command_of(server: postgres.Server) -> list[str]:
    return [str(word) for word in server.process.args]  # type: ignore[union-attr]


def _user(home: Path) -> pwd.struct_passwd | None:
    return postgres._ordinary_user(home)


def test_missing_programs_are_named_with_two_ways_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))

    with pytest.raises(postgres.CannotStart, match=r"clearway\[embedded\].*apt-get install postgresql"):
        postgres.binaries()


def test_a_server_is_not_started_from_a_thread_that_may_end_before_the_process(home: Path) -> None:
    refused: list[Exception] = []

    def begin() -> None:
        try:
            postgres.start(home)
        except RuntimeError as problem:
            refused.append(problem)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()

    assert "main thread" in str(refused[0])


ASKS = (
    "import psycopg\nfrom clearway.cli.ground import database_at_hand\n"
    "from clearway.config import database\n"
    "with database_at_hand(), psycopg.connect(**database.address(), autocommit=True) as link:\n"
    "    while True:\n"
    "        print(link.execute('SELECT 1').fetchone()[0], flush=True)\n"
    "        if input() == 'end':\n            break\n"
)


def command(home: Path) -> subprocess.Popen[str]:
    """A command that asks the shared server at once, and again for each line until the line is "end"."""
    return subprocess.Popen(
        [sys.executable, "-c", ASKS],
        env={**os.environ, "CLEARWAY_HOME": str(home.parent), "CLEARWAY_SUPERVISED": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str], line: str = "") -> str:
    """What the command says next, having been given a line."""
    assert process.stdin and process.stdout
    if line:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
    return process.stdout.readline()


def server_of(home: Path) -> int:
    """The process number of the server."""
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


def test_commands_begun_at_the_same_moment_share_one_server(home: Path) -> None:
    together = [command(home) for _ in range(3)]

    said = [answer(process) for process in together]
    for process in together:
        process.communicate("end\n", timeout=30)

    assert said == ["1\n"] * 3
    assert [process.returncode for process in together] == [0, 0, 0]
    assert not postgres.is_answering(home)


@pytest.mark.parametrize("ending", ["ends", "is killed"])
def test_the_server_stays_while_another_command_uses_it_and_stops_with_the_last(
    home: Path, ending: str
) -> None:
    starter = command(home)
    assert answer(starter) == "1\n"
    another = command(home)
    assert answer(another) == "1\n"
    server = server_of(home)

    if ending == "ends":
        starter.communicate("end\n", timeout=30)
    else:
        starter.kill()
        starter.wait()

    assert answer(another, "again") == "1\n"
    assert server_of(home) == server
    another.communicate("end\n", timeout=30)
    assert another.returncode == 0
    assert not Path(f"/proc/{server}").exists()  # it had stopped before the last command ended


def test_the_server_stops_when_the_last_command_is_killed_and_the_next_starts_another(home: Path) -> None:
    first = command(home)
    assert answer(first) == "1\n"
    server = server_of(home)

    first.kill()
    first.wait()

    assert wait_until_gone(server)
    second = command(home)
    assert answer(second) == "1\n"
    second.communicate("end\n", timeout=30)
    assert not postgres.is_answering(home)


def test_a_server_that_was_killed_under_a_command_is_started_again_by_the_next(home: Path) -> None:
    first = command(home)
    assert answer(first) == "1\n"
    os.kill(server_of(home), signal.SIGKILL)

    second = command(home)  # while the first still holds its lock

    assert answer(second) == "1\n"
    first.kill()
    first.wait()
    second.communicate("end\n", timeout=30)
    assert not postgres.is_answering(home)


def test_a_command_says_why_the_shared_server_cannot_start(home: Path) -> None:
    (home / "data").mkdir(parents=True)
    refused = subprocess.run(
        [sys.executable, "-c", ASKS],
        env={**os.environ, "CLEARWAY_HOME": str(home.parent), "CLEARWAY_SUPERVISED": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "CannotStart: PostgreSQL stopped at once." in refused.stderr
