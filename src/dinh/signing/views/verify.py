import hashlib

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.errors import DomainError
from dinh.signing.forms import uploaded_pdf
from dinh.signing.queries.verdicts import verdict_told
from dinh.signing.queries.verification import verification_of


@signed_in
@require_http_methods(["GET", "POST"])
def verify_page(request: StaffRequest) -> HttpResponseBase:
    """A PDF is judged and shown; nothing of it is kept."""
    if request.method == "GET":
        return render(request, "signing/verify.html")
    try:
        pdf = uploaded_pdf(request.FILES.get("file"))
        report = verification_of(pdf=pdf, offline=False)
    except DomainError as refusal:
        return render(request, "signing/verify.html", {"fault": str(refusal)}, status=refusal.status)
    digest = hashlib.sha256(pdf).hexdigest()
    verdict = verdict_told(report, sha256=digest, at=timezone.now())
    context = {"report": report, "verdict": verdict, "name": str(request.FILES["file"])}
    return render(request, "signing/verify.html", context)
