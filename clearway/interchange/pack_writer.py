"""Writing policies back into the files of a region pack, so that what was decided at the desk is in the pack.

What comes out is read by region_pack.parse as the same policies. Comments of the old files are lost; files of
sites, stations and the simulation are not touched.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from clearway.domain.ambulance.destination_answers import ROLE_PREFIX
from clearway.domain.ambulance.destinations import DIRECTORY, KIND_PREFIX, PLACE_PREFIX, RULE_PREFIX
from clearway.domain.shared.region import Policy

from .region_pack import ALTERNATIVE_COLUMNS, ALTERNATIVES, ANSWERS, DESTINATION_RULES

POLICIES = "policies.toml"
SAID = "# Written by clearway region export: the policies as they were in force on {on}.\n"


def written(policies: Iterable[Policy], on: date) -> dict[str, bytes]:
    """The files that hold these policies, by name. on: the day on which they are in force."""
    rest, rules, kinds, answers, directory = _parted(policies)
    files = {POLICIES: _tables("policies", (_policy(each, "name", each.name) for each in rest))}
    if directory is not None:
        files[DESTINATION_RULES] = "\n".join(
            (
                _tables("rules", (_flat(each, "code", RULE_PREFIX, ("order",)) for each in rules)),
                _tables("alternatives", (_flat(each, "kind", KIND_PREFIX, ()) for each in kinds)),
                _tables("directory", [_signature(directory)]),
            )
        )
        files[ALTERNATIVES] = _rows(directory.values.get("places", ()))
    if answers:
        files[ANSWERS] = _tables("answers", (_policy(each, "name", each.name) for each in answers))
    head = SAID.format(on=on.isoformat())
    return {name: (head + content).encode() for name, content in files.items()}


def _parted(
    policies: Iterable[Policy],
) -> tuple[list[Policy], list[Policy], list[Policy], list[Policy], Policy | None]:
    every = sorted(policies, key=lambda each: each.name)
    rules = [each for each in every if each.name.startswith(RULE_PREFIX)]
    kinds = [each for each in every if each.name.startswith(KIND_PREFIX)]
    answers = [each for each in every if each.name.startswith((ROLE_PREFIX, PLACE_PREFIX))]
    directory = next((each for each in every if each.name == DIRECTORY), None)
    apart = {each.name for each in (*rules, *kinds, *answers)} | {DIRECTORY}
    rules.sort(key=lambda each: (each.values.get("order", 0), each.name))
    return [each for each in every if each.name not in apart], rules, kinds, answers, directory


def _signature(policy: Policy) -> dict[str, Any]:
    return {
        "valid_from": policy.valid_from,
        "review_on": policy.review_on,
        "owner": policy.owner,
        "mark": str(policy.mark),
        "source": policy.source,
    }


def _policy(policy: Policy, name: str, said: str) -> dict[str, Any]:
    return {name: said, **_signature(policy), "values": dict(policy.values)}


def _flat(policy: Policy, name: str, prefix: str, but: Sequence[str]) -> dict[str, Any]:
    values = {key: value for key, value in policy.values.items() if key not in but}
    title = {"name": values.pop("name")} if "name" in values else {}
    return {name: policy.name.removeprefix(prefix), **title, **_signature(policy), **values}


def _tables(name: str, tables: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(_table(name, each) for each in tables)


def _table(name: str, table: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in table.items() if not _is_values(key, value)}
    lines = [f"[[{name}]]", *(f"{_key(key)} = {_value(value)}" for key, value in plain.items())]
    for key, value in table.items():
        if _is_values(key, value):
            lines.append(f"[{name}.{_key(key)}]")
            lines += [f"{_key(inner)} = {_value(each)}" for inner, each in value.items()]
    return "\n".join(lines) + "\n"


def _is_values(key: str, value: Any) -> bool:
    return key == "values" and isinstance(value, Mapping)


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if is_bare else _text(key)


def _value(value: Any) -> str:
    """One value in TOML, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each) for each in value)}]"
    return _text(str(value))


def _text(text: str) -> str:
    """A basic string: JSON writes the same escapes, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _rows(places: Iterable[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(ALTERNATIVE_COLUMNS)
    for place in places:
        said = {**place, "confirmed": "yes" if place.get("confirmed") else "no"}
        rows.writerow([_cell(said.get(name)) for name in ALTERNATIVE_COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    return "" if value is None else f"{value!r}" if isinstance(value, float) else str(value)
