"""Signing a test letter with one's own token: the same way that a real letter goes."""

from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.refusals import page_after, refusals_told
from dinh.signing.models import SessionState, SigningSession
from dinh.signing.operations.answers import read_answer
from dinh.signing.operations.sessions import finish_signing, session_info
from dinh.signing.operations.trial import TRIAL_FIELD, begin_trial_signature
from dinh.signing.queries.verdicts import verdict_of
from dinh.storage.api import blob_response


@require_POST
@signed_in
def begin_trial(request: StaffRequest) -> HttpResponseBase:
    """Prepare the test letter, then go to where it is signed."""
    with refusals_told(request):
        session = begin_trial_signature(appointment=request.appointment)
        return redirect("signing:trial_session", session.id)
    return page_after(request, "signing:mine")


@csp_update({"connect-src": [settings.SIGNING_PLUGIN_URL]})
@signed_in
def trial_page(request: StaffRequest, session_id: UUID) -> HttpResponseBase:
    """The page asks the token; signed, it shows the verdict."""
    session = _own_trial(request, session_id)
    if session.state == SessionState.FINISHED and session.result_id:
        verdict = verdict_of(session.result_id, offline=True)
        return render(request, "signing/trial.html", {"session": session, "verdict": verdict})
    with refusals_told(request):
        info = session_info(session_id=session_id, appointment=request.appointment)
        return render(request, "signing/trial.html", {"session": session, "info": info})
    return page_after(request, "signing:mine")


@require_POST
@signed_in
def finish_trial(request: StaffRequest, session_id: UUID) -> HttpResponseBase:
    """Take the token's answer; the page sends it as base64, or nothing where the server reaches the key."""
    session = _own_trial(request, session_id)
    with refusals_told(request):
        finish_signing(
            session_id=session_id,
            appointment=request.appointment,
            sha256=session.source_id,
            **read_answer(data=request.POST, session_id=session_id, appointment=request.appointment),
        )
    return page_after(request, "signing:trial_session", session_id)


@signed_in
def trial_pdf(request: StaffRequest, session_id: UUID) -> HttpResponseBase:
    """The signed test letter."""
    session = _own_trial(request, session_id)
    if session.result_id is None:
        raise Http404
    return blob_response(request, session.result_id, filename="ky-thu.pdf", inline=True)


def _own_trial(request: StaffRequest, session_id: UUID) -> SigningSession:
    own = SigningSession.objects.filter(appointment=request.appointment, field_name=TRIAL_FIELD)
    session = own.select_related("credential").filter(pk=session_id).first()
    if session is None:
        raise Http404
    return session
