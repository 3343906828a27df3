"""Every command of Clearway.

A command is a module in this folder: its docstring is its help, `add_arguments(parser)` declares what it
takes, and `run(arguments)` does it and returns the exit code. A command of two words (`region load`) is the
module region_load. Only the module of the command asked for is imported, so every command starts quickly.

Exit codes: 0 done, 1 done and something is wrong (a fault found, a check failed), 2 could not be done.
"""

import argparse
import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from types import ModuleType

from clearway import __version__

ABOUT = """\
Clearway coordinates an NHS region: which crews wait at which hospital, where the next should go, which
appointment slots just fell free and who can use them. This command starts it, feeds it and looks after it.\
"""

# Each command with its line in the overview, grouped by who needs it: all that a new command adds here.
GROUPS: dict[str, dict[str, str]] = {
    "Try it": {
        "demo": "start everything with a simulated region and print one address",
        "simulate": "rehearse days of a region and set the result beside published figures",
        "simulate department": "try policies of an outpatient department on the same chance",
        "demo prepare": "make the database ready for the demo, without starting anything",
        "demo desk": "let the people of the demo say and write a few things at the ambulance desk",
        "feed": "play a simulated region into the gateway, in real time",
        "feed department": "play an invented outpatient department, in real time",
        "feed check": "say whether a feed's file conforms, line by line, without a database",
        "feed schema": "print the schema of native messages, for whoever sends them",
        "provider": "texts and emails that reach nobody, with telephones to look at",
        "rules replay": "count the alarms that the rules would raise on a simulated or past day",
        "replay": "replay a file of a real control room, every row accounted for",
    },
    "Run it": {
        "web": "serve the desks",
        "ingest": "receive messages from other systems",
        "mllp": "receive HL7 v2 messages of a patient administration system",
        "worker": "do what happens by itself: advice, rules, snapshots",
        "migrate": "make or update the database",
        "region load": "load a region's sites, vehicles and policies",
        "ers ask": "ask the e-Referral Service for worklists and take them, twice a day for each service",
        "ers load": "take a worklist of the e-Referral Service into referrals and clocks",
        "directory load": "load practices, trusts and their successors from a file of ODS",
        "roster load": "load which crew is to work when, from CSV or XLSX",
        "region export": "write a region back as a pack, with what was answered at the desk",
        "clocks": "waiting time clocks and return figures from a file of dated events",
        "ads export": "write incidents and responses in the shape of the Ambulance Data Set",
        "clocks export": "write an organisation's own clock events as such a file",
        "attendance train": "learn from the trust's own past who might not come, and keep the model",
        "attendance evaluate": "measure such a model, or the same on a file of bookings",
        "deprivation load": "which postcode lies in how deprived an area, for comparing groups",
        "forecast demand": "daily counts of the coming days, from the trust's own facts or a file",
        "roads ask": "minutes from a position to every hospital, with source and age",
        "roads graph": "make a road graph from an OpenStreetMap extract",
        "roads read": "take road disruptions from a DATEX II file",
        "exchange reconcile": "compare appointments with those of another system, with what to do about each",
        "source add": "set up a system that sends HL7 v2, or a dashboard that reads figures",
        "mapping load": "say how such a system writes: a new version, with the reason",
        "mapping show": "print how such a system writes",
        "source key": "give a source that sends messages a new key",
        "source disable": "switch a source off: it may not deliver, and no board counts on it",
        "source enable": "switch a source on again",
    },
    "People": {
        "user add": "make an account and give it a role",
        "user recovery": "keep a local account for when the provider of sign-ins is away, or no longer",
        "user list": "who has an account, and with which roles",
    },
    "Look after it": {
        "quality check": "ask the rules on positions, other jobs and days about a past period",
        "verify facts": "rebuild every projection from the facts and compare",
        "verify clocks": "rebuild every waiting time clock from its events and compare",
        "verify audit": "check that nothing recorded was changed, and name the first row that was",
        "audit key": "print the public key that the audit's checkpoints are signed with, or make it",
        "audit checkpoint": "seal the audit and tell the places outside now",
        "audit export": "write the whole audit as lines of JSON, for an auditor",
        "audit checker": "write the one file with which an auditor checks such an export",
        "downtime pack": "write the sealed picture for an outage now, into every folder",
        "downtime open": "open such a pack where nothing of Clearway runs",
        "retention": "show what is past its period and would go; --apply lets it go",
        "hold place": "keep everything of a span of time, whatever its period: a legal hold",
        "hold list": "the legal holds that are in force",
        "hold release": "end a legal hold",
        "evidence": "run the tests of each promise on this machine and keep what they found",
        "doctor": "check this machine and deployment, and name the fix for each fault",
        "config": "show where each setting comes from",
        "completion": "print the shell's completion script",
        "reference": "write the generated pages of the documentation, or check them",
    },
}

