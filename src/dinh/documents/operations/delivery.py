"""
One statement that sends: the sending, its recipients' marks, the arrivals at connected units and the issue together.

The database does it for 5 units or 501 in one round; a list that went through Python cost four times as much.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dinh.documents.enums import Channel, IncomingState, OutgoingState
from dinh.kernel.compiled import planned_cursor


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    What was sent: `dispatch_id` is None if the key was used before; arrivals as (unit, arrival).

    :param to: names of those who got it electronically
    :param on_paper: names of those who get it on paper
    """

    dispatch_id: int | None
    to: list[str]
    on_paper: list[str]
    arrivals: list[tuple[int, int]]


def deliver(
    *, outgoing_id: int, document_id: int, sender_id: int, sent_by_id: int, request_key: str, at: datetime
) -> Delivery:
    """
    Send a document to all recipients not yet served, in the current transaction; a sealed one is issued by it.

    Connected units that are not asked for paper get an arrival; all others are marked as sent on paper.
    """
    given: dict[str, Any] = {
        "outgoing": outgoing_id,
        "document": document_id,
        "sender": sender_id,
        "by": sent_by_id,
        "key": request_key,
        "at": at,
        "electronic": Channel.ELECTRONIC,
        "paper": Channel.PAPER,
        "arrived": IncomingState.ARRIVED,
        "sealed": OutgoingState.SEALED,
        "issued": OutgoingState.ISSUED,
    }
    with planned_cursor() as cursor:
        cursor.execute(_SEND, given)
        dispatch_id, to, on_paper, units, arrivals = cursor.fetchone() or (None, [], [], [], [])
    return Delivery(dispatch_id, to, on_paper, list(zip(units, arrivals, strict=True)))


_SEND = """
WITH sending AS (
    INSERT INTO documents_dispatch
        (document_id, outgoing_id, sender_id, sent_by_id, sent_at, request_key, recall_reason)
    VALUES (%(document)s, %(outgoing)s, %(sender)s, %(by)s, %(at)s, %(key)s, '')
    ON CONFLICT DO NOTHING
    RETURNING id
), issued AS (
    UPDATE documents_outgoing AS letter SET state = %(issued)s, issued_at = %(at)s, updated_at = %(at)s
    FROM sending WHERE letter.id = %(outgoing)s AND letter.state = %(sealed)s
), served AS (
    UPDATE documents_recipient AS mine
    SET sent_at = %(at)s,
        channel = CASE WHEN mine.channel = %(electronic)s AND unit.is_connected
                       THEN %(electronic)s ELSE %(paper)s END
    FROM sending, documents_recipient AS same LEFT JOIN directory_unit AS unit ON unit.id = same.unit_id
    WHERE same.id = mine.id AND mine.outgoing_id = %(outgoing)s AND mine.sent_at IS NULL
    RETURNING mine.unit_id, mine.purpose, mine.channel, mine.name, mine.sort_order
), arrived AS (
    INSERT INTO documents_incoming
        (unit_id, document_id, dispatch_id, purpose, channel, state, arrived_at,
         refusal_reason, direction_text, result_text, verdict, note, common_words)
    SELECT served.unit_id, %(document)s, sending.id, purpose, channel, %(arrived)s, %(at)s, '', '', '', '', '',
           sent.common_words
    FROM served, sending, documents_outgoing AS sent
    WHERE channel = %(electronic)s AND sent.id = %(outgoing)s
    RETURNING id, unit_id
), readers AS (
    SELECT array_agg('§' || unit_id) AS lexemes FROM arrived
), findable AS (
    -- Only for readers that the index of words does not know: a new row of it costs more than the whole sending.
    UPDATE documents_document AS letter SET search_vector = letter.search_vector || array_to_tsvector(lexemes)
    FROM readers
    WHERE letter.id = %(document)s
      AND NOT letter.search_vector @@ ('''' || array_to_string(lexemes, ''' & ''') || '''')::tsquery
)
SELECT (SELECT id FROM sending),
       coalesce((SELECT array_agg(name ORDER BY sort_order) FROM served WHERE channel = %(electronic)s), '{}'),
       coalesce((SELECT array_agg(name ORDER BY sort_order) FROM served WHERE channel <> %(electronic)s), '{}'),
       coalesce((SELECT array_agg(unit_id ORDER BY id) FROM arrived), '{}'),
       coalesce((SELECT array_agg(id ORDER BY id) FROM arrived), '{}')
"""
