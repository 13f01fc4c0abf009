from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.forms.sign_in import SignInForm
from dinh.directory.middleware import StaffRequest
from dinh.directory.operations.signing_in import sign_in, switch_appointment
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import DomainError

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    if not form.is_valid():
        return _sign_in_page(request, form, 422 if form.is_bound else 200)
    try:
        account = sign_in(**form.cleaned_data, at=timezone.now())
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _sign_in_page(request, form, 403)
    login(request, account, backend=_BACKEND)
    return redirect(_target(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("directory:sign_in")


@signed_in
def appointments(request: StaffRequest) -> HttpResponseBase:
    own = current_appointments(person_id=request.user.person_id, today=timezone.localdate())
    return render(request, "directory/appointments.html", {"appointments": own})


@require_POST
@signed_in
def switch(request: StaffRequest, appointment_id: int) -> HttpResponseBase:
    switch_appointment(account_id=request.user.pk, appointment_id=appointment_id, at=timezone.now())
    return redirect("/")


def _sign_in_page(request: HttpRequest, form: SignInForm, status: int) -> HttpResponse:
    context = {"form": form, "next": request.GET.get("next", "")}
    return render(request, "directory/sign_in.html", context, status=status)


def _target(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if allowed else "/"
