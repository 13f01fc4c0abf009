from django.db import migrations, models

from dinh.kernel.text import fold


def fill(apps, schema_editor):
    credentials = apps.get_model("signing", "Credential").objects.select_related("person", "unit")
    for row in credentials:
        holder = row.person.full_name if row.person else row.unit.name
        row.search_name = fold(f"{holder} {row.subject_name} {row.serial_number}")[:600]
        row.save(update_fields=["search_name"])


class Migration(migrations.Migration):

    dependencies = [
        ("signing", "0003_signing_session"),
    ]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="search_name",
            field=models.CharField(default="", editable=False, max_length=600),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
