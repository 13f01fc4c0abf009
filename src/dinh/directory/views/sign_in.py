"""Signing in, step by step. Who has only given the password is known by `Progress` in the session."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.devices import address_of, device_of
from dinh.directory.forms.sign_in import CodeForm, NewPasswordForm, SignInForm
from dinh.directory.middleware import SEEN_AT, StaffRequest
from dinh.directory.operations.failures import AddressBlocked
from dinh.directory.operations.passwords import set_own_password
from dinh.directory.operations.second_factor import begin_enrolment, confirm_enrolment, pass_second_factor
from dinh.directory.operations.sessions import forget_session, remember_session
from dinh.directory.operations.signing_in import (
    Progress,
    Step,
    admit,
    check_credentials,
    next_step,
    switch_appointment,
)
from dinh.directory.qr import qr_svg
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import DomainError
from dinh.kernel.refusals import add_faults, refusals_beside

_BACKEND: Final = "dinh.directory.backends.AccountBackend"
_PROGRESS: Final = "sign_in"
_PATIENCE: Final = timedelta(minutes=10)
_PAGES: Final = {
    Step.CODE: "directory:sign_in_code",
    Step.NEW_PASSWORD: "directory:sign_in_password",
    Step.ENROL: "directory:sign_in_enrol",
}
StepView = Callable[[HttpRequest, Progress], HttpResponse]


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    if not form.is_valid():
        return _sign_in_page(request, form, 422 if form.is_bound else 200)
    try:
        address = address_of(request)
        progress = check_credentials(**form.cleaned_data, at=timezone.now(), address=address)
    except AddressBlocked as refusal:
        add_faults(form, refusal)
        page = _sign_in_page(request, form, refusal.status)
        page["Retry-After"] = str(refusal.retry_after)
        return page
    except DomainError as refusal:
        add_faults(form, refusal)
        return _sign_in_page(request, form, 403)
    request.session.cycle_key()
    _keep(request, progress, _target(request))
    try:
        return _go_on(request, progress)
    except DomainError as refusal:
        add_faults(form, refusal)
        return _sign_in_page(request, form, 403)


def _at(step: Step) -> Callable[[StepView], Callable[[HttpRequest], HttpResponse]]:
    """Open a page only to somebody whose next step it is; others go where they have to."""

    def wrap(view: StepView) -> Callable[[HttpRequest], HttpResponse]:
        def guarded(request: HttpRequest) -> HttpResponse:
            progress = _progress(request)
            if progress is None:
                return redirect("directory:sign_in")
            if next_step(progress=progress, at=timezone.now()) != step:
                return _go_on(request, progress)
            return view(request, progress)

        return sensitive_post_parameters()(never_cache(require_http_methods(["GET", "POST"])(guarded)))

    return wrap


@_at(Step.CODE)
def code_page(request: HttpRequest, progress: Progress) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            code = form.cleaned_data["code"]
            pass_second_factor(account_id=progress.account_id, code=code, at=timezone.now())
            return _go_on(request, replace(progress, gave_code=True))
    return render(
        request, "directory/sign_in_code.html", {"form": form}, status=422 if form.is_bound else 200
    )


@_at(Step.NEW_PASSWORD)
def new_password_page(request: HttpRequest, progress: Progress) -> HttpResponse:
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            new = form.cleaned_data["new"]
            set_own_password(account_id=progress.account_id, new=new, session_key=None, at=timezone.now())
            return _go_on(request, progress)
    context = {"form": form}
    return render(request, "directory/sign_in_password.html", context, status=422 if form.is_bound else 200)


@_at(Step.ENROL)
def enrol_page(request: HttpRequest, progress: Progress) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            code = form.cleaned_data["code"]
            codes = confirm_enrolment(account_id=progress.account_id, code=code, at=timezone.now())
            _go_on(request, replace(progress, gave_code=True))
            return render(request, "directory/recovery_codes.html", {"codes": codes, "next": "/"})
    enrolment = begin_enrolment(account_id=progress.account_id)
    qr = qr_svg(enrolment.uri, label=_("QR code for your code generator"))
    context = {"form": form, "enrolment": enrolment, "qr": qr}
    return render(request, "directory/sign_in_enrol.html", context, status=422 if form.is_bound else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    actor = getattr(request, "appointment", None)
    forget_session(session_key=request.session.session_key or "", actor=actor, at=timezone.now())
    logout(request)
    return redirect("directory:sign_in")


@signed_in
def appointments(request: StaffRequest) -> HttpResponseBase:
    own = current_appointments(person_id=request.user.person_id, today=timezone.localdate())
    return render(request, "directory/appointments.html", {"appointments": own})


@require_POST
@signed_in
def switch(request: StaffRequest, appointment_id: int) -> HttpResponseBase:
    own = current_appointments(person_id=request.user.person_id, today=timezone.localdate())
    chosen = get_object_or_404(own, pk=appointment_id)
    switch_appointment(account_id=request.user.pk, appointment_id=chosen.pk, at=timezone.now())
    return redirect("/")


def _go_on(request: HttpRequest, progress: Progress) -> HttpResponse:
    """To the next step, or, after the last one, into the house."""
    step = next_step(progress=progress, at=timezone.now())
    if step != Step.DONE:
        _keep(request, progress, request.session.get(_PROGRESS, {}).get("next", "/"))
        return redirect(_PAGES[step])
    account = admit(progress=progress, at=timezone.now())
    kept = request.session.pop(_PROGRESS, {})
    login(request, account, backend=_BACKEND)
    request.session[SEEN_AT] = timezone.now().timestamp()
    remember_session(
        account_id=account.pk,
        session_key=request.session.session_key or "",
        device=device_of(request),
        address=address_of(request),
        at=timezone.now(),
    )
    return redirect(kept.get("next", "/"))


def _keep(request: HttpRequest, progress: Progress, target: str) -> None:
    request.session[_PROGRESS] = {
        "account": progress.account_id,
        "began": progress.began_at.isoformat(),
        "code": progress.gave_code,
        "next": target,
    }


def _progress(request: HttpRequest) -> Progress | None:
    kept = request.session.get(_PROGRESS)
    if kept is None:
        return None
    progress = Progress(kept["account"], datetime.fromisoformat(kept["began"]), kept["code"])
    return progress if progress.began_at > timezone.now() - _PATIENCE else None


def _sign_in_page(request: HttpRequest, form: SignInForm, status: int) -> HttpResponse:
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "directory/sign_in.html", context, status=status)


def _target(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if allowed else "/"
