from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0016_provider_protocol"),
    ]

    operations = [
        migrations.AddField(
            model_name="gatewaybeat",
            name="state",
            field=models.JSONField(db_default={}, default=dict, help_text="How it stands, as `gateway.standing` tells; empty of one of an earlier release"),
        ),
    ]
