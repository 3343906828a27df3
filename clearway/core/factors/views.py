"""The second step of signing in, and the pages on which people keep their own second factors."""

import base64
from typing import Any
from urllib.parse import urlencode

from django.contrib import auth, messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from clearway.domain.shared.errors import NotAllowed

from ..people import signing_in
from ..people.forms import ReasonForm
from ..people.models import User
from ..people.permissions import needs, public
from ..people.provider.actions import follow
from . import actions, half, passkeys, presenters, queries, sealing, strength
from .forms import AppForm, PasskeyForm

Request = Any
CHALLENGE, PENDING = "challenge", "new_app"  # in the session
LOCKED = "locked"
TOO_LONG_AGO = "too long ago"  # who has nothing to type signed in more than ten minutes before
UNKEYED = "codes are shown once, a proof is good once, and who is sent on to prove more comes back with it"
BY_PASSKEY = (
    "You have a passkey, so use it to change your second factors: a false page can ask for a code. "
    "Where it is lost, a recovery code lets you add one thing here."
)


@public
@never_cache
@sensitive_post_parameters("code", "answer")
def second(request: Request) -> HttpResponse:
    """The second step of signing in: a passkey, the code of an app, or one from paper."""
    user = half.of(request.session, request.at)
    if user is None:
        late = {"next": signing_in.next_page(request)}
        return render(request, "factors/too_late.html", late, status=422)
    if request.method == "POST":
        try:
            proved = _proved(request, user)
        except NotAllowed as refusal:
            return _prove_page(request, user, "factors/second.html", refusal)
        signing_in.begin(request, user, proved)
        return HttpResponseRedirect(signing_in.next_page(request))
    return _prove_page(request, user, "factors/second.html")


@needs("account.keep", unkeyed=UNKEYED)
@sensitive_post_parameters("code", "answer", "password")
def confirm(request: Request) -> HttpResponse:
    """Prove once more who one is: by a second factor, or by the password where there is none."""
    if request.method == "POST":
        try:
            proved = _proved_again(request)
        except NotAllowed as refusal:
            return _prove_page(request, request.user, "factors/confirm.html", refusal)
        how = proved if queries.has_one(request.user) else "password"
        actions.record_proof(request.user, how, by=request.actor, at=request.at)
        _mark(request, proved)
        return HttpResponseRedirect(signing_in.next_page(request))
    return _prove_page(request, request.user, "factors/confirm.html")


@needs("account.keep")
def mine(request: Request) -> HttpResponse:
    """One's own second factors, and what one's role asks for."""
    held = queries.of(request.user)
    asked = strength.asked_of(request.roles)
    back = signing_in.next_page(request)
    context = {
        "rows": presenters.rows(held.factors),
        "has_passkey": bool(held.passkeys),
        "codes_left": held.codes_left,
        "asked": asked,
        "is_withheld": bool(request.reach.withheld),
        "may_use_one": bool(held.factors) and not _has_used_one(request),
        "is_fresh": _is_fresh(request),
        "place": passkeys.place_of(request),
        "next": "" if back == "/" else back,
    }
    return _unkept(render(request, "factors/mine.html", context))


@needs("account.keep", unkeyed=UNKEYED)
@sensitive_post_parameters("code")
def add_app(request: Request) -> HttpResponse:
    """Add an authenticator app: read its QR code, then type what it shows."""
    if not _may_add(request):
        return _to_confirm(request)
    form = AppForm(request.POST if request.method == "POST" else None, at=request.at)
    try:
        secret = _pending(request)
        if form.is_valid():
            given = form.cleaned_data
            codes = actions.add_app(
                request.user, given["name"], secret, given["code"], by=request.actor, at=request.at
            )
            del request.session[PENDING]
            return _added(request, codes, strength.CODE)
    except NotAllowed as refusal:
        form.add_error("code", refusal.why)
    except sealing.CannotOpen as problem:
        return render(request, "factors/no_key.html", {"problem": str(problem)}, status=503)
    context = {
        "form": form,
        "picture": presenters.code_of(actions.address_for_app(secret, request.user)),
        "secret": presenters.spoken(secret),
        "next": request.GET.get("next", request.POST.get("next", "")),
    }
    return _unkept(render(request, "factors/add_app.html", context, status=422 if form.errors else 200))


