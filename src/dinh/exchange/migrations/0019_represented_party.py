from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0018_gateway_renewal"),
    ]

    operations = [
        migrations.AddField(
            model_name="exchange",
            name="represented_party",
            field=models.CharField(blank=True, db_default="", default="", help_text="For whom the client called (X-Road-Represented-Party), [CLASS/]CODE.", max_length=160),
        ),
        migrations.AddIndex(
            model_name="exchange",
            index=models.Index(condition=models.Q(("represented_party", ""), _negated=True), fields=["represented_party", "-started_at"], name="exchange_by_represented"),
        ),
    ]
