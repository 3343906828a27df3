"""Laws of the house that a reader of the source alone can check."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from clearway.engine.outpatients.attendance import FEATURES

PACKAGE = Path(__file__).resolve().parents[2] / "clearway"
DESKS = sorted(folder for folder in (PACKAGE / "desks").iterdir() if (folder / "apps.py").exists())
BELOW_THE_LINE = ("domain", "engine", "simulation", "interchange")
TIMES = ("time", "monotonic", "perf_counter", "process_time", "localtime", "gmtime", "ctime", "strftime")
CLOCKS = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    *(f"time.{name}{unit}" for name in TIMES for unit in ("", "_ns")),
    *(f"django.utils.timezone.{name}" for name in ("now", "localtime", "localdate")),
    "django.db.models.functions.Now",
}
ENDINGS = tuple(f".{clock}" for clock in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today"))


def modules(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    """Dotted name and syntax tree of every module in a folder, migrations left out."""
    for file in sorted(folder.rglob("*.py")):
        if "migrations" not in file.parts:
            name = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
            yield name.removesuffix(".__init__"), tree_of(file)


@cache
def tree_of(file: Path) -> ast.Module:
    """The syntax tree of a file, made once for all laws."""
    return ast.parse(file.read_text(), str(file))


def imported(name: str, tree: ast.Module) -> Iterator[str]:
    """What a module imports, as dotted names of modules or of what is in them."""
    package = name.split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: -node.level]) if node.level else ""
            start = f"{base}.{node.module}".strip(".") if node.module else base
            yield from (f"{start}.{alias.name}" for alias in node.names)


def refused_between_parts(desk: Path) -> list[str]:
    """Imports from another part's models or views. Tables may name each other's rows, hence models.py may."""
    prefix = f"clearway.desks.{desk.name}."
    found = []
    for name, tree in modules(desk):
        part, _, kind = name.removeprefix(prefix).partition(".")
        if kind == "models" or part == "models":
            continue
        for target in imported(name, tree):
            other, _, rest = target.removeprefix(prefix).partition(".")
            if target.startswith(prefix) and other != part and rest.split(".")[0] in ("models", "views"):
                found.append(f"{name} imports {target}")
    return found


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk.name)
def test_a_part_uses_a_siblings_queries_and_actions_never_its_models_or_views(desk: Path) -> None:
    assert refused_between_parts(desk) == []


RISK = "clearway.desks.outpatients.attendance"
STARTS_IT = (
    "clearway.gateway.department",
    "clearway.gateway.duties",
    "clearway.cli",
    "clearway.config",
    "clearway.desks.outpatients.models",
)


def test_nothing_that_ranks_offers_books_or_discharges_reads_the_risk_that_somebody_does_not_come() -> None:
    """A risk may only add help: it is read by its own part, which adds calls, and by what starts it."""
    engines = ("attendance", "attendance_fit", "attendance_measures")
    thinking = tuple(f"clearway.engine.outpatients.{each}" for each in engines)
    own = (RISK, *thinking, "clearway.interchange.attendance_file", *STARTS_IT)
    readers = [
        f"{name} imports {target}"
        for name, tree in modules(PACKAGE)
        for target in imported(name, tree)
        if target.startswith((RISK, *thinking)) and not name.startswith(own)
    ]
    assert readers == []
    by_name = ("attendance_score", "AttendanceScore", "attendance_set_aside")
    files = {
        file.relative_to(PACKAGE)
        for file in PACKAGE.rglob("*.py")
        if any(word in file.read_text() for word in by_name)
    }
    desk = Path("desks/outpatients")
    keeping = {desk / "retention.py", Path("config/migrate.py")}  # they let go of it when its period is over
    assert {each.parent for each in files - keeping} <= {desk, desk / "attendance", desk / "migrations"}
    assert {each.name for each in files - keeping if each.parent == desk} == {"models.py"}


GROUPS = "desks/outpatients/equality/"
MAY_COMPARE_GROUPS = {
    *("cli/deprivation_load.py", "desks/outpatients/models.py", "domain/outpatients/equality.py"),
    "desks/outpatients/performance/",  # figures of groups, small ones left out
    "domain/outpatients/performance.py",
    "desks/outpatients/attendance/reading.py",  # the audit of a model, held below
    *("desks/outpatients/patients/views.py", "desks/outpatients/records/queries.py"),  # shown to the patient
    *("desks/outpatients/invented_past.py", "simulation/outpatients/backgrounds.py"),
}


def test_nothing_that_ranks_offers_scores_or_simulates_reads_ethnicity_or_deprivation() -> None:
    """They are held for comparing groups (docs/adr/0083): whoever else comes to name them has to say why."""
    words = ("ethnic", "depriv", "background", "equality")
    named = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if "migrations" not in file.parts
        if any(word in file.read_text().lower() for word in words)  # a tree takes a hundred times as long
        if any(word in name.lower() for word in words for name in _names(tree_of(file)))
    }
    outside = {each for each in named if not each.startswith((GROUPS, *MAY_COMPARE_GROUPS))}
    assert {each for each in outside if "outpatients" in each} == set()
    assert not any(
        each.startswith(("engine/", "simulation/shared/", "simulation/ambulance/")) for each in named
    )


def test_of_the_groups_of_patients_a_model_sees_none() -> None:
    """In the part that trains, they are read by the one function whose answer only the audit takes."""
    source = (PACKAGE / "desks/outpatients/attendance/reading.py").read_text()
    functions = {each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}
    reading = {name for name, each in functions.items() if "equality" in set(_names(each))}
    assert reading == {"groups"}
    words = ("ethnic", "depriv", "postcode", "background")
    assert not [each.code for each in FEATURES if any(word in each.code for word in words)]


def _names(tree: ast.AST) -> Iterator[str]:
    """Every name, attribute, argument, import and short text in a tree; docstrings are too long to be one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.keyword):
            yield node.arg or ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 40:
            yield node.value


