"""
Arrivals are found by letter and unit in the index alone, and the index of words is built afresh.

0016 wrote all letters anew: the first pages of each common word were left empty, from which PostgreSQL takes the word for
a rare one and goes through all its letters, whatever else was asked for.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0017_fewer_indexes")]
    operations = [
        migrations.AddIndex(
            model_name="incoming",
            index=models.Index(fields=["document", "unit"], include=["state"], name="incoming_of_document"),
        ),
        migrations.AlterField(
            model_name="incoming",
            name="document",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="arrivals",
                to="documents.document",
            ),
        ),
        migrations.RunSQL("REINDEX INDEX document_text", migrations.RunSQL.noop),
    ]
