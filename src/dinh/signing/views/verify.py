from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.errors import DomainError, InvalidInput
from dinh.signing.queries.verification import verification_of


@signed_in
@require_http_methods(["GET", "POST"])
def verify_page(request: StaffRequest) -> HttpResponseBase:
    """A PDF is judged and shown; nothing of it is kept."""
    if request.method == "GET":
        return render(request, "signing/verify.html")
    try:
        report = verification_of(pdf=_uploaded_pdf(request), offline=False)
    except DomainError as refusal:
        return render(request, "signing/verify.html", {"fault": str(refusal)}, status=refusal.status)
    return render(request, "signing/verify.html", {"report": report, "name": str(request.FILES["file"])})


@signed_in
@require_POST
def verify_json(request: StaffRequest) -> HttpResponseBase:
    """The same for programs: multipart field `file` in, verdict as JSON out, problem document when refused."""
    try:
        report = verification_of(pdf=_uploaded_pdf(request), offline=False)
    except DomainError as refusal:
        problem = dict(refusal.as_problem())
        return JsonResponse(problem, status=refusal.status, content_type="application/problem+json")
    return JsonResponse(report.as_json())


def _uploaded_pdf(request: StaffRequest) -> bytes:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile) or upload.size is None:
        raise InvalidInput(_("Please choose a PDF file."), field="file")
    if upload.size > settings.MAX_VERIFIED_BYTES:
        limit = settings.MAX_VERIFIED_BYTES // (1024 * 1024)
        raise InvalidInput(_("The file is larger than %(limit)d MB.") % {"limit": limit}, field="file")
    return bytes(upload.read())
