"""What the roles may do, and how grants add up."""

import pytest

from clearway.core.people.permissions import needs, public, requirement_of
from clearway.core.people.reach import NOTHING, Reach
from clearway.core.people.roles import PERMISSIONS, ROLES, roles_with


def test_every_permission_is_held_by_some_role() -> None:
    assert [name for name in PERMISSIONS if not roles_with(name)] == []


def test_identity_and_the_keys_to_it_are_never_in_one_hand() -> None:
    both = [role.code for role in roles_with("identity.look") if "people.manage" in role.permissions]

    assert both == []


def test_who_reads_the_audit_does_not_work_the_desk() -> None:
    assert [role.code for role in roles_with("audit.read") if "handovers.mark" in role.permissions] == []


def test_only_hospital_roles_are_limited_to_a_site() -> None:
    assert {role.code for role in ROLES.values() if role.is_site_limited} == {"halo", "hospital_user"}


def test_without_a_grant_nothing_is_allowed() -> None:
    assert not any(NOTHING.allows(name) for name in PERMISSIONS)
    assert not NOTHING.allows_site("REF12")


def test_a_permission_at_one_site_does_not_open_another() -> None:
    reach = Reach({"handovers.mark": (frozenset({"REF12"}), "halo")}).within("handovers.mark")

    assert reach.allows_site("REF12")
    assert not reach.allows_site("RA723")
    assert not reach.allows_site(None)


def test_a_wide_permission_does_not_widen_a_narrow_one() -> None:
    reach = Reach(
        {"handovers.mark": (frozenset({"REF12"}), "halo"), "handovers.read": (None, "dispatcher")}
    ).within("handovers.read")

    assert reach.allows_site("RA723")
    assert not reach.allows_site("RA723", "handovers.mark")


def test_a_view_says_what_it_needs_to_read_and_to_change() -> None:
    @needs("tasks.read", change="tasks.work")
    def view(request: object) -> None: ...

    requirement = requirement_of(view)

    assert requirement is not None
    assert (requirement.of("GET"), requirement.of("POST")) == ("tasks.read", "tasks.work")


def test_a_view_that_says_nothing_is_noticed() -> None:
    assert requirement_of(lambda request: None) is None
    assert requirement_of(public(lambda request: None)) is not None


def test_a_permission_that_does_not_exist_is_refused_when_the_view_is_made() -> None:
    with pytest.raises(ValueError, match="no permission"):
        needs("handovers.raed")
