"""
The server's side of VGCA Sign Service: a page begins an errand; the program fetches the letter and returns it signed.

The program answers to nobody's session: the secrets in its addresses let it do this one thing, once.
"""

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.errors import DomainError, NotFound
from dinh.signing.forms import uploaded_pdf
from dinh.signing.operations.errands import fetch_letter, is_awaited, return_letter, send_errand
from dinh.storage.api import blob_response


@require_POST
@signed_in
def errand(request: StaffRequest, session_id: UUID) -> HttpResponseBase:
    """What the page hands to the program, as JSON; `message` where the session waits no more."""
    try:
        sent = send_errand(session_id=session_id, appointment=request.appointment, at=timezone.now())
    except NotFound:
        raise
    except DomainError as refusal:
        return JsonResponse({"message": str(refusal)}, status=refusal.status)
    return JsonResponse({"id": sent.id, "function": sent.function, "parameters": sent.parameters})


@require_GET
def letter(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The letter, to whoever has the one-time address first."""
    sha256 = fetch_letter(secret=secret, at=timezone.now())
    response = blob_response(request, sha256, filename="van-ban.pdf")
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt
@require_POST
def upload(request: HttpRequest, secret: str) -> HttpResponseBase:
    """
    Take the signed letter (multipart, `uploadfile`). The program reads `Status` and `Message` of the JSON answer,
    so a refusal of the file is answered with 200 too; an address that is not known is not there, and nothing of the
    upload is read then.
    """
    scheme, _blank, bearer = request.headers.get("Authorization", "").partition(" ")
    with override("vi"):
        if not is_awaited(secret=secret, at=timezone.now()):
            return _answer(message=_("The address is used up or too old. Start signing again."), status=404)
        try:
            pdf = uploaded_pdf(request.FILES.get("uploadfile") or next(iter(request.FILES.values()), None))
            taken = return_letter(
                secret=secret, bearer=bearer if scheme == "Bearer" else "", pdf=pdf, at=timezone.now()
            )
        except NotFound as missing:
            return _answer(message=str(missing), status=404)
        except DomainError as refusal:
            return _answer(message=str(refusal))
    return _answer(file=str(taken.pk))


def _answer(*, message: str = "", file: str = "", status: int = 200) -> JsonResponse:
    """`FileServer` names what was taken, as the page hands it in to finish; no address that anybody could open."""
    told = {"Status": bool(file), "Message": message, "FileName": "van-ban.pdf", "FileServer": file}
    return JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})
