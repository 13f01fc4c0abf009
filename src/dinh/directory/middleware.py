from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from dinh.directory.devices import address_of
from dinh.directory.models import Account, Appointment
from dinh.directory.operations.sessions import touch_session
from dinh.directory.operations.tokens import bearer_of
from dinh.directory.queries.appointments import appointments_of

SEEN_AT: Final = "seen_at"
"""In the session: when it was last noted as used, seconds since 1970."""
_NOTED_EVERY: Final = 60


class StaffRequest(HttpRequest):
    """A request of somebody who has signed in and acts in an appointment."""

    user: Account
    appointment: Appointment


class CurrentAppointmentMiddleware:
    """
    Sets `request.appointment` to the one that the caller acts in now, or None if it has ended; of those who
    came by the sign-in page also `request.own_appointments`, all that they may switch between, read when asked for.

    In the JSON API a bearer token decides alone: a request that carries one never falls back to a session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        in_api = request.path.startswith("/api/")
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ") if in_api else ""
        request.appointment = _of_token(bearer) if bearer else _of_session(request)  # type: ignore[attr-defined]
        return self.get_response(request)


def _of_token(token: str) -> Appointment | None:
    found = bearer_of(token, at=timezone.now())
    return found[1] if found else None


def _of_session(request: HttpRequest) -> Appointment | None:
    user = request.user
    if not isinstance(user, Account) or user.current_appointment_id is None:
        return None
    _note_use(request)
    today, current = timezone.localdate(), user.current_appointment
    request.own_appointments = SimpleLazyObject(  # type: ignore[attr-defined]
        lambda: appointments_of(person_id=user.person_id, today=today)
    )
    holds = current is not None and current.person_id == user.person_id and current.is_current(today)
    return current if holds else None


def _note_use(request: HttpRequest) -> None:
    """At most once a minute, so that reading costs no writes."""
    now, seen_at = timezone.now(), request.session.get(SEEN_AT)
    if seen_at is not None and now.timestamp() - seen_at >= _NOTED_EVERY:
        touch_session(session_key=request.session.session_key or "", address=address_of(request), at=now)
        request.session[SEEN_AT] = now.timestamp()
