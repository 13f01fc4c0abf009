from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from dinh.directory.models import Account, Appointment


class StaffRequest(HttpRequest):
    """A request of somebody who has signed in and acts in an appointment."""

    user: Account
    appointment: Appointment


class CurrentAppointmentMiddleware:
    """Sets `request.appointment` to the one the user acts in now, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.appointment = self._current(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def _current(self, request: HttpRequest) -> Appointment | None:
        if not isinstance(request.user, Account):
            return None
        appointments = Appointment.objects.select_related("person", "unit", "division", "position")
        return appointments.filter(pk=request.user.current_appointment_id).first()
