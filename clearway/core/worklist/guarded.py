"""Asking the rules of a part that reads things of its own, so that one that fails stops no other."""

from collections.abc import Callable, Sequence

from django.db import InterfaceError, OperationalError

from .rules import RULE_FAILED, Outcome, Wanted


def guarded(part: str, ask: Callable[[], Sequence[Outcome]]) -> list[Outcome]:
    """What the rules of a part want. Where it cannot say, because a policy is wrong or by its own fault, that
    is something to do; its open tasks are left alone.

    part  its name in plain words, for the task. Raises what is the database's, which no policy mends.
    """
    subject = f"rules:{part}"
    about = frozenset({subject})
    try:
        return [*ask(), Outcome(RULE_FAILED, about=about)]
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:  # whatever its fault, it must be seen
        stopped = f"{type(problem).__name__}: {problem}"[:200]
        wanted = Wanted(
            subject=subject,
            priority=2,
            title="Rules cannot be checked",
            cause=f"The rules of {part} stopped with {stopped}",
            role="service_delivery_officer",
            suggestion="Watch for this yourself, and tell the administrator to correct the policy",
        )
        return [Outcome(RULE_FAILED, (wanted,), about=about)]
