from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_numbers(apps, schema_editor):
    Document = apps.get_model("documents", "Document")
    Outgoing = apps.get_model("documents", "Outgoing")
    number = Document.objects.filter(pk=OuterRef("document_id")).values("number")
    Outgoing.objects.exclude(book=None).update(number=Subquery(number))


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_initial"),
        ("documents", "0006_drafting"),
    ]

    operations = [
        migrations.AddField(
            model_name="outgoing",
            name="number",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="The document's number, again beside its book: each only once.",
                null=True,
            ),
        ),
        migrations.RunPython(copy_numbers, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="outgoing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number__isnull", False)),
                fields=("book", "number"),
                name="outgoing_number_once",
            ),
        ),
    ]
