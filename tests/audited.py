"""What a request writes, and that the audit has a row of it (S6)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
AUDIT = "INSERT core_action"
HOUSEKEEPING = {
    "django_session": "how long somebody is signed in and what was typed; signing in and out are audited",
    "axes_accesslog": "each try to sign in with its outcome: a record of its own",
    "core_sent_form": "that a form was sent, so that it is done once; what it did is audited",
    "core_batch": "a message as it was sent, by whom and when: a record of its own; its reading is audited",
}
"""Tables that a request may write without an audit row, each with the reason."""
TOUCHES = {
    "UPDATE ambulance_crewlink": "when a crew had its page open last",
    "INSERT core_wrong_codes": "how many wrong codes were tried: what the lock counts",
    "UPDATE core_wrong_codes": "the same",
    "UPDATE core_factor": "when a code was used last, so that it is used once",
    "INSERT core_quarantined": "what of a message was refused, with its bytes: a record of its own",
    "UPDATE core_source": "when a source was heard last; switching one and its keys are audited",
    "INSERT core_spentlogout": "a word of the provider, so that it is used once; what it ends is audited",
}
"""The same for one kind of change alone."""
_WRITES = re.compile(r'\s*(INSERT|UPDATE|DELETE)(?: INTO| FROM)?(?: ONLY)? "?(\w+)', re.IGNORECASE)


class Written(set[str]):
    """What was done to which table, as "UPDATE core_task"; statements that changed no row are left out."""

    def note(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Stands around every statement of a connection, as `execute_wrapper` asks for."""
        done = execute(sql, params, many, context)
        found = _WRITES.match(sql) if isinstance(sql, str) else None
        if found and context["cursor"].rowcount != 0:
            self.add(f"{found[1].upper()} {found[2]}")
        return done

    @property
    def unaudited(self) -> list[str]:
        """What the audit should have a row of and has none."""
        if AUDIT in self:
            return []
        return sorted(each for each in self - set(TOUCHES) if each.partition(" ")[2] not in HOUSEKEEPING)


@contextmanager
def watched() -> Iterator[Written]:
    """Keep what the block writes."""
    written = Written()
    with connection.execute_wrapper(written.note):
        yield written


def checked(answer: Any, written: Written) -> Any:
    """The answer to a request that may write. Raises AssertionError where it wrote what is not audited."""
    if answer.status_code < 400 and (found := written.unaudited):
        route = getattr(getattr(answer, "resolver_match", None), "route", "")
        raise AssertionError(f"No audit row: {answer.request['REQUEST_METHOD']} /{route} did {found}")
    return answer