@needs("account.keep", unkeyed=UNKEYED)
def add_passkey(request: Request) -> HttpResponse:
    """Add a passkey: the browser asks the device, the script sends what it answers."""
    if not _may_add(request):
        return _to_confirm(request)
    place = passkeys.place_of(request)
    challenge = request.session.pop(CHALLENGE, "")  # good for one answer
    form = PasskeyForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        given = form.cleaned_data
        try:
            codes = actions.add_passkey(
                *(request.user, given["name"], given["answer"], challenge, place),
                by=request.actor,
                at=request.at,
            )
            return _added(request, codes, strength.PASSKEY)
        except NotAllowed as refusal:
            form.add_error("answer", refusal.why)
    asked = passkeys.ask_to_make(request.user, place, queries.of(request.user).credentials)
    request.session[CHALLENGE] = asked.challenge
    context = {
        "form": form,
        "options": asked.options,
        "place": place,
        "next": request.GET.get("next", request.POST.get("next", "")),
    }
    return _unkept(render(request, "factors/add_passkey.html", context, status=422 if form.errors else 200))


@needs("account.keep", unkeyed=UNKEYED)
@require_POST
def remove(request: Request, key: int) -> HttpResponse:
    """Take one of one's own factors away; there is none of anybody else's."""
    if key not in {each.pk for each in queries.of(request.user).factors}:
        raise Http404
    if not _is_fresh(request):
        return _to_confirm(request)
    try:
        actions.remove(request.user, key, by=request.actor, at=request.at)
        messages.success(request, "Taken away.")
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
    return HttpResponseRedirect(reverse("factors:mine"))


@needs("account.keep", unkeyed=UNKEYED)
@require_POST
def new_codes(request: Request) -> HttpResponse:
    """Make recovery codes anew and show them, this once."""
    if not _is_fresh(request):
        return _to_confirm(request)
    if not queries.has_one(request.user):
        return HttpResponseRedirect(reverse("factors:mine"))
    codes = actions.new_recovery_codes(request.user, by=request.actor, at=request.at)
    return _codes_page(request, codes)


@needs("people.manage")
@require_POST
def reset(request: Request, username: str) -> HttpResponse:
    """Take away every factor of somebody who lost them."""
    form = ReasonForm(request.POST, at=request.at)
    try:
        if not form.is_valid():
            raise NotAllowed("no reason", "Resetting", form.problems["reason"])
        user = actions.reset(
            username,
            form.cleaned_data["reason"],
            organisation_id=request.organisation.pk,
            by=request.actor,
            at=request.at,
        )
        told = (
            f"{user.display_name} has no second factor now, was signed out, and is told at the next sign-in."
        )
        messages.success(request, told)
    except User.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
    return HttpResponseRedirect(reverse("people:people"))


def _proved(request: Request, user: Any) -> str:
    challenge = request.session.pop(CHALLENGE, "")
    if answer := request.POST.get("answer", ""):
        place = passkeys.place_of(request)
        return actions.prove_by_passkey(user, answer, challenge, place, request_id=request.id, at=request.at)
    if not (code := request.POST.get("code", "").strip()[:100]):
        raise NotAllowed("nothing typed", actions.WHAT, "Type the code that the app shows, or one from paper")
    return actions.prove(user, code, request_id=request.id, at=request.at)


def _proved_again(request: Request) -> str:
    if queries.has_one(request.user):
        return _proved(request, request.user)
    password = request.POST.get("password", "")
    if auth.authenticate(request, username=request.user.username, password=password) is None:
        raise NotAllowed("wrong password", "Confirming", "The password is not right. Type it again")
    return strength.of(request.session)


def has_typed_proof(user: Any) -> bool:
    """Whether this account has a password or an app here; not, as a rule, where a provider vouches for it."""
    return user.has_usable_password() or bool(queries.of(user).apps)


