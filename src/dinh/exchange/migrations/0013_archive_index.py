import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0012_subject_keys"),
        ("storage", "0002_kept_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="archive",
            name="sha256",
            field=models.CharField(default="", help_text="Of the file, hex", max_length=64),
            preserve_default=False,
        ),
        migrations.RunSQL("UPDATE exchange_archive SET sha256 = content_id", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="archive",
            name="content",
            field=models.ForeignKey(help_text="None once disposed of", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.blob"),
        ),
        migrations.AddField(
            model_name="archive",
            name="first_at",
            field=models.DateTimeField(help_text="Its exchanges began between this moment; none until it has been indexed", null=True),
        ),
        migrations.AddField(
            model_name="archive",
            name="last_at",
            field=models.DateTimeField(help_text="and this one.", null=True),
        ),
        migrations.AddField(
            model_name="archive",
            name="disposal_ordered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="archive",
            name="disposed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="batch",
            name="count",
            field=models.IntegerField(help_text="Of its lines, once their volume was disposed of: its statement is signed over it", null=True),
        ),
        migrations.CreateModel(
            name="ArchivedContent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client", models.CharField(max_length=160)),
                ("provider", models.CharField(max_length=160)),
                ("service", models.CharField(max_length=60)),
                ("outcome", models.CharField(max_length=10)),
                ("exchanges", models.IntegerField()),
                ("archive", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contents", to="exchange.archive")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("archive", "client", "provider", "service", "outcome"), name="exchange_archivedcontent_once")],
            },
        ),
    ]
