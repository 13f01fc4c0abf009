"""Signatures, for programs."""

from typing import Any

from django.http import HttpRequest
from ninja import File, Router
from ninja.files import UploadedFile

from dinh.signing.forms import uploaded_pdf
from dinh.signing.queries.verification import verification_of

router = Router(tags=["signing"])


@router.post("/signing/verify", url_name="verify_signatures")
def verify_signatures(request: HttpRequest, file: File[UploadedFile]) -> dict[str, Any]:
    """Judge the signatures of a PDF (multipart field `file`); nothing of it is kept."""
    return verification_of(pdf=uploaded_pdf(file), offline=False).as_json()
