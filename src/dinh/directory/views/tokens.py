"""One's own tokens of the JSON API: made with the secret shown once, listed, revoked."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.forms.tokens import TokenForm
from dinh.directory.middleware import StaffRequest
from dinh.directory.operations.tokens import make_own_token, revoke_token
from dinh.directory.queries.tokens import tokens_of
from dinh.kernel.refusals import refusals_beside


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def tokens(request: StaffRequest) -> HttpResponseBase:
    form = TokenForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            secret = make_own_token(appointment=request.appointment, at=timezone.now(), **form.cleaned_data)
            return _page(request, TokenForm(), secret=secret, label=form.cleaned_data["label"])
    return _page(request, form)


@require_POST
@signed_in
def revoke(request: StaffRequest, token_id: int) -> HttpResponseBase:
    revoke_token(token_id=token_id, appointment=request.appointment, at=timezone.now())
    messages.success(request, _("The token is revoked and no longer works."))
    return redirect("directory:tokens")


def _page(request: StaffRequest, form: TokenForm, **shown: str) -> HttpResponse:
    own = tokens_of(person_id=request.appointment.person_id)[:100]
    context = {"form": form, "tokens": own, "now": timezone.now(), **shown}
    return render(request, "directory/tokens.html", context, status=422 if form.errors else 200)
