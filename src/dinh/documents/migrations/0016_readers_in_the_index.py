"""The index of words learns who has each letter (`operations.indexing`): one pass over all letters with words."""

from django.db import migrations

READERS = """
UPDATE documents_document AS letter SET search_vector = letter.search_vector || array_to_tsvector(ARRAY(
    SELECT '§' || unit_id FROM documents_incoming WHERE document_id = letter.id
    UNION SELECT '§' || unit_id FROM documents_outgoing WHERE document_id = letter.id
    UNION SELECT '§' || same.unit_id FROM documents_recipient AS same
        JOIN documents_outgoing AS sent ON sent.id = same.outgoing_id
        WHERE sent.document_id = letter.id AND same.unit_id IS NOT NULL
)) WHERE letter.search_vector IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0015_import_progress")]
    operations = [migrations.RunSQL(READERS, migrations.RunSQL.noop)]
