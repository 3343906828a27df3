"""Barriers that keep a crew from responding, and what of the register removes one."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """What is missing: a vehicle, kit, or somebody to crew with."""

    VEHICLE = "vehicle"
    KIT = "kit"
    STAFF = "staff"


# The groups and codes of the policy `unavailability` that are barriers which somebody can remove.
OF_GROUP: Mapping[str, What] = {"vehicle": What.VEHICLE, "equipment": What.KIT}
OF_CODE: Mapping[str, What] = {"single_crewed": What.STAFF}
NOT_BARRIERS = frozenset({"fuel", "clean"})  # over sooner than anything could be brought


def barrier_of(code: str, group: str) -> What | None:
    """What a crew that is unavailable for this reason lacks; None where the register helps nobody."""
    return None if code in NOT_BARRIERS else OF_CODE.get(code) or OF_GROUP.get(group)


@dataclass(frozen=True, slots=True)
class Aid:
    """Something of the register that may help. says  the kind of a vehicle, what a store holds, a skill;
    minutes  of driving between it and the crew, None where nobody knows."""

    key: int
    what: What
    label: str
    says: str
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Option:
    aid: Aid
    why: str


def options(
    what: What, kind: str, skill: str, aids: Iterable[Aid], leads: Collection[str], farthest: float
) -> list[Option]:
    """What removes a barrier, the nearest first.

    kind      of the crew's resource: a spare vehicle must be of the same one
    skill     of who is there; leads  skills of which a crew needs one (policy barriers)
    farthest  minutes of driving beyond which nothing is proposed
    """
    found = []
    for aid in aids:
        if aid.what is not what or (aid.minutes is not None and aid.minutes > farthest):
            continue
        if what is What.VEHICLE and aid.says.casefold() != kind.casefold():
            continue
        if what is What.STAFF and not {aid.says.casefold(), skill.casefold()} & {
            each.casefold() for each in leads
        }:
            continue
        found.append(Option(aid, _why(aid, skill)))
    return sorted(found, key=lambda each: (each.aid.minutes is None, each.aid.minutes or 0.0, each.aid.label))


def _why(aid: Aid, skill: str) -> str:
    far = "place of the crew not known" if aid.minutes is None else f"{aid.minutes:.0f} min away"
    if aid.what is What.STAFF:
        return f"{far}; together {skill or 'skill not said'} and {aid.says or 'skill not said'}"
    return f"{far}; {aid.says}"
