"""What people do with a letter on its way out: each act one operation, told on the letter's page."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from functools import partial

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Outgoing
from dinh.documents.operations.approval import (
    issue_by,
    pass_initial,
    return_draft,
    submit_draft,
    withdraw_draft,
)
from dinh.documents.operations.counterparty import seal_as_party, take_in_from_party
from dinh.documents.operations.devices import (
    Begin,
    begin_counterseal,
    begin_issue,
    begin_seal,
    begin_step,
)
from dinh.documents.operations.dispatch import dispatch_document
from dinh.documents.operations.drafting import render_version
from dinh.documents.operations.issuing import issue_document, issue_several
from dinh.documents.operations.numbering import number_document
from dinh.documents.operations.on_paper import issue_on_paper
from dinh.documents.operations.sealing import seal_document
from dinh.documents.operations.signing import sign_several, sign_step
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.outgoing import (
    found_among,
    letters_to_issue,
    letters_to_sign,
    outgoing_open_to,
    outgoing_visible_to,
)
from dinh.documents.rules import may_number
from dinh.documents.views.devices import to_device
from dinh.documents.views.outgoing import outgoing_page
from dinh.documents.views.scans import given_scan
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.kernel.refusals import page_after, refusals_kept, shown_again, tell_refused
from dinh.signing.api import As, signs_on_device

BATCH = 200


@require_POST
@signed_in
def outgoing_act(request: StaffRequest, outgoing_id: int, act: str) -> HttpResponse:
    """Do one act; a refusal stands beside its field on the document's page."""
    if act not in ACTS:
        raise Http404
    operation, done = ACTS[act]
    with refusals_kept(request, act):
        to_go = _on_device(request, outgoing_id, act)
        if to_go is not None:
            return to_go
        operation(request, outgoing_id)
        if done:
            messages.success(request, _(done))
        return redirect("documents:outgoing", outgoing_id)
    return shown_again(outgoing_page(request, outgoing_id))


