"""One of several steps that a page offers: its form, what it does, and what is said when it was done."""

from collections.abc import Callable
from typing import Any

from clearway.domain.shared.errors import NotAllowed

from .fields import DeskForm

Act = Callable[[dict[str, Any]], object]
Step = tuple[type[DeskForm], Act, str]


def carried_out(request: Any, step: Step) -> tuple[DeskForm, str]:
    """The form that was sent, and what is said when its step was done; "" when it was not.

    A step that is not allowed is a problem of the form, and what was typed stays.
    """
    make, act, told = step
    form = make(request.POST, at=request.at)
    if not form.is_valid():
        return form, ""
    try:
        act(form.cleaned_data)
    except NotAllowed as refusal:
        form.add_error(None, refusal.why)
        return form, ""
    return form, told