def test_the_desks_never_import_each_other() -> None:
    found = [
        f"{name} imports {target}"
        for desk in DESKS
        for name, tree in modules(desk)
        for target in imported(name, tree)
        if target.startswith("clearway.desks.") and not target.startswith(f"clearway.desks.{desk.name}")
    ]

    assert found == []


def clocks_read(name: str, tree: ast.Module) -> list[str]:
    """Each place that names a clock, called or handed on, under whatever name it was imported."""
    nodes = list(ast.walk(tree))
    known: dict[str, str] = {}
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            known |= {each.asname: each.name for each in node.names if each.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
            known |= whole
            found += [
                f"{name} line {node.lineno} imports {each}" for each in whole.values() if each in CLOCKS
            ]
            found += [
                f"{name} line {node.lineno} imports {each}" for each in whole.values() if each == "time.*"
            ]
    for node in nodes:
        if isinstance(node, ast.Attribute):
            first, dot, rest = ast.unparse(node).partition(".")
            read = known.get(first, first) + dot + rest
            if read in CLOCKS or f".{read}".endswith(ENDINGS):
                found.append(f"{name} line {node.lineno} reads {read}")
    return found


@pytest.mark.parametrize("layer", [*BELOW_THE_LINE, "desks"])
def test_nothing_below_the_line_and_no_desk_reads_a_clock(layer: str) -> None:
    assert [each for name, tree in modules(PACKAGE / layer) for each in clocks_read(name, tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "import datetime as dt\ndt.date.today()",
        "from datetime import datetime as moment\nmoment.now()",
        "import time\ntime.monotonic_ns()",
        "import time as clock\nclock.time()",
        "from time import perf_counter",
        "from time import time as instant\ninstant()",
        "from time import *",
        "from django.utils import timezone\ntimezone.now()",
        "from django.utils import timezone as zone\nfield(default=zone.now)",
        "from django.utils.timezone import now",
        "import django.utils.timezone\ndjango.utils.timezone.localdate()",
        "from django.db.models.functions import Now",
        "def f():\n    from django.utils.timezone import now as at\n    return at()",
        "self.calendar.datetime.now()",
    ],
)
def test_the_guard_of_clocks_sees_every_way_to_read_one(source: str) -> None:
    assert clocks_read("made up", ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, time\ndatetime.fromisoformat(said)\ntime.min",
        "import time\ntime.sleep(1)",
        "situation.now",
        "from .clock import now\nnow",
        "from django.utils import timezone\ntimezone.is_aware(at)",
    ],
)
def test_the_guard_of_clocks_lets_other_uses_of_time_pass(source: str) -> None:
    assert clocks_read("made up", ast.parse(source)) == []


def test_every_folder_of_code_is_a_package_that_the_layers_see() -> None:
    folders = {file.parent for file in PACKAGE.rglob("*.py")}

    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def first_words(function: str) -> set[str]:
    """The first argument of every call of a function, where it is written out as a word."""
    return {
        node.args[0].value
        for _, tree in modules(PACKAGE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and _ends_in(node.func, function)
        if ast.unparse(node.func) == function
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def _ends_in(node: ast.expr, function: str) -> bool:
    """Whether it may be this function, which is cheaper to see than to write it out."""
    last = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return last == function.rpartition(".")[2]


def test_what_is_announced_is_drawn_and_what_is_drawn_may_be_read_by_somebody() -> None:
    from clearway.core.live.viewers import PERMISSION_OF_TOPIC
    from clearway.core.worklist.actions import TOPIC
    from clearway.desks.ambulance.live import RENDERERS
    from clearway.desks.outpatients.live import RENDERERS as OF_OUTPATIENTS

    assert first_words("announce") | {TOPIC} == set(RENDERERS) | set(OF_OUTPATIENTS)
    assert first_words("Fragment") | {TOPIC} == set(PERMISSION_OF_TOPIC)


def test_a_page_that_follows_the_present_says_from_which_push_on() -> None:
    """One that does not is told to start anew as soon as it listens, and so for ever."""
    silent = [
        f"{name}:{node.lineno}"
        for name, tree in modules(PACKAGE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for keys in [{key.value for key in node.keys if isinstance(key, ast.Constant)}]
        if "live_topics" in keys and "live_after" not in keys
    ]

    assert silent == []


def test_the_guards_understand_relative_imports() -> None:
    tree = ast.parse("from ..handovers.models import Snapshot")

    assert list(imported("clearway.desks.ambulance.breaks.actions", tree)) == [
        "clearway.desks.ambulance.handovers.models.Snapshot"
    ]
