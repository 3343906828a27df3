"""List every account with the roles it holds now.

Example: clearway user list --json
"""

import argparse
import json
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON array instead of a table")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.people.models import RoleGrant, User

    grants = RoleGrant.objects.running_at(datetime.now(UTC)).select_related("organisation", "site", "area")
    held: dict[int, list[dict[str, str | None]]] = {}
    for grant in grants.order_by("starts_at"):
        held.setdefault(grant.user_id, []).append(
            {
                "role": grant.role,
                "organisation": grant.organisation.slug,
                "site": grant.site.code if grant.site else None,
                "area": grant.area.code if grant.area else None,
                "ends_at": grant.ends_at.isoformat() if grant.ends_at else None,
                "from": "claims" if grant.from_claims else "here",
            }
        )
    listed = [
        {
            "name": user.username,
            "display_name": user.display_name,
            "enabled": user.is_active,
            "recovery": user.for_recovery,
            "roles": held.get(user.pk, []),
        }
        for user in User.objects.order_by("username")
    ]
    print(json.dumps(listed, indent=2) if arguments.json else "\n".join(_line(user) for user in listed))
    return 0


def _line(user) -> str:  # type: ignore[no-untyped-def]
    roles = ", ".join(
        f"{role['role']} ({role['site'] or role['area'] or role['organisation']})" for role in user["roles"]
    )
    marks = f"{'' if user['enabled'] else 'disabled '}{'for recovery ' if user['recovery'] else ''}"
    return f"{user['name']:<24} {marks}{roles or 'no role now'}"
