"""
Letters that a unit holds get a bit for each common word that they have (docs/decisions/common-words-as-bits.md).

Marked before they are indexed, in pieces: a pass over all arrivals.
"""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max

import dinh.kernel.bits

PIECE = 10_000
# A book is one unit's. Taken for independent of each other, book and unit make a register's rows look too few to be read
# in the order of their numbers.
TOGETHER = """
CREATE STATISTICS incoming_of_book_and_unit (dependencies) ON unit_id, book_id FROM documents_incoming;
CREATE STATISTICS outgoing_of_book_and_unit (dependencies) ON unit_id, book_id FROM documents_outgoing;
"""
APART = "DROP STATISTICS incoming_of_book_and_unit, outgoing_of_book_and_unit"


def mark(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    from dinh.documents.operations.indexing import mark_common_words

    letters = apps.get_model("documents", "Document").objects.filter(search_vector__isnull=False)
    last = letters.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last + 1, PIECE):
        mark_common_words(list(letters.filter(pk__range=(start, start + PIECE - 1)).values_list("pk", flat=True)))


class Migration(migrations.Migration):
    dependencies = [("documents", "0021_deadlines_of_what_waited")]
    operations = [
        migrations.RemoveIndex("incoming", "incoming_of_unit"),
        migrations.RemoveIndex("outgoing", "outgoing_of_unit"),
        *(
            migrations.AddField(
                model,
                "common_words",
                dinh.kernel.bits.BitStringField(editable=False, length=512, null=True),
            )
            for model in ("incoming", "outgoing")
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
        migrations.AddIndex(
            "incoming",
            models.Index(
                fields=["unit", "-arrived_at", "-id"],
                include=("state", "document", "common_words"),
                name="incoming_of_unit",
            ),
        ),
        migrations.AddIndex(
            "outgoing",
            models.Index(
                fields=["unit", "state", "-updated_at"],
                include=("document", "common_words"),
                name="outgoing_of_unit",
            ),
        ),
        migrations.AddIndex(
            "incoming",
            models.Index(
                fields=["document"],
                condition=models.Q(("common_words__isnull", True)),
                name="incoming_unmarked",
            ),
        ),
        migrations.AddIndex(
            "outgoing",
            models.Index(
                fields=["document"],
                condition=models.Q(("common_words__isnull", True), ("number__isnull", False)),
                name="outgoing_unmarked",
            ),
        ),
        migrations.RunSQL(TOGETHER, APART),
        migrations.RunSQL("ANALYZE documents_incoming, documents_outgoing", migrations.RunSQL.noop),
    ]
