"""The key that each form carries: written into it, read from what was sent, and never kept."""

import hashlib
import json
import re
import uuid
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

NAME = "form_key"  # of the hidden field
HEADER = "Idempotency-Key"  # of what a script sends
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
NOT_TYPED = frozenset({NAME, "csrfmiddlewaretoken"})
_KEY = re.compile(r"[0-9A-Za-z-]{20,64}")


def hidden(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `{{ csrf_input }}`, which every form writes, writes a key of its own beside it.

    Each time that it is written the key is another one.
    """
    return {"csrf_input": _hidden(request)}


def _fields(request: HttpRequest) -> SafeString:
    return csrf_input(request) + format_html('<input type="hidden" name="{}" value="{}">', NAME, fresh())


_hidden = lazy(_fields, SafeString, str)


def fresh() -> str:
    """A key that nobody has had."""
    return str(uuid.uuid4())


def of(request: Any) -> str:
    """The key of what was sent; "" where it carries none. Raises SuspiciousOperation for what is no key."""
    key = (request.POST.get(NAME) if _is_form(request) else "") or request.headers.get(HEADER, "")
    if key and not _KEY.fullmatch(key):
        raise SuspiciousOperation("The key of this form is none that we gave.")
    return str(key)


def digest(key: str) -> bytes:
    """What stands for a key in the database."""
    return hashlib.sha256(f"clearway form:{key}".encode()).digest()


def asked(request: Any, key: str) -> bytes:
    """Digest of who sends what where. Under the key, so that nobody finds by trying what was typed."""
    person = str(request.user.pk or "")
    said = hashlib.sha256(json.dumps([key, person, request.method, request.get_full_path()]).encode())
    if not _is_form(request):
        said.update(request.body)
        return said.digest()
    said.update(json.dumps(sorted(typed(request).items())).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            said.update(json.dumps([name, file.name, file.size]).encode())
            for piece in file.chunks():
                said.update(piece)
            file.seek(0)
    return said.digest()


def typed(request: Any) -> dict[str, list[str]]:
    """The fields of the form, without those that say which form it is."""
    return {name: values for name, values in request.POST.lists() if name not in NOT_TYPED}


def _is_form(request: Any) -> bool:
    return request.content_type in FORMS
