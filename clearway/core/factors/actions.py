"""Every write about second factors: adding, using, taking away and resetting them."""

import logging
import secrets
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

import pyotp
from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry, record
from ..live.actions import look_again
from ..people.models import RoleGrant, User
from ..people.reach import actor, standing
from . import passkeys, sealing, strength
from .models import Factor, RecoveryCode, WrongCodes
from .passkeys import NotAccepted, Place

log = logging.getLogger(__name__)
STEP = 30  # seconds that a code is shown; RFC 6238, section 5.2
SKEW = 1  # steps that a telephone's clock may be off, before or after; RFC 6238, section 5.2
DIGITS = 6
MOST_WRONG = 5  # codes in a row, as for passwords
LOCKED_FOR = timedelta(minutes=15)
MOST_FACTORS = 10  # of one account
CODES = 8  # on one sheet
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
CODE_LENGTH = 12  # letters: 59 bits, kept as Argon2
WHAT = "Signing in"


def new_secret() -> str:
    """A secret for an authenticator app: 160 bits, as RFC 4226 recommends."""
    return pyotp.random_base32(32)


def address_for_app(secret: str, user: Any) -> str:
    """The otpauth address that an app reads from the QR code."""
    app = pyotp.TOTP(secret, interval=STEP, digits=DIGITS)
    return app.provisioning_uri(name=user.username, issuer_name="Clearway")


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step of 30 seconds that this code belongs to, within one of the present; None for none."""
    now, app = int(at.timestamp()) // STEP, pyotp.TOTP(secret, interval=STEP, digits=DIGITS)
    typed = code.encode("utf-8", "replace")
    near = [step for step in range(now - SKEW, now + SKEW + 1) if step >= 0]
    fits = [step for step in near if compare_digest(app.generate_otp(step).encode(), typed)]
    return fits[-1] if fits else None


def add_app(user: User, name: str, secret: str, code: str, *, by: Actor, at: datetime) -> list[str]:
    """Add an authenticator app, which shows that it works by a code.

    Returns recovery codes when it is the first factor, else none. Raises NotAllowed.
    """
    step = step_of(secret, _digits(code), at)
    if step is None:
        why = "The code is not the one that the app shows now. Wait for the next one and type it again"
        raise NotAllowed("wrong code", "Adding the app", why)
    made = Factor(kind=Factor.Kind.CODE, secret=sealing.seal(secret, user.pk), last_step=step)
    return _add(user, name, made, by, at)


def add_passkey(
    user: User, name: str, answer: str, challenge: str, place: Place, *, by: Actor, at: datetime
) -> list[str]:
    """Add a passkey from what the browser answered. Returns as add_app does. Raises NotAllowed."""
    try:
        new = passkeys.made(answer, challenge, place)
    except NotAccepted:
        why = "The browser's answer could not be accepted. Try again"
        raise NotAllowed("not accepted", "Adding the passkey", why) from None
    made = Factor(
        kind=Factor.Kind.PASSKEY, credential=new.credential, public_key=new.public_key, uses=new.uses
    )
    return _add(user, name, made, by, at)


def _add(user: User, name: str, made: Factor, by: Actor, at: datetime) -> list[str]:
    made.user, made.name, made.added_at = user, name, at
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            held = Factor.objects.filter(user=user).count()
            if held >= MOST_FACTORS:
                raise NotAllowed("too many", "Adding this", f"An account has {MOST_FACTORS} at most.")
            made.save()
            _note("factors.add", user, {"kind": made.kind, "name": name}, by, at)
            return _new_codes(user, at) if held == 0 else []
    except IntegrityError:
        raise NotAllowed("known", "Adding this", "This passkey has been added already.") from None


def new_recovery_codes(user: User, *, by: Actor, at: datetime) -> list[str]:
    """Make the codes on paper anew; the former ones are void. They are returned once and kept as hashes."""
    with transaction.atomic():
        codes = _new_codes(user, at)
        _note("factors.new_codes", user, {"codes": len(codes)}, by, at)
    return codes


def _new_codes(user: User, at: datetime) -> list[str]:
    codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=make_password(code), made_at=at) for code in codes
    )
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def prove(user: User, code: str, *, request_id: str, at: datetime) -> str:
    """Take a code of an app or from paper; returns the strength that it proves.

    No code is taken twice. Five wrong ones in a row, from wherever, lock for 15 minutes; the person is told.
    Raises NotAllowed.
    """
    by = actor(user, "", request_id)
    with transaction.atomic():
        WrongCodes.objects.get_or_create(user=user)
        wrong = WrongCodes.objects.select_for_update().get(user=user)
        if wrong.locked_until is not None and wrong.locked_until > at:
            raise _locked()
        proved = _by_app(user, _digits(code), at) or _by_paper(user, code, by, at)
        wrong.count = 0 if proved else wrong.count + 1
        if locks := wrong.count >= MOST_WRONG:
            wrong.count, wrong.locked_until = 0, at + LOCKED_FOR
            # Who types here is not known to be the person, who is told of it.
            _note(
                "factors.locked", user, {"wrong": MOST_WRONG}, Actor("anonymous", request_id=request_id), at
            )
        wrong.save()
    if proved:
        return proved
    if locks:
        raise _locked()
    why = "The code is not right, or was used before. Type the one that the app shows now"
    raise NotAllowed("wrong code", WHAT, why)


def _by_app(user: User, code: str, at: datetime) -> str:
    for factor in Factor.objects.filter(user=user, kind=Factor.Kind.CODE):
        try:
            secret = sealing.unseal(bytes(factor.secret), user.pk)
        except sealing.CannotOpen as problem:  # the next app, or a code on paper, may still let them in
            log.error("app %s of account %s: %s", factor.pk, user.pk, problem)
            continue
        step = step_of(secret, code, at)
        # One statement, so that of two who send the same code at once only one is let in.
        if step is not None and Factor.objects.filter(pk=factor.pk, last_step__lt=step).update(
            last_step=step, used_at=at, secret=sealing.seal(secret, user.pk)
        ):
            return strength.CODE
    return ""


def _by_paper(user: User, text: str, by: Actor, at: datetime) -> str:
    code = "".join(letter for letter in text.lower() if letter.isalnum())
    if len(code) != CODE_LENGTH:
        return ""
    for row in RecoveryCode.objects.filter(user=user, used_at=None):
        if check_password(code, row.digest):
            row.used_at = at
            row.save(update_fields=["used_at"])
            left = RecoveryCode.objects.filter(user=user, used_at=None).count()
            _note("factors.use_recovery_code", user, {"left": left}, by, at)
            return strength.RECOVERY
    return ""


def prove_by_passkey(
    user: User, answer: str, challenge: str, place: Place, *, request_id: str, at: datetime
) -> str:
    """Take what the browser answered to the challenge; returns the strength. Raises NotAllowed."""
    with transaction.atomic():
        try:
            credential = passkeys.credential_of(answer)
            factor = Factor.objects.select_for_update().get(user=user, credential=credential)
            factor.uses = passkeys.used(answer, challenge, place, bytes(factor.public_key), factor.uses)
        except (NotAccepted, Factor.DoesNotExist):
            factor = None
        if factor is not None:
            factor.used_at = at
            factor.save(update_fields=["uses", "used_at"])
            return strength.PASSKEY
        _note("factors.refused", user, {}, Actor("anonymous", request_id=request_id), at)
    why = "The passkey was not accepted. Use one that belongs to this account, or a code"
    raise NotAllowed("not accepted", WHAT, why)


def record_proof(user: User, how: str, *, by: Actor, at: datetime) -> None:
    """Record that somebody who is signed in proved once more who they are; the session may do more by it."""
    with transaction.atomic():
        _note("factors.confirm", user, {"by": how}, by, at)


def remove(user: User, key: int, *, by: Actor, at: datetime) -> None:
    """Take one of one's own factors away; with the last one the recovery codes go. Raises NotAllowed."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        factor = Factor.objects.filter(user=user, pk=key).first()
        if factor is None:
            raise NotAllowed("gone", "Taking it away", "It is not there any more. Open the page again.")
        others = Factor.objects.filter(user=user).exclude(pk=key)
        asked = strength.asked_of(standing(user, at).roles)
        kinds = {each.kind for each in others}
        if (asked and not kinds) or (asked == strength.PASSKEY and Factor.Kind.PASSKEY not in kinds):
            what = "passkey" if asked == strength.PASSKEY else "second factor"
            raise NotAllowed("needed", "Taking it away", f"Your role needs a {what}. Add another one first.")
        factor.delete()
        if not kinds:
            RecoveryCode.objects.filter(user=user).delete()
        _note("factors.remove", user, {"kind": factor.kind, "name": factor.name}, by, at)