EXAMPLES = """\
Examples:
  clearway demo                      a region to look at, at one address
  clearway doctor                    what is wrong with this machine, and how to mend it
  clearway web --port 8000           the desks alone, on an existing database\
"""


class CannotRun(Exception):
    """A command could not do what was asked; the message is shown without a traceback."""


def a_day(text: str) -> date:
    """An argument that is a day, as 2026-10-31. Raises ArgumentTypeError, which says how to write one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write it as 2026-10-31") from None


def a_midnight(text: str) -> datetime:
    """The first instant in UTC of a day. Raises ArgumentTypeError."""
    return datetime.combine(a_day(text), time(), UTC)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command named on the command line; returns its exit code."""
    words = list(sys.argv[1:] if words is None else words)
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if words[0] in ("-V", "--version"):
        print(f"clearway {__version__}")
        return 0
    name, rest = _split(words)
    if name is None:
        print(_unknown(words[0]), file=sys.stderr)
        return 2
    return _run(name, rest)


def overview() -> str:
    """The help of `clearway` itself."""
    groups = "\n\n".join(
        f"{title}:\n" + "\n".join(f"  {name:<14} {line}" for name, line in _present(lines))
        for title, lines in GROUPS.items()
        if any(_present(lines))
    )
    return "\n\n".join(
        [
            "Usage: clearway COMMAND [OPTIONS]",
            ABOUT,
            groups,
            EXAMPLES,
            "Each command explains itself: clearway COMMAND --help",
        ]
    )


def manual() -> str:
    """Every command's help as one Markdown page."""
    pages = [
        "# Commands",
        "Generated from the code by `make reference`.",
        f"## clearway\n\n```text\n{overview()}\n```",
    ]
    for lines in GROUPS.values():
        for name, _ in _present(lines):
            text = _parser(name, importlib.import_module(module_of(name))).format_help().rstrip()
            pages.append(f"## clearway {name}\n\n```text\n{text}\n```")
    return "\n\n".join(pages) + "\n"


def names() -> list[str]:
    """Every command there is."""
    return [name for lines in GROUPS.values() for name, _ in _present(lines)]


def module_of(name: str) -> str:
    """The module that holds a command."""
    return f"clearway.cli.{name.replace(' ', '_').replace('-', '_')}"


def _present(lines: dict[str, str]) -> Iterable[tuple[str, str]]:
    return [(name, line) for name, line in lines.items() if importlib.util.find_spec(module_of(name))]


def _split(words: list[str]) -> tuple[str | None, list[str]]:
    """The command's name, of one or two words, and what follows it."""
    for length in (2, 1):
        name = " ".join(words[:length])
        if len(words) >= length and name in names():
            return name, words[length:]
    return None, words


def _unknown(word: str) -> str:
    first_words = {name.split()[0] for name in names()}
    if word in first_words:
        longer = ", ".join(f"clearway {name}" for name in names() if name.startswith(f"{word} "))
        return f"'clearway {word}' needs one more word: {longer}"
    near = difflib.get_close_matches(word, first_words, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"There is no command '{word}'.{hint} All commands: clearway --help"


def _parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"clearway {name}",
        description=inspect.cleandoc(module.__doc__ or ""),
        formatter_class=_width_of_the_house,
    )
    module.add_arguments(parser)
    return parser


def _width_of_the_house(prog: str) -> argparse.HelpFormatter:
    # A fixed width, so that the generated page is the same on every machine.
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=100)


def _plain_errors() -> tuple[type[Exception], ...]:
    """The errors made for the person to read; imported only once there is one."""
    from clearway.config.postgres import CannotStart
    from clearway.domain.shared.errors import CannotParse, NotAllowed

    return CannotRun, CannotStart, CannotParse, NotAllowed


def _run(name: str, words: list[str]) -> int:
    module = importlib.import_module(module_of(name))
    try:
        return int(module.run(_parser(name, module).parse_args(words)))
    except _plain_errors() as problem:
        print(f"clearway {name}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`): no fault, but the interpreter would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
