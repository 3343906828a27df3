"""One PostgreSQL for the whole run, started by the first test that needs it.

Tests under tests/pure need nothing. A test that uses the database takes pytest-django's `db`, or
`postgres_server` for the bare server. The server lives in a temporary folder and stops with the run, even
when the run is killed.
"""

import importlib.util
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis.core
import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no finding: properties are judged by what holds, and their size is set by each.
settings.register_profile("clearway", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clearway")

# Settings read the environment when they are loaded, so the home of this run is named before anything else.
HOME = Path(tempfile.mkdtemp(prefix="clearway-tests-"))
HOME.chmod(0o711)  # the ordinary user that runs PostgreSQL for root must be able to pass through
(HOME / "static").mkdir()  # where a deployment collects its page files; here they are read from the code
os.environ["CLEARWAY_HOME"] = str(HOME)
os.environ["CLEARWAY_SECRET_KEY"] = "for tests only"
os.environ["CLEARWAY_FACTOR_KEY"] = "for-tests-only-and-long-enough-for-one"
os.environ["CLEARWAY_SECOND_FACTOR"] = "none"  # what is asked of whom is test_second_factor's
HAS_SETTINGS = importlib.util.find_spec("clearway.config.settings") is not None
if HAS_SETTINGS:
    os.environ["DJANGO_SETTINGS_MODULE"] = "clearway.config.settings"
for name in ("DATABASE_URL", "CLEARWAY_PROCESS"):
    os.environ.pop(name, None)

from clearway.config import database, postgres  # noqa: E402
from clearway.config.migrate import prepare_embedded  # noqa: E402
from tests import recording, sizes  # noqa: E402

if HAS_SETTINGS:  # the conftest of a folder may import models as it is read
    import django

    django.setup()


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much is tried, with which chance, and of which promises."""
    group = parser.getgroup("clearway")
    group.addoption(
        "--size", choices=sizes.NAMES, default="change", help="how much is tried (tests/sizes.py)"
    )
    group.addoption("--seed", type=int, help="chance of an earlier run, to have it again")
    group.addoption(
        "--promise", action="append", default=[], help="only tests that carry this promise; may be repeated"
    )
    group.addoption("--record", type=Path, metavar="FILE", help="write down there how each test ended")


def pytest_configure(config: pytest.Config) -> None:
    """One seed for the whole run, the properties of Hypothesis included; processes beside get the same."""
    if config.option.seed is None:
        config.option.seed = random.SystemRandom().randrange(1_000_000)
    else:
        hypothesis.core.global_force_seed = config.option.seed
    sizes.begin(config.option.size, config.option.seed)
    if config.option.record:
        config.pluginmanager.register(recording.Recorder(config.option.record, config.option.size))


def pytest_report_header(config: pytest.Config) -> str:
    return f"size {config.option.size}, seed {config.option.seed} (again: --seed {config.option.seed})"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --promise, only the tests that carry one of them."""
    wanted = set(config.option.promise)
    if wanted:
        chosen = [each for each in items if wanted & {mark.args[0] for mark in each.iter_markers("promise")}]
        config.hook.pytest_deselected(items=[each for each in items if each not in chosen])
        items[:] = chosen


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance that can be had again with --seed, whichever tests run beside this one."""
    return sizes.luck(request.node.nodeid)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """The server of this run, made quick by not flushing: nothing here has to outlive the machine."""
    server = postgres.start(database.home() / "postgres", options=("fsync=off", "synchronous_commit=off"))
    prepare_embedded(str(server.sockets))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: postgres.Server) -> None:
    """Hook of pytest-django: runs before it makes the test database.

    With several processes each has a server of its own; settings were read with the folder of the first.
    """
    from django.db import connections

    connections["default"].settings_dict["HOST"] = str(postgres_server.sockets)


@pytest.fixture(autouse=True, scope="session")
def _tests_that_commit_can_clean_up() -> Iterator[None]:
    """Emptying the tables after a test that commits is refused by the insert-only triggers: set them by."""
    if not HAS_SETTINGS:
        yield
        return
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def without_triggers(self: DatabaseOperations, sql_list: list[str]) -> None:
        everything = [statement.replace(";", " CASCADE;") for statement in sql_list]
        flush(self, ["SET LOCAL session_replication_role = replica", *everything])

    DatabaseOperations.execute_sql_flush = without_triggers
    yield
    DatabaseOperations.execute_sql_flush = flush
