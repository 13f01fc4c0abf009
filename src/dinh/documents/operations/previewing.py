"""What a draft would look like, without keeping it."""

import io
from datetime import datetime

import pypdfium2
from django.db import transaction

from dinh.directory.models import Appointment
from dinh.documents.letters import LetterContent, render_letter
from dinh.documents.operations.draft_plan import DraftPlan
from dinh.documents.operations.drafting import create_draft
from dinh.documents.operations.letter_content import letter_of

PICTURES_MAX = 4
_SCALE = 1.4


def preview_letter(*, drafter: Appointment, plan: DraftPlan, at: datetime) -> bytes:
    """
    Return the PDF of a plan; nothing is kept.

    :raises InvalidInput: naming every field at fault
    """
    return render_letter(_content(drafter, plan, at), made_at=at).pdf


def pictures_of(pdf: bytes) -> list[bytes]:
    """The first pages of a PDF of our own making as PNG, about 100 dots an inch."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = range(min(len(document), PICTURES_MAX))
        return [_picture(document[index]) for index in pages]
    finally:
        document.close()


@transaction.atomic
def _content(drafter: Appointment, plan: DraftPlan, at: datetime) -> LetterContent:
    """Written and taken back, so that what is shown is what saving would give."""
    draft = create_draft(drafter=drafter, plan=plan, at=at)
    content = letter_of(draft.versions.get())
    transaction.set_rollback(True)
    return content


def _picture(page: pypdfium2.PdfPage) -> bytes:
    written = io.BytesIO()
    page.render(scale=_SCALE, grayscale=False).to_pil().quantize(32).save(written, "PNG")
    return written.getvalue()
