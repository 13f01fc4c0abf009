"""One's own account: password, second factor, where one is signed in."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.devices import address_of
from dinh.directory.forms.sign_in import ChangePasswordForm, CodeForm
from dinh.directory.middleware import StaffRequest
from dinh.directory.operations.passwords import change_password
from dinh.directory.operations.second_factor import (
    begin_enrolment,
    confirm_enrolment,
    is_enrolled,
    is_required,
    remove_second_factor,
    renew_recovery_codes,
)
from dinh.directory.operations.sessions import end_session, end_sessions, renew_session_key
from dinh.directory.qr import qr_svg
from dinh.directory.queries.sessions import live_sessions
from dinh.kernel.errors import DomainError
from dinh.kernel.refusals import refusals_beside


@require_GET
@signed_in
def account(request: StaffRequest) -> HttpResponseBase:
    now = timezone.now()
    context = {
        "sessions": live_sessions(account_id=request.user.pk, at=now)[:100],
        "session_key": request.session.session_key,
        "is_enrolled": is_enrolled(request.user),
        "is_required": is_required(request.user, at=now),
        "codes_left": request.user.recovery_codes.filter(used_at=None).count(),
    }
    return render(request, "directory/account.html", context)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def password(request: StaffRequest) -> HttpResponseBase:
    form = ChangePasswordForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            return _change_password(request, form)
    return render(request, "directory/password.html", {"form": form}, status=422 if form.is_bound else 200)


def _change_password(request: StaffRequest, form: ChangePasswordForm) -> HttpResponse:
    old = request.session.session_key or ""
    changed = change_password(
        account_id=request.user.pk,
        present=form.cleaned_data["present"],
        new=form.cleaned_data["new"],
        session_key=old,
        at=timezone.now(),
        address=address_of(request),
    )
    update_session_auth_hash(request, changed)
    renew_session_key(old=old, new=request.session.session_key or "")
    messages.success(request, _("Your password is changed. You are signed out everywhere else."))
    return redirect("directory:account")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def enrol(request: StaffRequest) -> HttpResponseBase:
    form = CodeForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            code = form.cleaned_data["code"]
            codes = confirm_enrolment(account_id=request.user.pk, code=code, at=timezone.now())
            return _codes_page(request, codes)
    try:
        enrolment = begin_enrolment(account_id=request.user.pk)
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("directory:account")
    qr = qr_svg(enrolment.uri, label=_("QR code for your code generator"))
    context = {"form": form, "enrolment": enrolment, "qr": qr}
    return render(request, "directory/enrol.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def recovery_codes(request: StaffRequest) -> HttpResponseBase:
    def renew(code: str) -> HttpResponse:
        return _codes_page(
            request, renew_recovery_codes(account_id=request.user.pk, code=code, at=timezone.now())
        )

    return _after_code(request, "directory/renew_codes.html", renew)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def remove(request: StaffRequest) -> HttpResponseBase:
    def switch_off(code: str) -> HttpResponse:
        remove_second_factor(account_id=request.user.pk, code=code, at=timezone.now())
        messages.success(request, _("The second factor is off."))
        return redirect("directory:account")

    return _after_code(request, "directory/remove_factor.html", switch_off)


@require_POST
@signed_in
def end_one_session(request: StaffRequest, session_id: int) -> HttpResponseBase:
    now = timezone.now()
    session = get_object_or_404(live_sessions(account_id=request.user.pk, at=now), pk=session_id)
    end_session(account_id=request.user.pk, session_id=session.pk, actor=request.appointment, at=now)
    messages.success(request, _("This session is ended."))
    return redirect("directory:account")


@require_POST
@signed_in
def end_other_sessions(request: StaffRequest) -> HttpResponseBase:
    key = request.session.session_key
    end_sessions(account=request.user, actor=request.appointment, at=timezone.now(), except_key=key)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("directory:account")


def _after_code(request: StaffRequest, template: str, act: Callable[[str], HttpResponse]) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            return act(form.cleaned_data["code"])
    return render(request, template, {"form": form}, status=422 if form.is_bound else 200)


def _codes_page(request: StaffRequest, codes: list[str]) -> HttpResponse:
    context = {"codes": codes, "next": "/directory/account/"}
    return render(request, "directory/recovery_codes.html", context)
