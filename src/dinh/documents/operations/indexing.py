"""What makes a letter findable: its folded words, and who has it."""

from collections.abc import Sequence
from typing import Final

from django.db import connection, transaction

from dinh.documents.models import Document
from dinh.kernel.text import fold

_READERS: Final = """
ARRAY(
    SELECT '§' || unit_id FROM documents_incoming WHERE document_id = letter.id
    UNION SELECT '§' || unit_id FROM documents_outgoing WHERE document_id = letter.id
    UNION SELECT '§' || same.unit_id FROM documents_recipient AS same
        JOIN documents_outgoing AS sent ON sent.id = same.outgoing_id
        WHERE sent.document_id = letter.id AND same.unit_id IS NOT NULL
)
"""
"""The units that have the letter or are to get it, as `queries.words.of_reader` asks for them."""
_ONE: Final = f"""
UPDATE documents_document AS letter
SET search_vector = to_tsvector('simple', %s) || array_to_tsvector({_READERS}) WHERE id = %s
"""  # noqa: S608 (a constant)
_SEVERAL: Final = f"""
UPDATE documents_document AS letter
SET search_vector = to_tsvector('simple', search_text) || array_to_tsvector({_READERS}) WHERE id = ANY(%s)
"""  # noqa: S608 (a constant)


def index_document(document: Document) -> None:
    """
    Make the letter findable by its folded words, for its unit, its recipients and where it arrived.

    Who gets it later is added by the statement that sends it (`delivery`).
    """
    words = (
        document.subject,
        document.code,
        document.issuer_name,
        document.signer_name,
        document.search_text,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # Locked by a statement of its own: the next one then sees the readers of a sending that it waited for.
        cursor.execute("SELECT FROM documents_document WHERE id = %s FOR NO KEY UPDATE", [document.pk])
        cursor.execute(_ONE, [fold(" ".join(words)), document.pk])


def index_by_text(document_ids: Sequence[int]) -> None:
    """The same for many letters at once, whose `search_text` has all their folded words."""
    with connection.cursor() as cursor:
        cursor.execute(_SEVERAL, [list(document_ids)])
