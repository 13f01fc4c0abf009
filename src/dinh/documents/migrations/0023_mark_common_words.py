"""A pass over all letters, in pieces that are committed one by one: nobody waits longer than for one. Safe to repeat."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max

from dinh.documents.operations.indexing import PIECE, mark_beside_others


def mark(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    letters = apps.get_model("documents", "Document").objects.filter(search_vector__isnull=False)
    last = letters.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last + 1, PIECE):
        piece = letters.filter(pk__range=(start, start + PIECE - 1))
        mark_beside_others(list(piece.values_list("pk", flat=True)))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("documents", "0022_common_words")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
