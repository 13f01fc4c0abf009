from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.AddField(
            model_name="seal",
            name="stamped_at",
            field=models.DateTimeField(
                help_text="What the signature's timestamp says (RFC 3161)", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="seal",
            index=models.Index(
                condition=models.Q(("stamped_at", None)), fields=["number"], name="seal_without_timestamp"
            ),
        ),
    ]
