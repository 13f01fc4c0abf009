"""Count the pages of letters (số trang; Decree 30/2020, Annex VI, filled in by the system)."""

from typing import Final

import pypdfium2

from dinh.documents.models import Document
from dinh.storage.api import open_blob

_MOST: Final = 32_767


def count_pages(*, document_id: int) -> int | None:
    """
    Write down how many pages a letter has, unless that is known; never inside a transaction. Safe to repeat.

    :returns: the pages, None without a file or for one that cannot be read
    """
    letter = Document.objects.only("content_id", "page_count").get(pk=document_id)
    if letter.page_count is not None or letter.content_id is None:
        return letter.page_count
    with open_blob(letter.content_id) as stream:
        try:
            with pypdfium2.PdfDocument(stream) as pdf:
                pages = len(pdf)
        except pypdfium2.PdfiumError:
            return None
    Document.objects.filter(pk=document_id, page_count=None).update(page_count=min(pages, _MOST))
    return pages