def proves_again(request: Request, proof: str) -> str:
    """Check who it is by a code or the password, beside a form that asks for it: how. Raises NotAllowed.

    Who has neither here, because a provider recognised them, has signed in within ten minutes.
    """
    user, typed = request.user, "".join(proof.split())
    if typed.isdecimal() and len(typed) == actions.DIGITS and queries.has_one(user):
        actions.prove(user, typed, request_id=request.id, at=request.at)
        return "code"
    if has_typed_proof(user):
        if auth.authenticate(request, username=user.username, password=proof) is None:
            raise NotAllowed(
                "wrong password", "Confirming", "The password or code is not right. Type it again"
            )
        return "password"
    if not strength.is_fresh(request.session, request.at):
        raise NotAllowed(TOO_LONG_AGO, "Confirming", "Prove once more who you are: what you wrote is kept")
    return "sign_in"


def _stronger(one: str, other: str) -> str:
    """The stronger of two; of equal ones the first. A code and paper open the same."""
    return max(one, other, key=lambda each: RANKS[each])


RANKS = {
    strength.PASSWORD: 0,
    strength.PLAIN: 1,
    strength.RECOVERY: 2,
    strength.CODE: 2,
    strength.PROVIDER: 3,
    strength.PASSKEY: 4,
}


def _mark(request: Request, proved: str) -> None:
    """Note what was proved now. A session that became stronger gets a new name, which nobody has seen yet."""
    session, before = request.session, strength.of(request.session)
    stronger = _stronger(proved, before)
    strength.mark(session, stronger, request.at)
    if RANKS[stronger] > RANKS[before]:
        former = session.session_key
        session.cycle_key()
        follow(former, session.session_key)


def _has_used_one(request: Request) -> bool:
    return strength.of(request.session) not in (strength.PASSWORD, strength.PLAIN)


def _is_fresh(request: Request) -> bool:
    """Whether factors may be changed now; who has a passkey, or only an app, must have used it here.

    What a false page can ask for changes nothing on an account that a passkey guards.
    """
    if not strength.is_fresh(request.session, request.at):
        return False
    if _needs_passkey(request):
        return strength.of(request.session) in strength.STRONG
    return _has_used_one(request) or not queries.has_one(request.user)


def _may_add(request: Request) -> bool:
    """Whether a factor may be added now. A code on paper adds one, in place of a passkey that was lost."""
    by_paper = strength.of(request.session) == strength.RECOVERY
    return _is_fresh(request) or (by_paper and strength.is_fresh(request.session, request.at))


def _needs_passkey(request: Request) -> bool:
    return bool(queries.of(request.user).passkeys)


def _to_confirm(request: Request) -> HttpResponse:
    if _needs_passkey(request):
        messages.warning(request, BY_PASSKEY)
    back = request.get_full_path() if request.method == "GET" else reverse("factors:mine")
    return HttpResponseRedirect(f"{reverse('factors:confirm')}?{urlencode({'next': back})}")


def _pending(request: Request) -> str:
    """The secret that is being added: sealed in the session until a code has shown that the app has it."""
    if PENDING not in request.session:
        secret = actions.new_secret()
        sealed = sealing.seal(secret, request.user.pk)
        request.session[PENDING] = base64.b64encode(sealed).decode()
    return sealing.unseal(base64.b64decode(request.session[PENDING]), request.user.pk)


def _added(request: Request, codes: list[str], proved: str) -> HttpResponse:
    if strength.of(request.session) == strength.RECOVERY:
        strength.spend(request.session)  # paper adds one thing, and what was added is still to be used
    else:
        _mark(request, proved)
    if codes:
        return _codes_page(request, codes)
    messages.success(request, "Added.")
    return HttpResponseRedirect(reverse("factors:mine"))


def _codes_page(request: Request, codes: list[str]) -> HttpResponse:
    context = {"codes": codes, "next": signing_in.next_page(request)}
    return _unkept(render(request, "factors/codes.html", context))


def _prove_page(
    request: Request, user: Any, template: str, refusal: NotAllowed | None = None
) -> HttpResponse:
    held = queries.of(user)
    place = passkeys.place_of(request)
    asked = passkeys.ask_to_use(place, held.credentials) if held.passkeys else None
    if asked:
        request.session[CHALLENGE] = asked.challenge
    context = {
        "options": asked.options if asked else "",
        "place": place,
        "has_app": bool(held.apps),
        "has_any": bool(held.factors),
        "next": signing_in.next_page(request),
        "problem": refusal.why if refusal else "",
    }
    status = 200 if refusal is None else 429 if refusal.state == LOCKED else 422
    return _unkept(render(request, template, context, status=status))


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
