"""
Lists of a unit have the common words in their indexes, made beside the old ones while everybody works.

If it is cut off, drop the index that PostgreSQL calls invalid, and migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# A book is one unit's. Taken for independent of each other, book and unit make a register's rows look too few to be read
# in the order of their numbers.
TOGETHER = [
    f"CREATE STATISTICS IF NOT EXISTS {name}_of_book_and_unit (dependencies) ON unit_id, book_id FROM documents_{name}"
    for name in ("incoming", "outgoing")
]
APART = [f"DROP STATISTICS {name}_of_book_and_unit" for name in ("incoming", "outgoing")]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("documents", "0023_mark_common_words")]
    operations = [
        AddIndexConcurrently(
            "incoming",
            models.Index(
                fields=["unit", "-arrived_at", "-id"],
                include=("state", "document", "common_words"),
                name="incoming_list_of_unit",
            ),
        ),
        AddIndexConcurrently(
            "outgoing",
            models.Index(
                fields=["unit", "state", "-updated_at"],
                include=("document", "common_words"),
                name="outgoing_list_of_unit",
            ),
        ),
        AddIndexConcurrently(
            "incoming",
            models.Index(
                fields=["document"],
                condition=models.Q(("common_words__isnull", True)),
                name="incoming_unmarked",
            ),
        ),
        AddIndexConcurrently(
            "outgoing",
            models.Index(
                fields=["document"],
                condition=models.Q(("common_words__isnull", True), ("number__isnull", False)),
                name="outgoing_unmarked",
            ),
        ),
        RemoveIndexConcurrently("incoming", "incoming_of_unit"),
        RemoveIndexConcurrently("outgoing", "outgoing_of_unit"),
        migrations.RunSQL(TOGETHER, APART),
        migrations.RunSQL("ANALYZE documents_incoming, documents_outgoing", migrations.RunSQL.noop),
    ]
