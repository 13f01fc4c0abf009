"""Signing and sealing with one's own token: a page that asks the device, letter by letter, with one PIN."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Unpack
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.models import DeviceSignature
from dinh.documents.operations.devices import Begin, begin_several, finish_on_device
from dinh.documents.queries.devices import device_signatures_of
from dinh.kernel.errors import DomainError, NotFound
from dinh.kernel.refusals import shown_again, tell_refused
from dinh.signing.api import DeviceAnswer, SessionInfo, StillWaiting, open_sessions, read_answer


@dataclass(frozen=True, slots=True)
class _Line:
    """A letter on the page: what the device is asked, or why it is not asked any more."""

    begun: DeviceSignature
    info: SessionInfo | None = None
    refusal: str = ""

    @property
    def finish_url(self) -> str:
        return reverse("documents:device_finish", args=[self.begun.session_id])


def to_device(request: StaffRequest, outgoing_ids: Sequence[int], begin: Begin) -> HttpResponse | None:
    """Begin for these letters and go to their page; tells what was refused, None if nothing could be begun."""
    batch = begin_several(outgoing_ids=list(outgoing_ids), actor=request.appointment, begin=begin)
    tell = messages.error if batch.begun else tell_refused
    for each in batch.refused:
        tell(request, each.refusal)
    return redirect("documents:device", batch.id) if batch.begun else None


@csp_update({"connect-src": [settings.SIGNING_PLUGIN_URL]})
@require_GET
@signed_in
def device_page(request: StaffRequest, batch: UUID) -> HttpResponse:
    """The letters of one go, each with its state; may be reloaded at any time."""
    begun = list(device_signatures_of(request.appointment, batch))
    if not begun:
        raise Http404
    lines = _lines(begun, request)
    context = {
        "lines": lines,
        "waiting": [line for line in lines if not (line.begun.finished_at or line.refusal)],
        "is_seal": begun[0].step_id is None,
    }
    return render(request, "documents/outgoing/device.html", context)


@require_POST
@signed_in
def device_finish(request: StaffRequest, session_id: UUID) -> HttpResponse:
    """Take the device's answer; JSON for the page's script, as `answered`."""

    def finish(**answer: Unpack[DeviceAnswer]) -> str:
        finish_on_device(session_id=session_id, actor=request.appointment, **answer)
        return _("Signed.")

    return answered(request, session_id, finish)


def answered(request: StaffRequest, session_id: UUID, finish: Callable[..., str]) -> HttpResponse:
    """
    What comes of a device's answer, for the page's script: `done`, and `message` in the reader's language.

    :param finish: takes the answer as `finish_signing` does, and says what is done
    """
    try:
        told = finish(
            **read_answer(data=request.POST, session_id=session_id, appointment=request.appointment)
        )
    except NotFound:
        raise
    except StillWaiting as waiting:
        return JsonResponse({"done": False, "waiting": True, "message": str(waiting)})
    except DomainError as refusal:
        return shown_again(JsonResponse({"done": False, "message": str(refusal)}))
    return JsonResponse({"done": True, "message": told})


def _lines(begun: list[DeviceSignature], request: StaffRequest) -> list[_Line]:
    ids = [each.session_id for each in begun if not each.finished_at]
    infos = open_sessions(session_ids=ids, appointment=request.appointment)
    return [_line(each, infos.get(each.session_id)) for each in begun]


def _line(begun: DeviceSignature, info: SessionInfo | None) -> _Line:
    if begun.finished_at:
        return _Line(begun)
    now = begun.annex.blob_id if begun.annex else begun.outgoing.document.content_id
    if now != begun.before_id:
        return _Line(begun, refusal=_("The document changed meanwhile. Read it again, then sign."))
    # Signed, but interrupted before the letter took it over: finishing needs no device.
    if info or begun.session.result_id:
        return _Line(begun, info)
    return _Line(begun, refusal=_("The time for this signature is over. Start signing again."))
