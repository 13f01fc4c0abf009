"""
Letters that a unit holds get a bit for each common word that they have (docs/decisions/common-words-as-bits.md).

In three steps, so that the release before works on meanwhile: columns, then the bits, then the indexes beside calls.
"""

from django.db import migrations

import dinh.kernel.bits


class Migration(migrations.Migration):
    dependencies = [("documents", "0021_deadlines_of_what_waited")]
    operations = [
        migrations.AddField(
            model,
            "common_words",
            dinh.kernel.bits.BitStringField(editable=False, length=512, null=True),
        )
        for model in ("incoming", "outgoing")
    ]
