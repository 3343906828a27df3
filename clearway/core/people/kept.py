"""What somebody was writing when they had to sign in again: kept on the server, shown again afterwards."""

from typing import Any

KEY = "kept"
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
MOST = 20_000  # characters; no form of ours is longer
# What proves who somebody is, under the names that the forms give it; a code on paper is good for long.
SECRET = frozenset({"password", "proof", "code", "answer", "csrfmiddlewaretoken", "form_key"})


def of(request: Any) -> dict[str, Any] | None:
    """The form that this request sends, for the person whose session has just ended; None without one."""
    if request.method != "POST" or request.content_type not in FORMS:
        return None
    return _of(request, request.path)


def keep(request: Any, path: str) -> None:
    """Keep what this request sends for another page, or a part of it, whose session goes on."""
    if written := _of(request, path):
        request.session[KEY] = written


def _of(request: Any, path: str) -> dict[str, Any] | None:
    typed = {name: value for name, value in request.POST.items() if name not in SECRET}
    if sum(map(len, typed.values())) > MOST:
        return None
    return {"user": request.user.pk, "path": path, "typed": typed}


def take(request: Any, path: str = "") -> dict[str, str]:
    """What was kept for this person and this page (or `path`), once; empty when nothing was."""
    kept = request.session.get(KEY)
    if not kept or kept["user"] != request.user.pk or kept["path"] != (path or request.path):
        return {}
    del request.session[KEY]
    return dict(kept["typed"])
