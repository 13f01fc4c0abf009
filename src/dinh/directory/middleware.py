from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dinh.directory.models import Account, Appointment
from dinh.directory.queries.appointments import current_appointments


class StaffRequest(HttpRequest):
    """A request of somebody who has signed in and acts in an appointment."""

    user: Account
    appointment: Appointment


class CurrentAppointmentMiddleware:
    """Sets `request.appointment` to the one the user acts in now, or None if it has ended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.appointment = self._current(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def _current(self, request: HttpRequest) -> Appointment | None:
        user = request.user
        if not isinstance(user, Account) or user.current_appointment_id is None:
            return None
        own = current_appointments(person_id=user.person_id, today=timezone.localdate())
        return own.filter(pk=user.current_appointment_id).first()
