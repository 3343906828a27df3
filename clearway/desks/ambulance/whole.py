"""Whether policies are whole: each is made as its readers make it, before anybody depends on it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from clearway.core.concerns import policy as concerns
from clearway.core.recurring import policy as recurring
from clearway.core.worklist.queries import MODES, WORKLIST
from clearway.core.worklist.rules import Mode, Values, sweep_policy
from clearway.domain.ambulance.command import CommandPolicy
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Policy

from . import policy as boards
from .barriers import policy as barriers
from .breaks import policy as breaks
from .command import figures
from .command import policy as command
from .contacts import policy as contacts
from .coverage import policy as cover
from .delays import policy as delays
from .downtime import policy as downtime
from .pressure import policy as pressure
from .rosters import policy as rosters
from .unavailability import policy as unavailability


def _command(values: Values) -> CommandPolicy:
    """Policy `command`: each part of its agenda is a part of a situation report."""
    made = command.made(values)
    for point in made.agenda:
        if unknown := [part for part in point.parts if part not in figures.PARTS]:
            known = ", ".join(figures.PARTS)
            raise ValueError(f"Point {point.code} names {unknown[0]}, which is no part of a report: {known}")
    return made


Make = Callable[[Mapping[str, Values]], object]
# What reads a policy alone, and what reads several together: each gets the one that is looked at.
ALONE: Mapping[str, Callable[[Values], object]] = {
    barriers.NAME: barriers.made,
    breaks.NAME: breaks.made,
    command.NAME: _command,
    command.STANDARDS: command.standards,
    contacts.NAME: contacts.made,
    cover.NAME: cover.made,
    cover.STANDBY: cover.standby_made,
    downtime.NAME: downtime.made,
    rosters.NAME: rosters.made,
    unavailability.NAME: unavailability.made,
    concerns.NAME: concerns.made,
    recurring.NAME: recurring.made,
    WORKLIST: sweep_policy,
    MODES: lambda values: [Mode(each) for each in values.values()],
}
TOGETHER: tuple[tuple[tuple[str, ...], Make], ...] = (
    (boards.NAMES, boards.made),
    (delays.NAMES, delays.made),
    (pressure.NAMES, pressure.made),
)
NUMBERS = (int, float)


def check(policies: Iterable[Policy]) -> None:
    """Raise CannotParse for the first policy that its readers could not take."""
    for policy in policies:
        try:
            for made in _made(policy):
                _check_numbers(made)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            why = f"Nothing is called {problem}." if isinstance(problem, KeyError) else f"{problem}."
            where = f"policies.toml, policy {policy.name} from {policy.valid_from}"
            raise CannotParse(where, why, "Correct the policy.") from None


def _made(policy: Policy) -> list[object]:
    alone = [ALONE[policy.name](policy.values)] if policy.name in ALONE else []
    return [*alone, *(make({policy.name: policy.values}) for names, make in TOGETHER if policy.name in names)]


def _check_numbers(value: object, hint: Any = object, name: str = "") -> None:
    """Raise TypeError where something stands that is no number and has to be one."""
    kinds = [each for each in get_args(hint) if each is not Ellipsis]
    either = kinds if get_origin(hint) in (Union, UnionType) else [hint]
    if value is None and NoneType in either:
        return
    if any(each in NUMBERS for each in either) and (
        isinstance(value, bool) or not isinstance(value, int | float)
    ):
        raise TypeError(f"{name} is a number, not {value!r}")
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        for each in fields(value):
            _check_numbers(getattr(value, each.name), hints[each.name], each.name)
    elif isinstance(value, Mapping | list | tuple | frozenset):
        held = list(value.values() if isinstance(value, Mapping) else value)
        for each_value in held:
            _check_numbers(each_value, kinds[-1] if kinds else object, name)
