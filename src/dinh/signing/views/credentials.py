"""The registry of certificates: the administrator's, and one's own."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.audit.api import trace_of
from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.refusals import page_after, refusals_beside, refusals_kept, refusals_told, shown_again
from dinh.signing.exports import credentials_wanted, list_of_credentials
from dinh.signing.forms import PLACES, ImageForm, RegisterForm
from dinh.signing.models import CredentialState
from dinh.signing.operations.credentials import (
    register_credential,
    replace_image,
    resume_credential,
    revoke_credential,
    suspend_credential,
)
from dinh.signing.queries.credentials import (
    EXPIRING,
    WARNED_BEFORE,
    credentials_visible_to,
    image_seen,
    own_credentials,
)
from dinh.signing.queries.custody import holder_of
from dinh.signing.rules import can_sign, keeps_certificates, keeps_this_certificate, may_suspend
from dinh.storage.api import blob_response

PAGE = 50
ACTS = {
    "suspend": (suspend_credential, gettext_noop("The certificate is suspended.")),
    "resume": (resume_credential, gettext_noop("The certificate is in use again.")),
    "revoke": (revoke_credential, gettext_noop("The certificate is revoked.")),
}
ACTIONS = {
    "signing.credential.registered": gettext_noop("Registered"),
    "signing.credential.moved": gettext_noop("State changed"),
    "signing.credential.image_replaced": gettext_noop("Image replaced"),
}


@signed_in
def registry(request: StaffRequest) -> HttpResponseBase:
    """Certificates that the appointment keeps."""
    if not keeps_certificates(request.appointment):
        raise Http404
    now, text = timezone.now(), request.GET.get("q", "").strip()
    state = request.GET.get("state", "")
    found = credentials_wanted(request.appointment, words=text, state=state, at=now)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "query": text,
        "state": state,
        "states": [*CredentialState.choices, (EXPIRING, _("Expires within 30 days"))],
        "soon": now + WARNED_BEFORE,
        "now": now,
    }
    return render(request, "signing/credentials.html", context)


@require_GET
@allowed(keeps_certificates)
def registry_export(request: StaffRequest, ending: str) -> HttpResponseBase:
    """What the registry shows under these filters, all its pages."""
    words, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    with refusals_told(request):
        return list_of_credentials(
            request.appointment, words=words, state=state, ending=ending, at=timezone.now()
        )
    return page_after(request, f"{reverse('signing:credentials')}?{request.GET.urlencode()}")


@signed_in
def own_list(request: StaffRequest) -> HttpResponseBase:
    """One's own certificates; new ones come from the administrator."""
    now = timezone.now()
    context = {
        "page": Paginator(own_credentials(request.appointment), PAGE).get_page(request.GET.get("page")),
        "soon": now + WARNED_BEFORE,
        "now": now,
        "can_sign": can_sign(request.appointment),
    }
    return render(request, "signing/mine.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def register(request: StaffRequest) -> HttpResponseBase:
    """A certificate is handed in for a person or a unit."""
    if not keeps_certificates(request.appointment):
        raise Http404
    form = RegisterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with refusals_beside(form):
            new = form.new_credential()
            credential = register_credential(new=new, actor=request.appointment, at=timezone.now())
            messages.success(request, _("The certificate is registered."))
            return redirect("signing:credential", credential.pk)
    return render(request, "signing/register.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@signed_in
def detail(request: StaffRequest, credential_id: int) -> HttpResponseBase:
    """One certificate with its trace, and what may be done with it."""
    return _page(request, credential_id)


@require_http_methods(["GET", "POST"])
@signed_in
def image(request: StaffRequest, credential_id: int) -> HttpResponseBase:
    """The image of the signature or the seal; another one is handed in here."""
    if request.method == "GET":
        kept = image_seen(request.appointment, credential_id)
        return blob_response(request, kept, filename="chu-ky.png", inline=True)
    form = ImageForm(request.POST, request.FILES)
    if form.is_valid():
        with refusals_beside(form):
            replace_image(
                credential_id=credential_id, image=form.image(), actor=request.appointment, at=timezone.now()
            )
            messages.success(request, _("The image is replaced. What is signed from now on shows it."))
            return redirect("signing:credential", credential_id)
    return _page(request, credential_id, form)


def _page(request: StaffRequest, credential_id: int, form: ImageForm | None = None) -> HttpResponseBase:
    image_form = form or ImageForm()
    credential = get_object_or_404(credentials_visible_to(request.appointment), pk=credential_id)
    is_keeper = keeps_this_certificate(request.appointment, credential)
    now = timezone.now()
    context = {
        "credential": credential,
        "custody": holder_of(credential),
        "place": PLACES.get(credential.provider, credential.provider),
        "trace": [(entry, _(ACTIONS.get(entry.action, entry.action))) for entry in trace_of(credential)],
        "may_suspend": credential.state == "active" and may_suspend(request.appointment, credential),
        "may_resume": credential.state == "suspended" and is_keeper,
        "may_revoke": credential.state != "revoked" and is_keeper,
        "image_form": image_form if credential.state != "revoked" and is_keeper else None,
        "soon": now + WARNED_BEFORE,
        "now": now,
    }
    return render(request, "signing/credential.html", context, status=422 if image_form.errors else 200)


@require_POST
@signed_in
def move(request: StaffRequest, credential_id: int, act: str) -> HttpResponseBase:
    """Suspend, resume or revoke; a refusal stands beside its field on the certificate's page."""
    if act not in ACTS:
        raise Http404
    operation, done = ACTS[act]
    with refusals_kept(request, "move"):
        operation(
            credential_id=credential_id,
            reason=request.POST.get("reason", ""),
            actor=request.appointment,
            at=timezone.now(),
        )
        messages.success(request, _(done))
        return redirect("signing:credential", credential_id)
    return shown_again(_page(request, credential_id))
