"""One's own account, for programs: sessions end, tokens end; neither is made here."""

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from dinh.directory.models import ApiToken, Appointment
from dinh.directory.operations.tokens import revoke_token
from dinh.directory.queries.tokens import tokens_of


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
    router.get("/me/tokens", response=list[TokenOut])(tokens)
    router.delete("/me/tokens/{int:token_id}", response={204: None})(token_revoke)


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
