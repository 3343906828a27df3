"""Everybody who might ask an interface: keys of every kind of source, and sessions of people."""

from datetime import UTC, datetime
from typing import Any

ROLES = {
    "patient_flow_coordinator": "session formToken",
    "receptionist": "",
}  # code -> what its session opens


def prepare() -> dict[str, Any]:
    """Fill the region and the trusts; name -> (security schemes that it has, key or session)."""
    from clearway.config.regions import find
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.actions import issue_key
    from clearway.core.feeds.models import Source
    from clearway.core.organisation.actions import load_region
    from clearway.core.organisation.models import Organisation
    from clearway.interchange.api_description import KINDS, scheme_of
    from clearway.interchange.region_pack import parse
    from tests.trust import a_trust, signed_in, somebody

    now, by = datetime.now(UTC), Actor("bench")
    region = load_region(parse(find("test-valley")), by=by, at=now)
    office = Organisation.objects.get(slug="bench")

    def key(name: str, trust: Organisation, kind: str, **more: Any) -> str:
        source = Source.objects.create(
            organisation=trust, name=name, kind=kind, expected_interval_seconds=86400, **more
        )
        return issue_key(source, by=by, at=now)

    trusts = {kind: office if kind in ("referrals", "notify") else region for kind in KINDS}
    keys = {kind: (scheme_of(kind), key(f"of-{kind}", trusts[kind], kind)) for kind in KINDS}
    keys["switched off"] = ("", key("of-switched-off", region, "cad", enabled=False))
    keys["another trust"] = ("", key("other-trust", a_trust("elsewhere"), "fhir"))
    sessions = {
        role: (has, signed_in(somebody(role, role, region)).cookies["sessionid"].value)
        for role, has in ROLES.items()
    }
    return {"keys": keys, "sessions": sessions}