@require_http_methods(["GET", "POST"])
@signed_in
def signing_tray(request: StaffRequest) -> HttpResponse:
    """
    Letters that wait for one's signature: read each, sign several in one go (also on a phone).

    The page's script sends them a few at a time and asks for JSON, so that it can show how far it is.
    """
    if request.method == "POST":
        chosen = _chosen(request)
        if chosen and signs_on_device(request.appointment, "person"):
            return to_device(request, chosen, begin_step) or page_after(request, "documents:signing_tray")
        outcomes = sign_several(outgoing_ids=chosen, actor=request.appointment)
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            return JsonResponse({"outcomes": [asdict(outcome) for outcome in outcomes]})
        signed = ngettext("%(count)d letter signed.", "%(count)d letters signed.", len(outcomes))
        _tell(request, signed, [each.refusal for each in outcomes])
        return page_after(request, "documents:signing_tray")
    letters = letters_to_sign(request.appointment)
    context = {"letters": letters[:BATCH], "on_device": signs_on_device(request.appointment, "person")}
    return render(request, "documents/outgoing/to_sign.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def issuing_tray(request: StaffRequest) -> HttpResponse:
    """Signed letters of the clerk's unit: number, seal and send several in one go."""
    if request.method == "POST":
        with refusals_kept(request, "issue_several"):
            return _issued(request, dated=_day(request))
        return shown_again(_to_issue(request))
    return _to_issue(request)


def _issued(request: StaffRequest, *, dated: date) -> HttpResponse:
    chosen = _chosen(request)
    if to_seal := _to_seal_on_device(request, chosen):
        return to_device(request, to_seal, _begin_issue(request)) or page_after(
            request, "documents:issuing_tray"
        )
    outcomes = issue_several(clerk=request.appointment, outgoing_ids=chosen, dated=dated, at=timezone.now())
    issued = ngettext("%(count)d letter issued.", "%(count)d letters issued.", len(outcomes))
    _tell(request, issued, [each.refusal for each in outcomes])
    return page_after(request, "documents:issuing_tray")


def _to_issue(request: StaffRequest) -> HttpResponse:
    letters = letters_to_issue(request.appointment).annotate(recipient_amount=Count("recipients"))
    dues = [(each, _due(each)) for each in letters[:BATCH]]
    today = timezone.localdate()
    context = {"letters": dues, "now": timezone.now(), "today": today, "today_iso": today.isoformat()}
    return render(request, "documents/outgoing/to_issue.html", context)


def _due(letter: Outgoing) -> datetime | None:
    """Until when a letter is to be issued."""
    if letter.signed_at is None:
        return None
    return issue_by(signed_at=letter.signed_at, urgency=letter.document.urgency)


def _on_device(request: StaffRequest, outgoing_id: int, act: str) -> HttpResponse | None:
    """Where the act's key is in the holder's own token: to the page that asks it. None where the server signs."""
    if act not in ON_DEVICE or not signs_on_device(request.appointment, ON_DEVICE[act]):
        return None
    outgoing = found_among(outgoing_open_to(request.appointment), outgoing_id)
    if outgoing.state == OutgoingState.SEALED:
        return None
    begin: dict[str, Begin] = {
        "sign": begin_step,
        "counterseal": begin_counterseal,
        "seal": begin_seal,
        "issue": _begin_issue(request),
    }
    return to_device(request, [outgoing_id], begin[act]) or page_after(
        request, "documents:outgoing", outgoing_id
    )


def _to_seal_on_device(request: StaffRequest, chosen: Sequence[int]) -> list[int]:
    """Those of the chosen that the seal's token has to seal before they can be sent."""
    if not signs_on_device(request.appointment, "unit"):
        return []
    unsealed = letters_to_issue(request.appointment).exclude(state=OutgoingState.SEALED)
    return list(unsealed.filter(pk__in=chosen).values_list("pk", flat=True))


def _begin_issue(request: StaffRequest) -> Begin:
    return partial(begin_issue, dated=_day(request), at=timezone.now())


def _tell(request: StaffRequest, done: str, refusals: Sequence[str]) -> None:
    succeeded = sum(not refusal for refusal in refusals)
    if succeeded:
        messages.success(request, done % {"count": succeeded})
    tell = messages.error if succeeded else tell_refused
    for refusal in filter(None, refusals):
        tell(request, refusal)
    if not refusals:
        tell_refused(request, _("Choose at least one letter."))


def _chosen(request: StaffRequest) -> list[int]:
    return [int(value) for value in request.POST.getlist("letters")[:BATCH] if value.isdecimal()]


def _day(request: StaffRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("dated") or timezone.localdate().isoformat())
    except ValueError as wrong:
        raise InvalidInput(_("Give the date of the letter as a date."), field="dated") from wrong


def _render(request: StaffRequest, outgoing_id: int) -> None:
    outgoing = outgoing_visible_to(request.appointment).filter(pk=outgoing_id).first()
    last = outgoing.versions.last() if isinstance(outgoing, Outgoing) else None
    if last is None:
        raise NotFound(_("There is no such document."))
    if last.pdf_id is None:
        render_version(last)


def _submit(request: StaffRequest, outgoing_id: int) -> None:
    submit_draft(outgoing_id=outgoing_id, drafter=request.appointment, at=timezone.now())


def _return(request: StaffRequest, outgoing_id: int) -> None:
    reason = request.POST.get("reason", "")
    return_draft(outgoing_id=outgoing_id, actor=request.appointment, reason=reason, at=timezone.now())


def _pass(request: StaffRequest, outgoing_id: int) -> None:
    pass_initial(outgoing_id=outgoing_id, actor=request.appointment, at=timezone.now())


def _sign(request: StaffRequest, outgoing_id: int) -> None:
    sign_step(outgoing_id=outgoing_id, actor=request.appointment)


def _number(request: StaffRequest, outgoing_id: int) -> None:
    clerk, day = request.appointment, _day(request)
    number_document(clerk=clerk, outgoing_id=outgoing_id, dated=day, at=timezone.now())


def _party(request: StaffRequest, outgoing_id: int) -> None:
    clerk = request.appointment
    outgoing = outgoing_visible_to(clerk).filter(pk=outgoing_id).first()
    if outgoing is None or not may_number(clerk, outgoing):
        raise NotFound(_("There is no such document."))
    scan = given_scan(request)
    take_in_from_party(clerk=clerk, outgoing_id=outgoing_id, scan=scan, at=timezone.now())


def _seal(request: StaffRequest, outgoing_id: int) -> None:
    seal_document(clerk=request.appointment, outgoing_id=outgoing_id)


def _counterseal(request: StaffRequest, outgoing_id: int) -> None:
    seal_as_party(clerk=request.appointment, outgoing_id=outgoing_id)


def _send(request: StaffRequest, outgoing_id: int) -> None:
    clerk, key = request.appointment, f"issue-{outgoing_id}"
    dispatch_document(outgoing_id=outgoing_id, actor=clerk, request_key=key, at=timezone.now())


def _issue(request: StaffRequest, outgoing_id: int) -> None:
    clerk, day = request.appointment, _day(request)
    issue_document(clerk=clerk, outgoing_id=outgoing_id, dated=day, at=timezone.now())


def _void(request: StaffRequest, outgoing_id: int) -> None:
    reason = request.POST.get("reason", "")
    void_number(clerk=request.appointment, outgoing_id=outgoing_id, reason=reason)


def _withdraw(request: StaffRequest, outgoing_id: int) -> None:
    withdraw_draft(outgoing_id=outgoing_id, drafter=request.appointment, at=timezone.now())


def _paper(request: StaffRequest, outgoing_id: int) -> None:
    issue_on_paper(clerk=request.appointment, outgoing_id=outgoing_id, at=timezone.now())


ON_DEVICE: dict[str, As] = {"sign": "person", "counterseal": "unit", "seal": "unit", "issue": "unit"}
ACTS: dict[str, tuple[Callable[[StaffRequest, int], None], str]] = {
    "render": (_render, ""),
    "submit": (_submit, gettext_noop("Submitted.")),
    "return": (_return, gettext_noop("Returned to its drafter.")),
    "pass": (_pass, gettext_noop("Passed on.")),
    "sign": (_sign, gettext_noop("Signed.")),
    "number": (_number, gettext_noop("Number and date are given.")),
    "counterseal": (_counterseal, gettext_noop("Sealed.")),
    "party": (_party, gettext_noop("Accepted. The agreement can be numbered.")),
    "seal": (_seal, gettext_noop("Sealed.")),
    "send": (_send, gettext_noop("Sent.")),
    "issue": (_issue, gettext_noop("Numbered, sealed and sent.")),
    "withdraw": (_withdraw, gettext_noop("Taken back. You can continue editing.")),
    "paper": (_paper, gettext_noop("Noted as issued on paper.")),
    "void": (_void, gettext_noop("The number is voided.")),
}
