"""What is to be said of a letter's signatures: a part of its page, fetched after it; without scripts a page."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import outgoing_open_to
from dinh.signing.api import verdict_of


@require_GET
@signed_in
def outgoing_signatures(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """The signatures of a letter on its way out, for those who see it."""
    outgoing = outgoing_open_to(request.appointment).filter(pk=outgoing_id).first()
    return _verdicts(request, outgoing.document.content_id if outgoing else None)


@require_GET
@signed_in
def incoming_signatures(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """The signatures of a letter that arrived, for those who see it, unless it was recalled."""
    incoming = get_incoming(incoming_id, request.appointment)
    return _verdicts(request, incoming.document.content_id)


def _verdicts(request: StaffRequest, content: str | None) -> HttpResponse:
    if content is None:
        raise Http404
    # A page must not wait for authorities; the check on arrival and "check again" ask them.
    verdict = verdict_of(content, offline=True)
    name = (
        "signing/components/verdict.html"
        if "HX-Request" in request.headers
        else "documents/signatures/page.html"
    )
    return render(request, name, {"verdict": verdict})
