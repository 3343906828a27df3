"""What a definition in the source leads to: the functions, classes and tables of names that it refers to."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from tests.pure.test_laws import PACKAGE, imported, tree_of

BELOW = tuple(f"clearway.{layer}." for layer in ("domain", "engine", "simulation", "interchange"))
Function = ast.FunctionDef | ast.AsyncFunctionDef
Import = ast.ImportFrom | ast.Import


@dataclass(frozen=True, slots=True)
class Definition:
    """What stands in a definition but its decorators: names, as "actions.put_up", and calls of methods."""

    names: frozenset[str]
    calls: tuple[ast.Call, ...]


@cache
def module(name: str) -> tuple[ast.Module, bool] | None:
    """The syntax tree of a module, and whether it is a package; None where the name is of something else."""
    path = PACKAGE.parent.joinpath(*name.split("."))
    for file, is_package in ((path.with_suffix(".py"), False), (path / "__init__.py", True)):
        if file.exists():
            return tree_of(file), is_package
    return None


@cache
def names_in(name: str) -> tuple[dict[str, Definition], dict[str, str]]:
    """What a module defines at its top, and what it imports: the name here -> the dotted name there."""
    found = module(name)
    assert found is not None
    tree, is_package = found
    here = f"{name}.__init__" if is_package else name
    defined: dict[str, Definition] = {}
    aliases: dict[str, str] = {}
    for node in tree.body:
        one, imports = _read(node)
        defined |= dict.fromkeys(_called(node), one)
        for each in imports:
            names = (alias.asname or alias.name.split(".")[0] for alias in each.names)
            aliases |= dict(zip(names, imported(here, ast.Module([each], [])), strict=True))
    return defined, aliases


def _called(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module gives."""
    if isinstance(node, Function | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (each.id for each in targets if isinstance(each, ast.Name))


def _read(node: ast.stmt) -> tuple[Definition, list[Import]]:
    names, calls, imports = set(), [], []
    for part in node.body if isinstance(node, Function) else [node]:
        for each in ast.walk(part):
            if isinstance(each, ast.Name | ast.Attribute):
                names.add(_dotted(each))
            elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
                calls.append(each)
            elif isinstance(each, Import):
                imports.append(each)
    return Definition(frozenset(names - {""}), tuple(calls)), imports


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@cache
def resolved(dotted: str) -> str:
    """Where a dotted name is defined, through imports on its way; "" for what is not above the line."""
    if not dotted.startswith("clearway.") or dotted.startswith(BELOW):
        return ""
    before, _, last = dotted.rpartition(".")
    if module(before) is None:
        return resolved(before)  # an attribute of what a module defines
    defined, aliases = names_in(before)
    if last in defined:
        return dotted
    return resolved(aliases[last]) if aliases.get(last, dotted) != dotted else ""


def definition(name: str) -> Definition:
    """What stands in a definition: "clearway.core.screens.actions.put_up"."""
    module_name, _, own = name.rpartition(".")
    return names_in(module_name)[0][own]


def refers_to(name: str) -> frozenset[str]:
    """The definitions that one refers to, whether it calls them or hands them on."""
    here = name.rpartition(".")[0]
    defined, aliases = names_in(here)
    found = set()
    for said in definition(name).names:
        first, _, rest = said.partition(".")
        if first in defined:
            found.add(f"{here}.{first}")
        elif first in aliases:
            found.add(resolved(f"{aliases[first]}.{rest}" if rest else aliases[first]))
    return frozenset(found - {"", name})


def graph(starts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Every definition that these lead to, themselves included, with those that it refers to."""
    found: dict[str, frozenset[str]] = {}
    waiting = list(starts)
    while waiting:
        if (name := waiting.pop()) not in found:
            found[name] = refers_to(name)
            waiting += found[name]
    return found
