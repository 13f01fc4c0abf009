"""What makes a letter findable: its folded words, and who has it."""

from collections.abc import Sequence
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from dinh.documents.common_words import AMOUNT, places
from dinh.documents.models import Document
from dinh.kernel.text import fold

PIECE: Final = 1000
_READERS: Final = """
ARRAY(
    SELECT '§' || unit_id FROM documents_incoming WHERE document_id = letter.id
    UNION SELECT '§' || unit_id FROM documents_outgoing WHERE document_id = letter.id
    UNION SELECT '§' || same.unit_id FROM documents_recipient AS same
        JOIN documents_outgoing AS sent ON sent.id = same.outgoing_id
        WHERE sent.document_id = letter.id AND same.unit_id IS NOT NULL
)
"""
"""The units that have the letter or are to get it, as `queries.words.reader_lexeme` asks for them."""
_NONE: Final = f"repeat('0', {AMOUNT})::bit({AMOUNT})"
COMMON_BITS: Final = f"""
(
    SELECT coalesce(bit_or(set_bit({_NONE}, (known.place - 1)::integer, 1)), {_NONE})
    FROM unnest(%(common)s::text[]) WITH ORDINALITY AS known (word, place)
    JOIN unnest(tsvector_to_array(letter.search_vector)) AS has (word) USING (word)
)
"""  # noqa: S608 (a constant)
"""
Which of the common words stand in `letter.search_vector`, as arrivals and own rows have it (`common_words`).

For a statement that is given all of them as `common`.
"""
_LOCKS: Final = (
    "SELECT FROM documents_incoming WHERE document_id = ANY(%(letters)s) ORDER BY id FOR NO KEY UPDATE",
    "SELECT FROM documents_outgoing WHERE document_id = ANY(%(letters)s) ORDER BY id FOR NO KEY UPDATE",
    "SELECT FROM documents_document WHERE id = ANY(%(letters)s) ORDER BY id FOR NO KEY UPDATE",
)
_ONE: Final = f"""
UPDATE documents_document AS letter
SET search_vector = to_tsvector('simple', %(words)s) || array_to_tsvector({_READERS}),
    search_text = coalesce(%(text)s, search_text)
WHERE id = %(letter)s
"""  # noqa: S608 (a constant)
_SEVERAL: Final = f"""
UPDATE documents_document AS letter
SET search_vector = to_tsvector('simple', search_text) || array_to_tsvector({_READERS}) WHERE id = ANY(%s)
"""  # noqa: S608 (a constant)
_UNMARKED: Final = """
SELECT DISTINCT letter.id FROM documents_document AS letter
JOIN (
    SELECT document_id FROM documents_incoming WHERE common_words IS NULL
    UNION ALL
    SELECT document_id FROM documents_outgoing WHERE common_words IS NULL AND number IS NOT NULL
) AS held ON held.document_id = letter.id
WHERE letter.search_vector IS NOT NULL ORDER BY letter.id LIMIT %s
"""
_HELD: Final = f"""
WITH common AS MATERIALIZED (
    SELECT id, {COMMON_BITS} AS bits FROM documents_document AS letter
    WHERE id = ANY(%(letters)s) AND search_vector IS NOT NULL
), arrived AS (
    UPDATE documents_incoming AS held SET common_words = bits
    FROM common WHERE document_id = common.id AND common_words IS DISTINCT FROM bits
)
UPDATE documents_outgoing AS held SET common_words = bits
FROM common WHERE document_id = common.id AND common_words IS DISTINCT FROM bits
"""  # noqa: S608 (a constant)


def index_document(document: Document, *, text: str | None = None) -> None:
    """
    Make the letter findable by its folded words, for its unit, its recipients and where it arrived.

    Who gets it later is added by the statement that sends it (`delivery`).

    :param text: the letter's whole text, folded, where it is new; kept with it
    """
    document.search_text = document.search_text if text is None else text
    words = (
        document.subject,
        document.code,
        document.issuer_name,
        document.signer_name,
        document.search_text,
    )
    given = {"words": fold(" ".join(words)), "text": text, "letter": document.pk}
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(cursor, [document.pk])
        cursor.execute(_ONE, given)
        mark_common_words([document.pk])


def index_by_text(document_ids: Sequence[int]) -> None:
    """The same for many letters at once, whose `search_text` has all their folded words."""
    with connection.cursor() as cursor:
        cursor.execute(_SEVERAL, [list(document_ids)])
    mark_common_words(document_ids)


def mark_common_words(document_ids: Sequence[int]) -> None:
    """Set beside each holding of these letters which common words the index of words has for them. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"common": list(places()), "letters": list(document_ids)})


def mark_unmarked() -> int:
    """
    Mark what was written without: by processes of an older release, between the migration and their restart.

    :return: how many letters were looked at, at most `PIECE`
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNMARKED, [PIECE])
        letters = [row[0] for row in cursor.fetchall()]
    mark_beside_others(letters)
    return len(letters)


def mark_beside_others(letters: list[int]) -> None:
    """As `mark_common_words`, of letters that others may be correcting meanwhile, in a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Else the words of a letter that is corrected meanwhile would be marked as they were before.
        _lock(cursor, letters)
        mark_common_words(letters)


def _lock(cursor: CursorWrapper, letters: list[int]) -> None:
    """
    Lock the letters and what holds them.

    By statements of their own: what follows sees whom a sending reached meanwhile. Whoever changes a letter has locked
    a row that holds it before, so that is the order.
    """
    for lock in _LOCKS:
        cursor.execute(lock, {"letters": letters})
