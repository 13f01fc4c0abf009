"""
One's own account, for programs: password, second factor, tokens.

Whoever changes something proves anew who it is, by the present password or a code; wrong tries count towards the lock.
Answers that hold secrets are marked `no-store`, so that no retry finds them kept.
"""

from datetime import datetime
from typing import Annotated

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from dinh.directory.devices import address_of
from dinh.directory.models import Account, ApiToken, Appointment
from dinh.directory.operations.passwords import change_password, require_password
from dinh.directory.operations.second_factor import (
    begin_enrolment,
    confirm_enrolment,
    is_enrolled,
    is_required,
    remove_second_factor,
    renew_recovery_codes,
)
from dinh.directory.operations.sessions import renew_session_key
from dinh.directory.operations.tokens import revoke_token
from dinh.directory.queries.tokens import tokens_of

Password = Annotated[str, Field(max_length=200)]


class PasswordIn(Schema):
    """The `new` one has at least 12 characters and is not easy to guess."""

    present: Password
    new: Password


class PresentIn(Schema):
    """The present password."""

    present: Password


class CodeIn(Schema):
    """A code of the generator."""

    code: Annotated[str, Field(max_length=20)]


class SecondFactorOut(Schema):
    """`is_required`: one of the person's roles asks for it, so that it stays on."""

    is_enrolled: bool
    is_required: bool
    recovery_codes_left: int


class EnrolmentOut(Schema):
    """What a code generator needs: the secret in base 32, and the same as `otpauth://` address."""

    secret: str
    uri: str


class RecoveryCodesOut(Schema):
    """Shown this once; each opens the account once, where the generator is lost."""

    recovery_codes: list[str]


class TokenOut(Schema):
    """A token as far as it may be shown: never its secret. `revoked_at` null: valid until `expires_at`."""

    id: int
    label: str
    appointment_id: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def install(router: Router) -> None:
    """Add these addresses to the directory's router."""
    router.post("/me/password", response={204: None})(password)
    router.get("/me/second-factor", response=SecondFactorOut)(second_factor)
    router.post("/me/second-factor/begin", response=EnrolmentOut)(second_factor_begin)
    router.post("/me/second-factor/confirm", response=RecoveryCodesOut)(second_factor_confirm)
    router.post("/me/second-factor/recovery-codes", response=RecoveryCodesOut)(second_factor_codes)
    router.post("/me/second-factor/remove", response={204: None})(second_factor_remove)
    router.get("/me/tokens", response=list[TokenOut])(tokens)
    router.delete("/me/tokens/{int:token_id}", response={204: None})(token_revoke)


def password(request: HttpRequest, body: PasswordIn) -> Status[None]:
    """Change one's own password; all browsers are signed out, except the one that asks, if a browser asks."""
    by_token = "Authorization" in request.headers
    old = None if by_token else request.session.session_key
    changed = change_password(
        account_id=_account(request).pk,
        session_key=old,
        at=timezone.now(),
        address=address_of(request),
        **body.dict(),
    )
    if old is not None:
        update_session_auth_hash(request, changed)
        renew_session_key(old=old, new=request.session.session_key or "")
    return Status(204, None)


def second_factor(request: HttpRequest) -> SecondFactorOut:
    """Whether one's second factor is on, and must be."""
    account = _account(request)
    return SecondFactorOut(
        is_enrolled=is_enrolled(account),
        is_required=is_required(account, at=timezone.now()),
        recovery_codes_left=account.recovery_codes.filter(used_at=None).count(),
    )


def second_factor_begin(request: HttpRequest, response: HttpResponse, body: PresentIn) -> EnrolmentOut:
    """
    A secret for one's code generator: the same one until it is confirmed; 409 once it is.

    Whoever found a token could shut its owner out by a generator of his own: so the password is asked for.
    """
    response["Cache-Control"] = "no-store"
    account = _account(request)
    require_password(
        account_id=account.pk, present=body.present, at=timezone.now(), address=address_of(request)
    )
    enrolment = begin_enrolment(account_id=account.pk)
    return EnrolmentOut(secret=enrolment.secret, uri=enrolment.uri)


def second_factor_confirm(request: HttpRequest, response: HttpResponse, body: CodeIn) -> RecoveryCodesOut:
    """Switch the second factor on by a first code."""
    response["Cache-Control"] = "no-store"
    codes = confirm_enrolment(account_id=_account(request).pk, code=body.code, at=timezone.now())
    return RecoveryCodesOut(recovery_codes=codes)


def second_factor_codes(request: HttpRequest, response: HttpResponse, body: CodeIn) -> RecoveryCodesOut:
    """New recovery codes; the old ones end."""
    response["Cache-Control"] = "no-store"
    codes = renew_recovery_codes(account_id=_account(request).pk, code=body.code, at=timezone.now())
    return RecoveryCodesOut(recovery_codes=codes)


def second_factor_remove(request: HttpRequest, body: CodeIn) -> Status[None]:
    """Switch one's second factor off; 409 where a role asks for it."""
    remove_second_factor(account_id=_account(request).pk, code=body.code, at=timezone.now())
    return Status(204, None)


def tokens(request: HttpRequest) -> list[ApiToken]:
    """The tokens of all one's positions, ended ones too; the hundred last made. They are made on the page only."""
    return list(tokens_of(person_id=_own(request).person_id)[:100])


def token_revoke(request: HttpRequest, token_id: int) -> Status[None]:
    """End a token of one's own, also the one that asks; what has ended already stays as it is."""
    revoke_token(token_id=token_id, appointment=_own(request), at=timezone.now())
    return Status(204, None)


def _own(request: HttpRequest) -> Appointment:
    appointment: Appointment = request.appointment  # type: ignore[attr-defined]
    return appointment


def _account(request: HttpRequest) -> Account:
    return get_object_or_404(Account, person=_own(request).person_id)