def reset(username: str, reason: str, *, organisation_id: int, by: Actor, at: datetime) -> User:
    """Take away every factor of somebody who lost them; all their sessions end, and they are told.

    Raises User.DoesNotExist, and NotAllowed for one's own account.
    """
    with transaction.atomic():
        here = RoleGrant.objects.filter(organisation_id=organisation_id).values("user")
        user = User.objects.select_for_update(of=("self",)).get(username=username, pk__in=here)
        if user.pk == by.user_id:
            raise NotAllowed("your own", "Resetting the second factor", "Ask another administrator.")
        taken = [each.kind for each in Factor.objects.filter(user=user)]
        Factor.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        WrongCodes.objects.filter(user=user).delete()
        user.sessions_ended += 1
        user.save(update_fields=["sessions_ended"])
        detail = {"reason": reason, "taken": taken}
        entry = Entry("factors.reset", f"user:{user.username}", detail)
        record([entry], organisation_id=organisation_id, by=by, at=at)
        look_again(organisation_id)
    return user


def _locked() -> NotAllowed:
    why = "Five wrong codes in a row: none is looked at for 15 minutes. Ask an administrator if it is urgent"
    return NotAllowed("locked", WHAT, why)


def _digits(code: str) -> str:
    return "".join(code.split())


def _note(verb: str, user: User, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    home = standing(user, at).organisation
    entry = Entry(verb, f"user:{user.username}", detail)
    record([entry], organisation_id=home.pk if home else None, by=by, at=at)
