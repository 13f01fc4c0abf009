"""A province's documents for the figures: 200,000 letters among the 501 units, laid into the tables set-wise."""

import random
from collections.abc import Iterable

import django
from django.core.management import call_command
from django.db import connection

AMOUNT = 200_000
TEXT = """
báo cáo kế hoạch thông báo quyết định triển khai dịch vụ công trực tuyến hồ sơ thủ tục hành chính đường bộ đất đai
giáo dục y tế môi trường nông nghiệp dân tộc tôn giáo tài chính ngân sách đầu tư cán bộ công chức viên chức hội nghị
tập huấn kiểm tra giám sát thanh tra khiếu nại tố cáo người dân doanh nghiệp chuyển đổi số an toàn thông tin mạng
bưu chính viễn thông thiên tai bão lũ dịch bệnh
"""
WORDS = TEXT.split()


def prepare(amount: int = AMOUNT) -> None:
    """Migrate, load the units and people, and lay the letters in, unless they are there."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_demo", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM documents_document WHERE code LIKE 'B%%'")
        if cursor.fetchone()[0] < amount:
            _lay_in(cursor, amount)
            for table in ("document", "incoming", "book"):
                cursor.execute(f"VACUUM ANALYZE documents_{table}")


def _lay_in(cursor, amount: int) -> None:
    from dinh.documents.common_words import places
    from dinh.documents.operations.indexing import COMMON_BITS

    vocabulary = list(_vocabulary())
    cursor.execute(
        "CREATE TEMP TABLE word AS SELECT * FROM unnest(%s::text[]) WITH ORDINALITY w(w, n)", [vocabulary]
    )
    cursor.execute(
        "CREATE TEMP TABLE place AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM directory_unit"
    )
    # Arrivals come with their common words, as a sending brings them.
    cursor.execute(
        f"CREATE TEMP TABLE marked AS SELECT n, {COMMON_BITS} AS bits "
        "FROM (SELECT n, to_tsvector('simple', w) AS search_vector FROM word) AS letter",
        {"common": list(places())},
    )
    cursor.execute("SELECT count(*) FROM place")
    given = {
        "amount": amount,
        "words": len(vocabulary),
        "places": cursor.fetchone()[0],
        "busy": busy_unit(cursor),
    }
    for statement in (
        "ANALYZE place",
        "ANALYZE word",
        "ANALYZE marked",
        LETTERS,
        BOOKS,
        "ANALYZE documents_document",
        ARRIVALS,
        WORDS_AND_READERS,
    ):
        cursor.execute(statement, given)


def busy_unit(cursor) -> int:
    """The unit of the demo's clerk: every tenth letter goes there."""
    cursor.execute("SELECT id FROM directory_unit WHERE name = 'Sở Thông tin và Truyền thông'")
    return int(cursor.fetchone()[0])


def _vocabulary() -> Iterable[str]:
    from dinh.kernel.text import fold

    drawn = random.Random(20)
    for _number in range(4000):
        yield fold(" ".join(drawn.choices(WORDS, k=40)))


LETTERS = """
INSERT INTO documents_document (issuer_id, issuer_name, issuer_code, bloc, type_code, number, number_text, notation,
    code, issued_date, place, subject, urgency, secrecy, language, signer_name, signer_position,
    signer_authority, copy_kind, search_text, created_at)
SELECT u.id, u.name, '', 'government', 'CV', i, i::text, 'CV', 'B' || i || '/CV',
    date '2026-01-01' + (i %% 300), 'X', initcap(w.w), CASE WHEN i %% 20 = 0 THEN 1 ELSE 0 END, 0, 'vi',
    'N', 'P', '', '',
    w.w, timestamptz '2026-01-01' + i * interval '2 minutes'
FROM generate_series(1, %(amount)s) i
JOIN place p ON p.n = i %% %(places)s JOIN directory_unit u ON u.id = p.id
JOIN word w ON w.n = 1 + i %% %(words)s
"""
BOOKS = """
INSERT INTO documents_book (unit_id, direction, year, code, name, type_codes, council_name, is_secret, opening_number)
SELECT id, 'incoming', 2026, 'den', 'Sổ văn bản đến', '{}', '', false, 0 FROM place ON CONFLICT DO NOTHING
"""
ARRIVALS = """
INSERT INTO documents_incoming (unit_id, document_id, purpose, channel, state, arrived_at, book_id, number,
    registered_at, refusal_reason, direction_text, result_text, verdict, note, common_words)
SELECT b.unit_id, d.id, 'act', 'electronic', CASE WHEN d.number %% 50 = 0 THEN '01' ELSE '06' END, d.created_at,
    CASE WHEN d.number %% 50 = 0 THEN NULL ELSE b.id END,
    CASE WHEN d.number %% 50 = 0 THEN NULL ELSE row_number() OVER (PARTITION BY b.id ORDER BY d.id) END,
    CASE WHEN d.number %% 50 = 0 THEN NULL ELSE d.created_at END, '', '', '', '', '', m.bits
FROM documents_document d
JOIN marked m ON m.n = 1 + d.number %% %(words)s
JOIN place p ON p.n = (d.number * 7) %% %(places)s
JOIN documents_book b ON b.direction = 'incoming' AND b.year = 2026 AND b.code = 'den'
    AND b.unit_id = CASE WHEN d.number %% 10 = 0 THEN %(busy)s ELSE p.id END
WHERE d.code LIKE 'B%%'
ORDER BY d.id
"""
WORDS_AND_READERS = """
UPDATE documents_document d SET search_vector = to_tsvector('simple', d.search_text || ' b' || d.number)
    || array_to_tsvector(ARRAY[
        '§' || d.issuer_id, '§' || (SELECT unit_id FROM documents_incoming WHERE document_id = d.id)])
WHERE d.code LIKE 'B%%'
"""
"""Together, as the application indexes a letter once it is written."""
